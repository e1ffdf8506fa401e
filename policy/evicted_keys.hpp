// Would a larger share have kept it? Remembers the keys evicted while the last
// so many bytes of evictions went by, and counts the misses of them. The same
// for every eviction policy. One owner; no clock.
//
// Where there are many, a sample of them by hash stands for all, so that the
// memory is at most some 20 KiB.
#pragma once

#include "policy/ghost_table.hpp"

namespace toadcache {

class evicted_keys {
public:
  /// Misses of keys evicted no more than `bytes` of evictions ago count.
  void set_window(size_t bytes) { window_ = bytes; }

  void on_evict(uint64_t key_hash, size_t weight_bytes);
  /// How many misses this one stands for: 0 when the window would not have
  /// kept it. A key counts once per eviction.
  [[nodiscard]] uint64_t on_miss(uint64_t key_hash);

  [[nodiscard]] size_t bookkeeping_bytes() const {
    return ghosts_.bookkeeping_bytes();
  }

private:
  /// Of so many keys, one is remembered; a power of two.
  [[nodiscard]] uint64_t sampled_of() const;
  [[nodiscard]] static bool in_sample(uint64_t key_hash, uint64_t of);
  /// Bytes evicted, in parts of the window that the ghosts' clock can count.
  [[nodiscard]] uint32_t now() const;

  ghost_table ghosts_;
  size_t window_ = 0;
  uint64_t bytes_ = 0; ///< evicted so far
  uint64_t count_ = 0;
};

} // namespace toadcache
