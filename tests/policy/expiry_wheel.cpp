// The expiry wheel against a plain ordered map of what is due when.
#include "policy/expiry_wheel.hpp"

#include <map>
#include <random>
#include <set>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

/// A wheel and what it should do.
struct model {
  explicit model(uint64_t now) : wheel(now) {}

  void add(slot_id s, uint64_t due) {
    dues[s] = std::max(due, passed + 1);
    wheel.add(s, due);
  }
  void move(slot_id s, uint64_t due) {
    dues[s] = std::max(due, passed + 1);
    wheel.move(s, due);
  }
  void erase(slot_id s) {
    wheel.erase(s);
    dues.erase(s);
  }
  [[nodiscard]] uint64_t earliest() const {
    auto first = UINT64_MAX;
    for (auto& [s, due] : dues)
      first = std::min(first, due);
    return first;
  }
  /// What the wheel hands out, in slices of `steps`; it must leave the map.
  std::vector<slot_id> advance(uint64_t now, size_t steps = 1000) {
    std::vector<slot_id> out;
    for (auto done = false; !done;) {
      auto before = out.size();
      done = wheel.advance(
          now, steps, [this](slot_id s) { return dues.at(s); }, out);
      REQUIRE(out.size() - before <= steps);
    }
    for (auto s : out) {
      REQUIRE(dues.at(s) <= now);
      dues.erase(s);
    }
    passed = std::max(passed, now);
    REQUIRE(earliest() > now);
    REQUIRE(wheel.size() == dues.size());
    return out;
  }

  expiry_wheel wheel;
  std::map<slot_id, uint64_t> dues;
  uint64_t passed = 0;
};

} // namespace

TEST_CASE("expiry wheel: nothing leaves before its tick, everything at it") {
  model m{1000};
  CHECK_FALSE(m.wheel.next());
  m.add(3, 1005);
  m.add(1, 1005);
  m.add(2, 1006);
  CHECK(m.wheel.next() == 1005);
  CHECK(m.advance(1004).empty());
  CHECK(m.advance(1005).size() == 2);
  CHECK(m.wheel.next() == 1006);
  CHECK(m.advance(1006) == std::vector<slot_id>{2});
  CHECK_FALSE(m.wheel.next());
}

TEST_CASE("expiry wheel: moved and erased slots leave no trace") {
  model m{1000};
  for (slot_id s = 0; s < 100; ++s)
    m.add(s, 1010);
  for (slot_id s = 0; s < 50; ++s)
    m.erase(s);
  for (slot_id s = 50; s < 75; ++s)
    m.move(s, 5000);
  m.add(7, 1020); // used again
  CHECK_FALSE(m.wheel.contains(8));
  CHECK(m.advance(1010).size() == 25);
  CHECK(m.advance(1020) == std::vector<slot_id>{7});
  CHECK(m.advance(4999).empty());
  CHECK(m.advance(5000).size() == 25);
  CHECK(m.wheel.size() == 0);
}

TEST_CASE("expiry wheel: what is due already goes with the next tick") {
  model m{1000};
  CHECK(m.advance(2000).empty());
  m.add(1, 1500);
  REQUIRE(m.wheel.next());
  CHECK(*m.wheel.next() == 2001);
  CHECK(m.advance(2001) == std::vector<slot_id>{1});
}

TEST_CASE("expiry wheel: years ahead, and never") {
  model m{5};
  auto year = uint64_t{365} * 86400;
  m.add(1, 100 * year);
  m.add(2, UINT64_MAX);
  m.add(3, 100 * year + 1);
  size_t wakes = 0;
  auto first = m.wheel.next();
  for (; first && m.advance(*first).empty(); first = m.wheel.next())
    ++wakes;
  CHECK(first == 100 * year);
  CHECK(wakes <= 6); // once per level
  CHECK(m.advance(100 * year + 1) == std::vector<slot_id>{3});
  CHECK(m.wheel.contains(2));
}

TEST_CASE("expiry wheel: a crowd is taken in slices") {
  model m{0};
  for (slot_id s = 0; s < 10000; ++s)
    m.add(s, 300); // on level 1: moved down first
  std::vector<slot_id> out;
  auto due = [](slot_id) -> uint64_t { return 300; };
  size_t slices = 0;
  while (!m.wheel.advance(300, 100, due, out)) {
    ++slices;
    CHECK(out.size() <= slices * 100);
    if (slices == 3)
      CHECK(m.wheel.next() <= 300);
  }
  CHECK(out.size() == 10000);
  CHECK(slices >= 100);
}

TEST_CASE("expiry wheel: eight bytes per slot") {
  expiry_wheel w;
  for (slot_id s = 0; s < 100000; ++s)
    w.add(s, s % 4000);
  CHECK(w.bookkeeping_bytes() <= 100000 * 8 * 9 / 8 + 64);
}

TEST_CASE("expiry wheel: the same as an ordered map", "[property]") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random{seed};
    auto below = [&](uint64_t n) { return random() % n; };
    uint64_t now = 10 + (below(2) ? below(1u << 20) : uint64_t{1} << 18);
    model m{now};
    // Scales from seconds to years.
    auto due = [&] {
      return now + below(uint64_t{1} << below(30)) - below(3) * below(2);
    };
    for (int i = 0; i < 1500; ++i) {
      auto s = static_cast<slot_id>(below(60));
      if (auto next = m.wheel.next())
        REQUIRE(*next <= std::max(m.earliest(), now + 1));
      else
        REQUIRE(m.dues.empty());
      switch (below(5)) {
      case 0:
      case 1:
        if (m.wheel.contains(s))
          m.move(s, due());
        else
          m.add(s, due());
        break;
      case 2:
        if (m.wheel.contains(s))
          m.erase(s);
        break;
      case 3:
        if (auto next = m.wheel.next(); next && *next > now)
          now = *next; // as the owner sleeps
        m.advance(now, 1 + below(20));
        break;
      default:
        now += below(uint64_t{1} << below(20));
        m.advance(now, 1 + below(20));
      }
      REQUIRE(m.wheel.contains(s) == m.dues.contains(s));
    }
  }
}
