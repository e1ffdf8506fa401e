// Memory of keys that have left: 8 bytes each, by hash. Cells are grouped by
// eight; a newcomer takes the place of the oldest of its group, so that the
// table needs neither a queue nor a chain. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/block_memory.hpp"

namespace toadcache {

/// What is remembered of a key. Times are counts of something that the caller
/// advances; they wrap, so that what is older than 2^23 looks younger.
struct ghost {
  enum class origin_type : uint8_t {
    small_queue = 1, ///< evicted before it had proved anything
    main_queue = 2,  ///< evicted after it had been used again
    proven = 3,      ///< in use when it expired or its row changed
  };
  origin_type origin = origin_type::small_queue;
  uint32_t left = 0;      ///< when it left
  uint32_t last_used = 0; ///< when it was last known to be used
};

class ghost_table {
public:
  /// At least room for `count` ghosts. When it must grow, it forgets: that
  /// happens while a cache fills, when there is little to forget.
  void reserve(size_t count);

  /// Remembers a key; one already there is replaced. O(1).
  void put(uint64_t key_hash, const ghost& g, uint32_t now);
  /// Forgets a key. Absent when unknown or a newer ghost took its place; of
  /// unknown keys one in about 8 000 is mistaken for a ghost. O(1).
  std::optional<ghost> take(uint64_t key_hash);

  /// Time from `then` to `now`.
  [[nodiscard]] static uint32_t age(uint32_t then, uint32_t now) {
    return (now - then) & time_mask;
  }
  [[nodiscard]] size_t bookkeeping_bytes() const {
    return cells_.capacity() * sizeof(cell);
  }

private:
  static constexpr uint32_t time_mask = (1u << 23) - 1;
  static constexpr size_t group = 8;
  struct cell {
    uint64_t fingerprint : 16 = 0;
    uint64_t origin : 2 = 0; ///< 0: free
    uint64_t left : 23 = 0;
    uint64_t last_used : 23 = 0;
  };
  static_assert(sizeof(cell) == 8);

  [[nodiscard]] cell* group_of(uint64_t key_hash);
  [[nodiscard]] static cell* find(cell* first, uint64_t key_hash);

  block_vector<cell> cells_;
};

} // namespace toadcache
