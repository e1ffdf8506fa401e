// The peer of the hit path: the fastest plain concurrent map that Debian's
// packages make, without expiry, policy or counters. Sharded like the
// partition; each shard is a hash table under a spin lock. Thread-safe.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include <absl/container/flat_hash_map.h>

#include "model/key.hpp"
#include "model/row.hpp"

namespace toadcache::bench {

class bare_map {
public:
  void put(const key& id, row content) {
    auto& s = shard_of(id);
    locked guard{s.lock};
    s.rows.insert_or_assign(id, std::move(content));
  }

  /// Calls f(const row&) under the shard's lock. False: there is none.
  template <class F>
  bool visit(const key& id, F f) const {
    auto& s = shard_of(id);
    locked guard{s.lock};
    auto found = s.rows.find(id);
    if (found == s.rows.end())
      return false;
    f(found->second);
    return true;
  }

private:
  struct hash {
    size_t operator()(const key& k) const noexcept { return k.hash(); }
  };
  struct alignas(64) shard {
    mutable std::atomic<bool> lock{false};
    absl::flat_hash_map<key, row, hash> rows;
  };
  class locked {
  public:
    explicit locked(std::atomic<bool>& lock) : lock_(lock) {
      while (lock_.exchange(true, std::memory_order_acquire))
        for (int i = 0; lock_.load(std::memory_order_relaxed); ++i)
          if (i < 100)
            __builtin_ia32_pause();
          else
            std::this_thread::yield(); // its holder may have lost its core
    }
    ~locked() { lock_.store(false, std::memory_order_release); }
    locked(const locked&) = delete;
    locked& operator=(const locked&) = delete;

  private:
    std::atomic<bool>& lock_;
  };

  [[nodiscard]] shard& shard_of(const key& id) const {
    return (*shards_)[id.hash() >> 58];
  }

  std::unique_ptr<std::array<shard, 64>> shards_
      = std::make_unique<std::array<shard, 64>>();
};

} // namespace toadcache::bench
