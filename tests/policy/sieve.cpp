// The hand that leaves marked entries where they are.
#include "policy/sieve.hpp"

#include <algorithm>

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

TEST_CASE("the hand goes on from where it was") {
  sieve policy;
  owner cache{policy, 4};
  for (uint64_t i = 0; i < 4; ++i)
    cache.read(i);
  cache.read(0);
  CHECK(cache.evict() == 1); // 0 is passed over
  cache.read(9);
  CHECK(cache.evict() == 2); // not 0, though it is older and unmarked now
  cache.erase(3, removal_cause::removed); // where the hand stands
  CHECK(cache.evict() == 9);
  CHECK(cache.evict() == 0); // round again
}

TEST_CASE("sieve decides as a plain vector with a hand does") {
  CHECK(rc::check([](const std::vector<uint8_t>& reads) {
    sieve policy;
    owner cache{policy, 6};
    std::vector<std::pair<int, bool>> plain; // oldest first
    size_t hand = 0;
    for (auto r : reads) {
      auto key = r % 11;
      auto i = std::find_if(plain.begin(), plain.end(),
                            [&](const auto& e) { return e.first == key; });
      auto hit = i != plain.end();
      if (hit) {
        i->second = true;
      } else {
        if (plain.size() == 6) {
          for (hand %= 6; plain[hand].second; hand = (hand + 1) % 6)
            plain[hand].second = false;
          // The hand then stands at the next newer one; past the end: at the
          // oldest, whatever comes in meanwhile.
          plain.erase(plain.begin() + static_cast<std::ptrdiff_t>(hand));
          if (hand == plain.size())
            hand = 0;
        }
        plain.emplace_back(key, false);
      }
      RC_ASSERT(cache.read(static_cast<uint64_t>(key)) == hit);
    }
  }));
}
