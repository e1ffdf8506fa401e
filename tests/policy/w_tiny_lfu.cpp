// Admission by frequency.
#include "policy/w_tiny_lfu.hpp"

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

TEST_CASE("the sketch counts up to 15, halves, and never counts too little") {
  frequency_sketch uses;
  uses.add(1, 1);
  CHECK(uses.estimate(1) == 0); // no room yet
  uses.reserve(200);
  for (uint32_t key = 0; key < 100; ++key)
    uses.add(key, key % 8);
  for (uint32_t key = 0; key < 100; ++key)
    CHECK(uses.estimate(key) >= key % 8);
  CHECK(uses.estimate(12345) <= 7);
  uses.add(3, 100);
  CHECK(uses.estimate(3) == 15);
  for (uint32_t i = 0; i < 2000; ++i)
    uses.add(1000 + i, 1);
  CHECK(uses.estimate(3) < 15);
}

TEST_CASE("a newcomer enters main only if it was used more often") {
  w_tiny_lfu policy;
  owner cache{policy, 100};
  for (int round = 0; round < 4; ++round)
    for (uint64_t k = 0; k < 100; ++k)
      cache.read(k);
  for (uint64_t k = 200; k < 400; ++k)
    cache.read(k); // once each
  size_t kept = 0;
  for (uint64_t k = 0; k < 100; ++k)
    kept += cache.contains(k) ? 1 : 0;
  CHECK(kept >= 95);
  for (int i = 0; i < 20; ++i) {
    cache.read(500);
    cache.read(600 + static_cast<uint64_t>(i)); // pushes it out of the window
  }
  CHECK(cache.contains(500));
}
