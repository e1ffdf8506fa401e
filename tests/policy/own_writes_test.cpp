// Which changes of the log are echoes of own writes.
#include "policy/own_writes.hpp"

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

key k(const std::string& bytes, index_id index = primary_index) {
  return key{0, index, bytes};
}

using images = own_writes::images;
using graves = own_writes::graves;

} // namespace

TEST_CASE("the log's word for a closed write is its echo, once") {
  own_writes own;
  CHECK_FALSE(own.is_echo(k("a"), {1, 2}));
  CHECK(own.on_closed(k("a"), {1, 2}).empty());
  CHECK(own.on_closed(k("a"), {2, 3}).empty());
  CHECK_FALSE(own.is_echo(k("b"), {1, 2}));
  CHECK(own.is_echo(k("a"), {1, 2}));
  CHECK(own.is_echo(k("a"), {2, 3}));
  CHECK_FALSE(own.is_echo(k("a"), {1, 2}));
  CHECK(own.expected_count() == 0);
}

TEST_CASE("whatever else the log tells of a key forgets its writes") {
  own_writes own;
  CHECK(own.on_closed(k("a"), {1, 2}).empty());
  SECTION("a foreign change that undoes it") {
    CHECK_FALSE(own.is_echo(k("a"), {2, 1}));
  }
  SECTION("several changes in one commit, a partial image") {
    own.on_other(k("a"));
  }
  SECTION("a gap") {
    own.on_gap();
  }
  CHECK_FALSE(own.is_echo(k("a"), {1, 2}));
  CHECK(own.expected_count() == 0);
}

TEST_CASE("a write that changes nothing is not in the log") {
  own_writes own;
  CHECK(own.on_closed(k("a"), {1, 1}).empty());
  CHECK(own.expected_count() == 0);
}

TEST_CASE(
    "an echo that comes before the write is closed is found at its close") {
  own_writes own;
  graves made{{k("list", 1), 7}};
  own.on_early(k("a"), {1, 2}, made);
  SECTION("by its images") {
    CHECK(own.on_closed(k("a"), {1, 2}) == made);
    CHECK_FALSE(own.is_echo(k("a"), {1, 2}));
  }
  SECTION("the first one counts: the second is later than the write") {
    own.on_early(k("a"), {2, 1}, {{k("list", 1), 8}});
    own.on_early(k("a"), {1, 2}, {{k("list", 1), 9}});
    CHECK(own.on_closed(k("a"), {1, 2}) == made);
  }
  SECTION("nothing after what is no single change is judged") {
    own.on_early_other(k("a"));
    own.on_early(k("a"), {5, 6}, made);
    CHECK(own.on_closed(k("a"), {5, 6}).empty());
  }
  SECTION("not once no write is open any more") {
    own.on_released(k("a"));
    CHECK(own.on_closed(k("a"), {1, 2}).empty());
    CHECK(own.is_echo(k("a"), {1, 2}));
  }
}

TEST_CASE("writes that wait for an echo are bounded") {
  own_writes own;
  for (size_t i = 0; i <= own_writes::max_count; ++i)
    CHECK(own.on_closed(k(std::to_string(i)), {1, 2}).empty());
  CHECK(own.expected_count() == 1);
  for (uint64_t i = 0; i < 100; ++i)
    own.on_early(k("a"), {i, i + 1}, {});
  CHECK(own.on_closed(k("a"), {50, 51}).empty());
}
