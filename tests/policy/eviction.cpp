// What holds for every eviction policy.
#include "policy/eviction.hpp"

#include <random>

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

namespace {

std::unique_ptr<eviction_policy> make(std::string_view name) {
  return std::move(make_eviction_policy(name).value());
}

/// Reads skewed keys: about every second one of the first tenth.
class skewed {
public:
  explicit skewed(uint64_t keys) : keys_(keys) {}
  uint64_t next() {
    auto i = engine_();
    return engine_() % 2 == 0 ? i % keys_ : i % (keys_ / 10 + 1);
  }

private:
  uint64_t keys_;
  std::mt19937_64 engine_{7};
};

} // namespace

TEST_CASE("every name of the catalog makes a policy") {
  for (auto name : eviction_names)
    CHECK(make_eviction_policy(name).has_value());
  auto unknown = make_eviction_policy("random");
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().code == errc::invalid);
  CHECK(unknown.error().what
        == "eviction policy 'random' is unknown: expected one of "
           "adaptive_fifo, lru, s3_fifo, sieve, w_tiny_lfu");
  CHECK(is_eviction(default_eviction));
}

TEST_CASE("whatever happens, a policy knows exactly what is resident") {
  for (auto name : eviction_names) {
    INFO(name);
    CHECK(rc::check([&] {
      auto policy = make(name);
      owner cache{*policy, 400};
      size_t evicted = 0;
      size_t inserted = 0;
      auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
          rc::gen::pair(rc::gen::inRange(0, 20), rc::gen::inRange(0, 40)));
      for (auto [what, x] : steps) {
        auto key = static_cast<uint64_t>(x);
        auto weight = static_cast<size_t>(1 + x * x % 97);
        if (what < 14) {
          inserted += cache.contains(key) ? 0 : 1;
          cache.read(key, weight);
        } else if (what == 14 && cache.used() > 0) {
          cache.evict();
        } else if (cache.contains(key)) {
          if (what == 15)
            cache.replace(key, weight + 5);
          else
            cache.erase(key, what == 16   ? removal_cause::expired
                             : what == 17 ? removal_cause::removed
                                          : removal_cause::invalidated);
        }
        RC_ASSERT(!cache.broken());
        RC_ASSERT(cache.used() <= 400u + 102u); // a replaced one may grow
      }
      // The rest leaves one by one, each once.
      auto left = cache.keys();
      for (; !left.empty(); ++evicted)
        RC_ASSERT(left.erase(cache.evict()) == 1u);
      RC_ASSERT(!policy->victim([](slot_id) { return uint8_t{0}; }));
      RC_ASSERT(policy->size() == 0u);
      RC_ASSERT(evicted <= inserted);
    }));
  }
}

TEST_CASE("readers that mark everything all the time delay a victim, no more") {
  for (auto name : eviction_names) {
    INFO(name);
    auto policy = make(name);
    size_t asked = 0;
    take_mark always = [&](slot_id) {
      ++asked;
      return max_mark;
    };
    CHECK_FALSE(policy->victim(always));
    for (slot_id s = 0; s < 20000; ++s)
      policy->on_insert(s, owner::hash(s), 10, always);
    asked = 0;
    CHECK(policy->victim(always).has_value());
    CHECK(asked <= 3000);
  }
}

TEST_CASE("a victim costs a few steps on average") {
  for (auto name : eviction_names) {
    INFO(name);
    auto policy = make(name);
    owner cache{*policy, 1000};
    skewed keys{10000};
    size_t misses = 0;
    for (int i = 0; i < 50000; ++i)
      misses += cache.read(keys.next()) ? 0 : 1;
    CHECK_FALSE(cache.broken());
    CHECK(cache.steps() < 5 * misses);
  }
}

TEST_CASE("bookkeeping is small, and grows only with the entries") {
  for (auto name : eviction_names) {
    INFO(name);
    auto policy = make(name);
    owner cache{*policy, 4000};
    skewed keys{20000};
    for (int i = 0; i < 30000; ++i)
      cache.read(keys.next());
    auto bytes = policy->bookkeeping_bytes();
    for (int i = 0; i < 30000; ++i)
      cache.read(keys.next());
    CHECK(policy->bookkeeping_bytes() == bytes);
    // 16 per slot, 8 per ghost (two for an entry), an eighth of room to grow.
    CHECK(bytes <= 4000 * 40);
    if (name == "lru" || name == "sieve")
      CHECK(bytes <= 4000 * 19);
  }
}

TEST_CASE("a scan does not push out what is in use") {
  for (std::string_view name : {"adaptive_fifo", "s3_fifo", "w_tiny_lfu"}) {
    INFO(name);
    auto policy = make(name);
    owner cache{*policy, 100};
    for (uint64_t i = 0; i < 500; ++i)
      cache.read(i % 50);
    size_t hits = 0;
    for (uint64_t i = 0; i < 2000; ++i) {
      cache.read(1000 + i);
      hits += cache.read(i * 7 % 50) ? 1 : 0;
    }
    CHECK(hits >= 1900);
  }
}

TEST_CASE("a heavy row among light ones stays within the budget, and goes") {
  constexpr size_t budget = 1 << 20;
  for (auto name : eviction_names) {
    INFO(name);
    auto policy = make(name);
    owner cache{*policy, budget};
    for (uint64_t i = 0; i < 20000; ++i) {
      if (i % 100 == 0)
        cache.read(1000000 + i, 128 << 10); // never again
      cache.read(i % 2000, 100);
      REQUIRE(cache.used() <= budget);
    }
    CHECK_FALSE(cache.broken());
    size_t light = 0;
    for (uint64_t i = 0; i < 2000; ++i)
      light += cache.contains(i) ? 1 : 0;
    CHECK(light >= 500);
  }
}
