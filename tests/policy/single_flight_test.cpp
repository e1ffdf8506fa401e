// Concurrent misses of a key share one fetch, unless a change came between.
#include "policy/single_flight.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

using flights = single_flight<int>;
const key a{0, 0, "a"};
const flights::time start{1h};

} // namespace

TEST_CASE("later readers join the flight under way") {
  flights f;
  CHECK_FALSE(f.join(a, {}, 1));
  auto id = f.start(a, 7, 11, start, {1});
  CHECK(f.join(a, {}, 2));
  auto landed = f.land(id);
  REQUIRE(landed);
  CHECK(landed->waiters == std::vector<int>{1, 2});
  CHECK(landed->stamp == 7);
  CHECK_FALSE(f.join(a, {}, 3));
  CHECK_FALSE(f.land(id));
}

TEST_CASE("a sealed flight answers its waiters and takes no more") {
  flights f;
  auto first = f.start(a, 0, 0, start, {1});
  f.seal(a);
  CHECK_FALSE(f.join(a, {}, 2));
  auto second = f.start(a, 0, 0, start, {2});
  CHECK(f.land(first)->waiters == std::vector<int>{1});
  CHECK(f.join(a, {}, 3));
  CHECK(f.land(second)->waiters == std::vector<int>{2, 3});
}

TEST_CASE("a reader that wants a newer answer does not join an older flight") {
  flights f;
  auto id = f.start(a, 0, 0, start, {1});
  CHECK_FALSE(f.join(a, start + 1ms, 2));
  CHECK(f.join(a, start, 3));
  CHECK(f.under_way(a));
  f.seal_all();
  CHECK_FALSE(f.under_way(a));
  CHECK(f.find(id) != nullptr);
  CHECK(f.size() == 1);
}

TEST_CASE("a reader with a limit does not join what may land older") {
  flights f;
  f.lands_older(f.start(a, 0, 0, start, {1}));
  CHECK_FALSE(f.join(a, start, 2));
  CHECK(f.join(a, {}, 3));
}
