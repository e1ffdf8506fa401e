// The default: S3-FIFO whose small queue grows and shrinks by what comes back.
//
// Newcomers wait in the small queue. One used once there gets a second round:
// what is read twice in a row and never again should not reach the main queue.
// One used more often, or again in that round, moves to main, where use is
// worth a further lap. What is evicted is remembered as a ghost (as many as
// twice the resident entries). A key that comes back as a ghost tells two
// things:
//
// * Does it deserve main? It does when it comes back sooner than main's oldest
//   entry has been of use: that one is unmarked, and the time since it was last
//   looked at is longer than the newcomer's reuse time. This is the comparison
//   of LIRS (Jiang and Zhang, SIGMETRICS 2002) and CLOCK-Pro (USENIX 2005), and
//   what keeps part of a loop that is longer than the cache: there every reuse
//   time is the same, nobody wins, and main stays as it is.
// * Which queue is too small (ARC, Megiddo and Modha, FAST 2003)? A key from
//   the small queue that wins, and that a bigger small queue would have kept,
//   makes it one entry bigger. One that no small queue could have kept makes it
//   half an entry smaller; one from main that a bigger main would have kept,
//   one entry.
//
// Time is counted in inserts. Until the first eviction entries go to main as
// far as its share allows, so that a first scan fills the cache with something
// that stays.
#pragma once

#include "policy/ghost_table.hpp"
#include "policy/slot_queues.hpp"

namespace toadcache {

class adaptive_fifo final : public eviction_policy {
public:
  void on_insert(slot_id slot, uint64_t key_hash, size_t weight_bytes,
                 const take_mark& marks) override;
  void on_replace(slot_id slot, size_t weight_bytes) override;
  void on_erase(slot_id slot, uint64_t key_hash, removal_cause why,
                uint8_t unread_marks) override;
  std::optional<slot_id> victim(const take_mark& marks) override;
  [[nodiscard]] size_t size() const override { return entries_.count(); }
  [[nodiscard]] size_t bookkeeping_bytes() const override {
    return entries_.bookkeeping_bytes() + ghosts_.bookkeeping_bytes();
  }
  /// The part of the bytes that the small queue aims at, 0.01 to 0.99.
  [[nodiscard]] double small_ratio() const { return small_ratio_; }

private:
  [[nodiscard]] bool small_is_full() const;
  /// One step of main's second chance: true when its oldest entry, unmarked,
  /// stays the oldest; else it went round.
  bool main_oldest_is_idle(const take_mark& marks);
  [[nodiscard]] bool wins(const ghost& g, const take_mark& marks);
  void adapt(const ghost& g, bool won);

  slot_queues<2> entries_; ///< a node's note: when it was last known to be used
  ghost_table ghosts_;
  uint32_t now_ = 0; ///< inserts so far; wraps
  double small_ratio_ = 0.1;
  bool filling_ = true; ///< nothing has been evicted yet
};

} // namespace toadcache
