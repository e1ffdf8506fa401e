// S3-FIFO with a small queue that follows what comes back.
#include "policy/adaptive_fifo.hpp"

#include <random>

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

namespace {

double loop_hits(size_t capacity, uint64_t keys, size_t rounds) {
  adaptive_fifo policy;
  owner cache{policy, capacity};
  size_t hits = 0;
  for (size_t round = 0; round < rounds; ++round)
    for (uint64_t k = 0; k < keys; ++k)
      hits += cache.read(k) ? 1 : 0;
  return static_cast<double>(hits) / static_cast<double>(rounds * keys);
}

} // namespace

TEST_CASE("of a loop longer than the cache a part stays") {
  for (size_t capacity : {26, 52, 70, 100}) {
    INFO(capacity);
    auto optimum = static_cast<double>(capacity) / 101;
    CHECK(loop_hits(capacity, 101, 60) >= 0.5 * optimum);
  }
}

TEST_CASE("a loop keeps its part after other traffic has filled the cache") {
  adaptive_fifo policy;
  owner cache{policy, 200};
  std::mt19937 random{3};
  for (int i = 0; i < 20000; ++i)
    cache.read(1000 + random() % 400);
  size_t hits = 0;
  for (size_t round = 0; round < 100; ++round)
    for (uint64_t k = 0; k < 300; ++k)
      hits += cache.read(k) ? 1 : 0;
  CHECK(static_cast<double>(hits) >= 0.5 * 30000 * 200 / 300);
}

TEST_CASE("keys that come back just too late make the small queue bigger") {
  adaptive_fifo policy;
  owner cache{policy, 100};
  auto before = policy.small_ratio();
  // Each key is read three times, 40 others apart, and never again: a longer
  // queue of newcomers is all that helps.
  for (uint64_t i = 0; i < 5000; ++i) {
    cache.read(i);
    if (i >= 40)
      cache.read(i - 40);
    if (i >= 80)
      cache.read(i - 80);
  }
  CHECK(policy.small_ratio() > before + 0.2);
}

TEST_CASE("returns out of the small queue's reach make it smaller") {
  adaptive_fifo policy;
  owner cache{policy, 100};
  for (int i = 0; i < 3000; ++i)
    cache.read(static_cast<uint64_t>(i % 180));
  CHECK(policy.small_ratio() <= 0.1);
}

TEST_CASE("what is read twice in a row and never again does not reach main") {
  adaptive_fifo policy;
  owner cache{policy, 100};
  for (uint64_t i = 0; i < 500; ++i)
    cache.read(i % 50);
  size_t hits = 0;
  for (uint64_t i = 0; i < 2000; ++i) {
    cache.read(1000 + i);
    cache.read(1000 + i);
    hits += cache.read(i * 7 % 50) ? 1 : 0;
  }
  CHECK(hits >= 1900);
}

TEST_CASE("an entry in use that expired or changed comes back to main") {
  for (auto why : {removal_cause::expired, removal_cause::invalidated,
                   removal_cause::removed}) {
    adaptive_fifo policy;
    owner cache{policy, 20};
    for (uint64_t i = 0; i < 25; ++i)
      cache.read(i);
    cache.read(24); // in the small queue, once
    REQUIRE(cache.contains(24));
    cache.erase(24, why);
    cache.read(24);
    for (uint64_t i = 100; i < 130; ++i)
      cache.read(i);
    CHECK(cache.contains(24) == (why != removal_cause::removed));
  }
}

TEST_CASE("favourites of yesterday make room") {
  adaptive_fifo policy;
  owner cache{policy, 100};
  for (int i = 0; i < 5000; ++i)
    cache.read(static_cast<uint64_t>(i * 7 % 90));
  size_t hits = 0;
  for (int i = 0; i < 5000; ++i)
    hits += cache.read(1000 + static_cast<uint64_t>(i * 7 % 90)) ? 1 : 0;
  CHECK(hits >= 4000);
}
