// How the budget moves between types: what is never exceeded, and where the
// shares come to rest.
#include "policy/budget_shares.hpp"

#include <cmath>
#include <random>

#include "policy/evicted_keys.hpp"
#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

namespace {

constexpr size_t budget = 1'000'000;
constexpr share_rules rules{0.25, 0.75, 0.02};

/// All types are full and say so.
void all_full(budget_shares& b) {
  for (size_t i = 0; i < b.size(); ++i)
    b.on_held(i, b.share_of(i), b.share_of(i));
}

size_t sum(const budget_shares& b) {
  size_t all = 0;
  for (size_t i = 0; i < b.size(); ++i)
    all += b.share_of(i);
  return all;
}

} // namespace

TEST_CASE("budget: shares by weight, none above the cap") {
  budget_shares even{budget, {1, 3}, rules};
  CHECK(even.share_of(0) == 250'000);
  CHECK(even.share_of(1) == 750'000);
  budget_shares capped{budget, {1, 1, 18}, rules};
  CHECK(capped.share_of(2) == 750'000);
  CHECK(capped.share_of(0) == 125'000);
  budget_shares alone{budget, {2}, rules};
  CHECK(alone.share_of(0) == budget);
  // A cap below an equal share would leave memory to nobody.
  budget_shares low{budget, {1, 1}, {0.25, 0.1, 0.02}};
  CHECK(low.share_of(0) == 500'000);
}

TEST_CASE("budget: a share grows only by what another has given up") {
  budget_shares b{budget, {1, 1}, rules};
  all_full(b);
  auto moved = b.on_period(std::vector<uint64_t>{100, 0});
  CHECK(moved == 20'000);
  CHECK(b.share_of(1) == 480'000); // told to shrink
  CHECK(b.share_of(0) == 500'000); // it has not given anything up yet
  b.on_held(1, 500'000, 500'000);  // an answer to what was told before
  CHECK(b.share_of(0) == 500'000);
  b.on_held(1, 480'000, 493'000); // readers still hold some of it
  CHECK(b.share_of(0) == 507'000);
  b.on_held(1, 480'000, 470'000);
  CHECK(b.share_of(0) == 520'000);
}

TEST_CASE("budget: idle room goes first, and from everybody") {
  budget_shares b{budget, {1, 1, 1, 1}, rules};
  b.on_held(0, b.share_of(0), b.share_of(0));
  b.on_held(1, b.share_of(1), b.share_of(1));
  b.on_held(2, b.share_of(2), 1000);
  b.on_held(3, b.share_of(3), 1000);
  CHECK(b.on_period(std::vector<uint64_t>{100, 0, 0, 0}) == 40'000);
  CHECK(b.share_of(1) == 250'000);
  CHECK(b.share_of(2) == 230'000);
  CHECK(b.share_of(3) == 230'000);
}

TEST_CASE("budget: equal gain, or too few hits, moves nothing") {
  budget_shares b{budget, {1, 1}, rules};
  for (int i = 0; i < 50; ++i) {
    all_full(b);
    CHECK(b.on_period(std::vector<uint64_t>{100, 60}) == 0);
  }
  budget_shares quiet{budget, {1, 1}, rules};
  for (int i = 0; i < 50; ++i) {
    all_full(quiet);
    CHECK(quiet.on_period(std::vector<uint64_t>{7, 0}) == 0);
  }
}

TEST_CASE("budget: floor and cap hold, however one-sided the gain") {
  budget_shares b{budget, {1, 1, 1, 1}, rules};
  for (int i = 0; i < 500; ++i) {
    all_full(b);
    b.on_period(std::vector<uint64_t>{1000, 0, 0, 0});
  }
  all_full(b);
  CHECK(b.share_of(0) == 750'000); // the cap
  for (size_t i = 1; i < 4; ++i)
    CHECK(b.share_of(i) >= b.floor_of(i));
  CHECK(b.floor_of(1) == 62'500);
}

TEST_CASE("budget: a smaller one is taken at once and given back when free") {
  budget_shares b{budget, {1, 3}, rules};
  all_full(b);
  b.set_budget(400'000);
  CHECK(b.share_of(0) == 100'000);
  CHECK(b.share_of(1) == 300'000);
  CHECK(b.held() == budget); // nothing is gone yet
  b.set_budget(800'000);     // they still hold more
  CHECK(sum(b) <= 800'000);
  b.on_held(0, b.share_of(0), 100'000);
  b.on_held(1, b.share_of(1), 300'000);
  CHECK(sum(b) >= 799'990);
  CHECK(sum(b) <= 800'000);
}

TEST_CASE("budget: an owner that starts anew takes over what was told") {
  budget_shares b{budget, {1, 1}, rules};
  b.adopt(std::vector<size_t>{700'000, 200'000});
  CHECK(b.share_of(0) == 750'000); // the cap
  CHECK(b.share_of(1) == 222'222); // what was on its way, in proportion
  budget_shares less{500'000, {1, 1}, rules};
  less.adopt(std::vector<size_t>{700'000, 200'000});
  CHECK(sum(less) <= 500'000);
  CHECK(less.held() == 900'000);
}

TEST_CASE("budget: what is held never exceeds the budget", "[property]") {
  for (unsigned seed = 0; seed < 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    auto below = [&](uint64_t n) { return random() % n; };
    auto types = 1 + below(7);
    std::vector<double> weights;
    for (size_t i = 0; i < types; ++i)
      weights.push_back(0.1 + static_cast<double>(below(50)) / 10);
    budget_shares b{budget, weights, rules};
    // The caches as they are: told and occupied, answers on their way.
    struct cache {
      size_t told = 0;
      size_t used = 0;
    };
    std::vector<cache> caches(types);
    for (size_t i = 0; i < types; ++i)
      caches[i] = {b.share_of(i), below(b.share_of(i) + 1)};
    for (int step = 0; step < 300; ++step) {
      auto i = below(types);
      auto& c = caches[i];
      switch (below(4)) {
      case 0: // it fills up
        if (c.used < c.told)
          c.used += below(c.told - c.used + 1);
        break;
      case 1: // it is told, evicts, and answers
        c.told = b.share_of(i);
        c.used = std::min(c.used, c.told + below(2) * below(1000));
        b.on_held(i, c.told, c.used);
        break;
      case 2:
        c.used = c.used / 2; // expired
        break;
      default: {
        std::vector<uint64_t> gains;
        for (size_t k = 0; k < types; ++k)
          gains.push_back(below(2) * below(1000));
        b.on_period(gains);
      }
      }
      REQUIRE(sum(b) <= budget);
      REQUIRE(b.held() <= budget + 1000); // readers hold what they look at
      size_t occupied = 0;
      for (auto& each : caches)
        occupied += each.used;
      REQUIRE(occupied <= budget + 1000 * types);
      for (size_t k = 0; k < types; ++k)
        REQUIRE(b.share_of(k) <= b.cap());
    }
  }
}

// Two types whose hits grow with the logarithm of their bytes: the best split
// gives each in proportion to its requests.
TEST_CASE("budget: shares come to rest near the best split") {
  budget_shares b{budget, {1, 1}, rules};
  auto hits_at = [](size_t share, double requests) {
    return requests * std::log(static_cast<double>(share) + 1000);
  };
  const double requests[] = {9000, 1500};
  std::vector<size_t> late;
  for (int period = 0; period < 400; ++period) {
    all_full(b);
    std::vector<uint64_t> gains;
    for (size_t i = 0; i < 2; ++i)
      gains.push_back(
          static_cast<uint64_t>(hits_at(b.share_of(i) + b.step(), requests[i])
                                - hits_at(b.share_of(i), requests[i])));
    b.on_period(gains);
    if (period >= 200)
      late.push_back(b.share_of(0));
  }
  auto [least, most] = std::minmax_element(late.begin(), late.end());
  CHECK(*most - *least <= b.step()); // it does not swing
  auto gained = hits_at(late.back(), requests[0])
                + hits_at(budget - late.back(), requests[1]);
  auto best = 0.0;
  auto even
      = hits_at(budget / 2, requests[0]) + hits_at(budget / 2, requests[1]);
  for (size_t s = 0; s <= budget; s += 10'000)
    best = std::max(best,
                    hits_at(s, requests[0]) + hits_at(budget - s, requests[1]));
  CHECK(gained - even > 0.6 * (best - even));
}

TEST_CASE("evicted keys: a miss within the window counts once") {
  evicted_keys e;
  e.set_window(1000);
  CHECK(e.on_miss(owner::hash(1)) == 0);
  e.on_evict(owner::hash(1), 100);
  e.on_evict(owner::hash(2), 100);
  CHECK(e.on_miss(owner::hash(1)) == 1);
  CHECK(e.on_miss(owner::hash(1)) == 0);
  CHECK(e.on_miss(owner::hash(9)) == 0);
  for (uint64_t i = 10; i < 30; ++i)
    e.on_evict(owner::hash(i), 100);
  CHECK(e.on_miss(owner::hash(2)) == 0); // too long ago
  CHECK(e.on_miss(owner::hash(29)) == 1);
}

TEST_CASE("evicted keys: of many, a sample that adds up to as many") {
  evicted_keys e;
  e.set_window(10'000'000); // 100 000 keys of 100 bytes
  for (uint64_t i = 0; i < 300'000; ++i)
    e.on_evict(owner::hash(i), 100);
  CHECK(e.bookkeeping_bytes() <= 20 * 1024);
  uint64_t recent = 0;
  uint64_t old = 0;
  for (uint64_t i = 0; i < 300'000; ++i)
    (i >= 200'000 ? recent : old) += e.on_miss(owner::hash(i));
  CHECK(recent > 80'000);
  CHECK(recent < 120'000);
  CHECK(old < 5'000);
}

TEST_CASE("free places count against the budget, up to a quarter of it") {
  CHECK(without_waste(1000, 400, 400) == 1000);
  CHECK(without_waste(1000, 500, 400) == 900);
  CHECK(without_waste(1000, 900, 400) == 750);
  CHECK(without_waste(1000, 300, 400) == 1000); // read at different moments
}
