// DB POOL under seeded random schedules and faults: every request is answered,
// every ticket closed, every answer true.
#include <map>
#include <random>
#include <set>

#include "tests/catch.hpp"
#include "tests/support/pool_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using std::chrono::milliseconds;

namespace {

constexpr int users_count = 4;

options faulty_options() {
  auto o = pool_test_options();
  o.pool.max_count = 3;
  o.pool.queue_count = 20;
  o.pool.breaker_failures_count = 4;
  return o;
}

class run_with_faults {
public:
  explicit run_with_faults(uint64_t seed)
      : f_(faulty_options(), seed), random_(seed) {
    for (int64_t id = 1; id <= users_count; ++id)
      f_.put_user(id, "user", 0);
    f_.db->before = [this](const std::string& call) { return fault(call); };
    for (int i = 0; i < 60; ++i) {
      act();
      if (chance(3))
        f_.run_random();
      if (chance(4))
        f_.advance(milliseconds{draw(200)});
    }
    faulty_ = false;
    f_.tickets->answer_held();
    f_.told->answer_held();
    f_.advance(milliseconds{60000}, milliseconds{50});
    check();
  }

private:
  int draw(int bound) {
    return std::uniform_int_distribution<int>{0, bound - 1}(random_);
  }
  /// True once in `n` times.
  bool chance(int n) { return draw(n) == 0; }

  std::optional<failure> fault(const std::string& call) {
    if (!faulty_)
      return std::nullopt;
    if (call == "commit" && chance(6)) {
      auto how = chance(2) ? outcome::unknown : outcome::rolled_back;
      f_.db->commits.push_back(
          {how, how == outcome::unknown ? errc::unavailable : errc::deadlock,
           how == outcome::unknown && chance(2)});
      return std::nullopt;
    }
    if (call.rfind("gone", 0) == 0 && chance(2))
      return failure{errc::none, "not yet"};
    if (call == "rollback" || !chance(25))
      return std::nullopt;
    if (chance(2) || call == "connect" || call == "begin")
      return failure{errc::unavailable, "lost"};
    return failure{errc::deadlock, "deadlock"};
  }

  request_header any_header() {
    return f_.header(milliseconds{20 + draw(3000)},
                     static_cast<uint64_t>(draw(3)));
  }

  void act() {
    int64_t id = 1 + draw(users_count);
    switch (draw(10)) {
    case 0:
    case 1:
      reads_.push_back(f_.fetch_user(id, any_header()));
      break;
    case 2:
    case 3:
    case 4: {
      auto value = ++last_value_;
      writes_.emplace(value, f_.write({f_.set_rank(id, value)}, any_header()));
      break;
    }
    case 5:
      begins_.push_back(f_.begin(any_header()));
      break;
    case 6:
    case 7:
      step(id);
      break;
    case 8:
      f_.tickets->hold = chance(2);
      f_.told->hold = chance(2);
      f_.tickets->answer(f_.tickets->held.size());
      f_.told->answer(f_.told->held.size());
      break;
    case 9:
      if (chance(3))
        f_.kill(chance(2) ? f_.tickets->last_sender : f_.told->last_sender);
      else
        f_.db->foreign_change = true;
      break;
    }
  }

  void step(int64_t id) {
    for (auto& b : begins_) {
      if (!b.ready() || !b.get() || ended_.count(b.value().id) > 0)
        continue;
      auto transaction = b.value().id;
      if (chance(2)) {
        auto value = ++last_value_;
        values_[transaction].push_back(value);
        steps_.push_back(
            f_.step(transaction, f_.set_rank(id, value), any_header()));
      } else {
        ended_.insert(transaction);
        ends_.emplace(transaction,
                      f_.end(transaction, !chance(4), any_header()));
      }
      return;
    }
  }

  void check() {
    std::set<int64_t> final_values;
    for (int64_t id = 1; id <= users_count; ++id)
      final_values.insert(f_.rank_of(id));
    for (auto& r : reads_)
      CHECK(r.ready());
    for (auto& b : begins_)
      CHECK(b.ready());
    for (auto& s : steps_)
      CHECK(s.ready());
    for (auto& [value, w] : writes_) {
      REQUIRE(w.ready());
      if (w.error() != errc::none && w.error() != errc::outcome_unknown)
        CHECK(final_values.count(value) == 0);
    }
    for (auto& [transaction, e] : ends_) {
      REQUIRE(e.ready());
      if (e.error() != errc::none && e.error() != errc::outcome_unknown)
        for (auto value : values_[transaction])
          CHECK(final_values.count(value) == 0);
    }
    std::set<transaction_id> open;
    for (auto& t : f_.tickets->seen)
      open.insert(t.ticket);
    for (auto& c : f_.told->seen)
      if (c.how != outcome::unknown || c.resolved)
        open.erase(c.ticket);
    CHECK(open.empty());
    auto passed = f_.ask<barrier_passed>(f_.pool, barrier{});
    auto read = f_.fetch_user(1);
    f_.advance(milliseconds{3000}, milliseconds{50});
    CHECK(passed.ready());
    CHECK(read.error() == errc::none);
    CHECK(f_.db->most_sessions
          <= 3 + 1); // a dying worker's and its successor's
    auto ended = f_.ask<stopped>(f_.pool, drain{});
    f_.run();
    CHECK(ended.ready());
    CHECK(f_.db->open_sessions == 0);
    CHECK(f_.shared->count.pool_connections == 0);
  }

  pool_fixture f_;
  std::mt19937_64 random_;
  bool faulty_ = true;
  int64_t last_value_ = 0;
  std::vector<answer<fetched>> reads_;
  std::map<int64_t, answer<transaction_done>> writes_;
  std::vector<answer<transaction_begun>> begins_;
  std::vector<answer<step_done>> steps_;
  std::map<transaction_id, answer<transaction_done>> ends_;
  std::map<transaction_id, std::vector<int64_t>> values_;
  std::set<transaction_id> ended_;
};

} // namespace

TEST_CASE("under faults every request is answered, every ticket closed") {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    run_with_faults run{seed};
  }
}
