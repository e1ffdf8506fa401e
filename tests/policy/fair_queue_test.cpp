#include "policy/fair_queue.hpp"

#include <memory>
#include <string>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

using queue = fair_queue<std::string>;

queue::time_point at(int ms) {
  return queue::time_point{std::chrono::milliseconds{ms}};
}

std::string drain_names(queue& q) {
  std::string all;
  while (auto item = q.pop())
    all += *item + " ";
  return all;
}

} // namespace

TEST_CASE("groups are served in turn, each in its own order") {
  queue q{10};
  for (auto name : {"a1", "a2", "a3", "a4"})
    REQUIRE(q.push(1, at(9), name));
  REQUIRE(q.push(2, at(9), "b1"));
  REQUIRE(q.push(3, at(9), "c1"));
  REQUIRE(q.push(2, at(9), "b2"));
  CHECK(drain_names(q) == "a1 b1 c1 a2 b2 a3 a4 ");
  CHECK(q.empty());
  REQUIRE(q.push(1, at(9), "a5"));
  CHECK(drain_names(q) == "a5 ");
}

TEST_CASE("a full queue refuses and leaves the item alone") {
  fair_queue<std::unique_ptr<int>> q{1};
  REQUIRE(q.push(1, {}, std::make_unique<int>(1)));
  auto second = std::make_unique<int>(2);
  CHECK(q.full());
  CHECK_FALSE(q.push(2, {}, std::move(second)));
  REQUIRE(second);
  CHECK(**q.pop() == 1);
  CHECK(q.push(2, {}, std::move(second)));
}

TEST_CASE("items leave at their deadlines, in their order") {
  queue q{10};
  REQUIRE(q.push(1, at(30), "late"));
  REQUIRE(q.push(1, at(10), "soon"));
  REQUIRE(q.push(2, at(20), "next"));
  CHECK(q.next_deadline() == at(10));
  CHECK(q.expire(at(9)).empty());
  CHECK(q.expire(at(20)) == std::vector<std::string>{"soon", "next"});
  CHECK(q.next_deadline() == at(30));
  CHECK(q.size() == 1);
  // Group 2 has left the round.
  CHECK(drain_names(q) == "late ");
  CHECK_FALSE(q.next_deadline());
}

TEST_CASE("clear yields everything") {
  queue q{10};
  REQUIRE(q.push(1, at(2), "b"));
  REQUIRE(q.push(2, at(1), "a"));
  CHECK(q.clear() == std::vector<std::string>{"a", "b"});
  CHECK(q.empty());
  CHECK_FALSE(q.pop());
}
