// The memory of keys that have left.
#include "policy/ghost_table.hpp"

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

TEST_CASE("a ghost is taken once, with what was known") {
  ghost_table ghosts;
  CHECK_FALSE(ghosts.take(1)); // no room yet
  ghosts.put(1, {}, 0);
  ghosts.reserve(100);
  ghosts.put(owner::hash(5), {ghost::origin_type::main_queue, 70, 60}, 70);
  auto g = ghosts.take(owner::hash(5));
  REQUIRE(g);
  CHECK(g->origin == ghost::origin_type::main_queue);
  CHECK(g->left == 70);
  CHECK(g->last_used == 60);
  CHECK_FALSE(ghosts.take(owner::hash(5)));
}

TEST_CASE("ghosts are bounded: the oldest make room") {
  ghost_table ghosts;
  ghosts.reserve(1000);
  auto bytes = ghosts.bookkeeping_bytes();
  CHECK(bytes <= 1000 * 10);
  for (uint32_t i = 0; i < 20000; ++i)
    ghosts.put(owner::hash(i), {ghost::origin_type::small_queue, i, i}, i);
  ghosts.reserve(1000);
  CHECK(ghosts.bookkeeping_bytes() == bytes);
  size_t recent = 0;
  size_t old = 0;
  for (uint32_t i = 0; i < 20000; ++i)
    if (auto g = ghosts.take(owner::hash(i)))
      ++(g->left >= 19500 ? recent : old);
  CHECK(recent >= 480); // of 500
  CHECK(recent + old <= bytes / 8);
}

TEST_CASE("times wrap") {
  CHECK(ghost_table::age(10, 15) == 5);
  CHECK(ghost_table::age((1u << 23) - 2, (1u << 23) + 3) == 5);
  CHECK(ghost_table::age(UINT32_MAX - 1, 3) == 5);
  ghost_table ghosts;
  ghosts.reserve(10);
  ghosts.put(7, {ghost::origin_type::proven, UINT32_MAX, 4}, UINT32_MAX);
  CHECK(ghost_table::age(ghosts.take(7)->left, 1) == 2);
}
