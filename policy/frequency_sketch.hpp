// About how often a key was used of late: a count-min sketch of 4-bit counters
// that are halved from time to time (Einziger, Friedman and Manes, "TinyLFU",
// 2017). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/block_memory.hpp"

namespace toadcache {

class frequency_sketch {
public:
  /// Room for `count` keys: the next power of two, times 8 bytes. When it must
  /// grow, it forgets.
  void reserve(size_t count);
  /// Counts `times` uses, each counter up to 15. O(1), amortised: after ten
  /// uses for each key that room was asked for, all counters are halved.
  void add(uint32_t key_hash, unsigned times);
  /// 0 to 15; never less than was counted since the last halving. O(1).
  [[nodiscard]] unsigned estimate(uint32_t key_hash) const;
  [[nodiscard]] size_t bookkeeping_bytes() const {
    return words_.capacity() * sizeof(uint64_t);
  }

private:
  void halve();

  block_vector<uint64_t> words_; ///< sixteen counters each
  size_t key_count_ = 0;         ///< that room was asked for
  size_t added_ = 0; ///< uses since the last halving, and half before
};

} // namespace toadcache
