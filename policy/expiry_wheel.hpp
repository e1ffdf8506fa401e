// When which entry is past its last use: a hierarchical timing wheel (Varghese
// and Lauck, "Hashed and hierarchical timing wheels", SOSP 1987) of slots. One
// thread; never blocks, knows no clock: ticks are numbers (seconds, here).
//
// Level 0 has a bucket for each of the next ticks, each higher level one for as
// many ticks as the whole level below. A slot stands where its tick first
// differs from the wheel's own, and moves down as that comes near. Buckets are
// linked through two numbers per slot, so that what is replaced or leaves goes
// out at once, and nothing stale is kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "model/block_memory.hpp"
#include "policy/eviction.hpp"

namespace toadcache {

class expiry_wheel {
public:
  using tick = uint64_t;
  /// When a slot of the wheel is due.
  using due_of = std::function<tick(slot_id)>;

  /// Starts at `now`. Ticks lie below 2^36 (in seconds: two millennia); what is
  /// due later is never taken.
  explicit expiry_wheel(tick now = 0);

  [[nodiscard]] bool contains(slot_id s) const {
    return s < nodes_.size() && nodes_[s].older != no_slot;
  }
  /// Requires: not in the wheel. Amortised O(1); what is due already is taken
  /// with the next tick.
  void add(slot_id s, tick due);
  /// Requires: in the wheel. O(1).
  void move(slot_id s, tick due);
  void erase(slot_id s);

  /// Takes out the slots that are due at `now`, the earliest tick first, and
  /// appends them. Stops after `max_steps` slots looked at: false then; call it
  /// again with what was appended acted on. O(slots looked at, ticks passed
  /// / 64).
  [[nodiscard]] bool advance(tick now, size_t max_steps, const due_of& due,
                             std::vector<slot_id>& out);
  /// The tick at which to advance next: never later than the earliest slot's,
  /// earlier only to move slots down. Absent when the wheel is empty. O(1).
  [[nodiscard]] std::optional<tick> next() const;

  /// The first tick that has not passed.
  [[nodiscard]] tick now() const { return at_; }
  [[nodiscard]] size_t size() const { return count_; }
  /// 8 bytes per slot, beyond the wheel itself.
  [[nodiscard]] size_t bookkeeping_bytes() const {
    return nodes_.capacity() * sizeof(node);
  }

private:
  static constexpr unsigned bits = 6;
  static constexpr unsigned width = 1u << bits;
  static constexpr unsigned levels = 6;
  /// As `older` of a bucket's first slot: which bucket that is.
  static constexpr slot_id first_code = no_slot - levels * width;

  struct node {
    slot_id newer = no_slot; ///< the next in the bucket
    slot_id older = no_slot; ///< the one before; no_slot: not in the wheel
  };
  static_assert(sizeof(node) == 8);

  [[nodiscard]] unsigned digit(unsigned level) const {
    return static_cast<unsigned>(at_ >> (level * bits)) & (width - 1);
  }
  [[nodiscard]] unsigned bucket_of(tick due) const;
  void link(slot_id s, unsigned bucket);
  void unlink(slot_id s);
  /// Moves a bucket's slots to where they belong now, or appends those due.
  /// False: out of steps.
  bool empty(unsigned bucket, size_t& steps, const due_of& due,
             std::vector<slot_id>& out);

  tick at_;                                     ///< not yet passed
  std::array<slot_id, levels * width> buckets_; ///< the first of each
  std::array<uint64_t, levels> occupied_{};     ///< a bit per bucket
  block_vector<node> nodes_;
  size_t count_ = 0;
};

} // namespace toadcache
