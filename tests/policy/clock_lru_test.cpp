// Eviction by reader marks: unused keys leave in order of arrival, used ones
// get a second chance.
#include "policy/clock_lru.hpp"

#include <set>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

key k(int i) {
  return key{0, 0, std::to_string(i)};
}

} // namespace

TEST_CASE("the oldest unmarked key leaves first") {
  auto made = make_eviction_policy("lru");
  REQUIRE(made);
  auto& policy = **made;
  for (int i = 0; i < 4; ++i)
    policy.on_put(k(i), 100);
  policy.on_put(k(0), 100); // replaced: keeps its place
  std::set<std::string> marked{"0", "1"};
  auto test_and_clear = [&](const key& id) {
    return marked.erase(std::string{id.bytes()}) > 0;
  };
  CHECK(policy.victim(test_and_clear) == k(2));
  policy.on_erase(k(2));
  CHECK(policy.victim(test_and_clear) == k(3));
  policy.on_erase(k(3));
  CHECK(policy.victim(test_and_clear) == k(0));
  CHECK(policy.size() == 2);
}

TEST_CASE("when everything is marked, one lap finds a victim") {
  clock_lru policy;
  CHECK_FALSE(policy.victim([](const key&) { return false; }));
  for (int i = 0; i < 3; ++i)
    policy.on_put(k(i), 1);
  size_t asked = 0;
  CHECK(policy.victim([&](const key&) {
    ++asked;
    return true;
  }));
  CHECK(asked == 3);
  policy.on_erase(k(9)); // not resident: nothing happens
  CHECK(policy.size() == 3);
}

TEST_CASE("an unknown policy is refused by name") {
  auto made = make_eviction_policy("random");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::invalid);
  CHECK(made.error().what.find("'random'") != std::string::npos);
}
