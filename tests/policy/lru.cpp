// Second chance from marks.
#include "policy/lru.hpp"

#include <deque>

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

TEST_CASE("the oldest unmarked entry leaves first") {
  lru policy;
  owner cache{policy, 4};
  for (uint64_t i = 0; i < 4; ++i)
    cache.read(i);
  cache.replace(0, 1); // keeps its place
  cache.read(0);
  cache.read(1);
  CHECK(cache.evict() == 2);
  CHECK(cache.evict() == 3);
  CHECK(cache.evict() == 0); // its second chance is used up
  CHECK(policy.size() == 1);
}

TEST_CASE("lru decides as a plain queue with marks does") {
  CHECK(rc::check([](const std::vector<uint8_t>& reads) {
    lru policy;
    owner cache{policy, 6};
    std::deque<std::pair<int, bool>> plain; // key, marked; front: next
    for (auto r : reads) {
      auto key = r % 11;
      auto i = std::find_if(plain.begin(), plain.end(),
                            [&](const auto& e) { return e.first == key; });
      auto hit = i != plain.end();
      if (hit) {
        i->second = true;
      } else {
        while (plain.size() == 6) {
          auto [front, marked] = plain.front();
          plain.pop_front();
          if (marked)
            plain.emplace_back(front, false);
        }
        plain.emplace_back(key, false);
      }
      RC_ASSERT(cache.read(static_cast<uint64_t>(key)) == hit);
    }
  }));
}
