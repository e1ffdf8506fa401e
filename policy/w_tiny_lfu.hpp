// W-TinyLFU: newcomers pass a small window (1 % of the bytes); from there they
// enter main only if they have been used more often of late than the entry that
// would have to go, by a sketch of frequencies. Main has a probation queue and
// a protected one, 80 % of it (Einziger, Eytan, Friedman and Manes, "Adaptive
// Software Cache Management", Middleware 2018; here without the adaptation).
// Fed by marks, it sees no more than `max_mark` uses of an entry at a time.
#pragma once

#include "policy/frequency_sketch.hpp"
#include "policy/slot_queues.hpp"

namespace toadcache {

class w_tiny_lfu final : public eviction_policy {
public:
  void on_insert(slot_id slot, uint64_t key_hash, size_t weight_bytes,
                 const take_mark& marks) override;
  void on_replace(slot_id slot, size_t weight_bytes) override;
  void on_erase(slot_id slot, uint64_t key_hash, removal_cause why,
                uint8_t unread_marks) override;
  std::optional<slot_id> victim(const take_mark& marks) override;
  [[nodiscard]] size_t size() const override { return entries_.count(); }
  [[nodiscard]] size_t bookkeeping_bytes() const override {
    return entries_.bookkeeping_bytes() + uses_.bookkeeping_bytes();
  }

private:
  [[nodiscard]] bool window_is_full() const;
  /// Takes the marks of an entry into the sketch; true if there were any.
  bool was_used(slot_id s, const take_mark& marks);
  /// The entry of main that would go next; no_slot when main is empty.
  slot_id main_victim(const take_mark& marks);
  void shrink_protected(const take_mark& marks);

  slot_queues<3> entries_; ///< a node's note: the high half of its key's hash
  frequency_sketch uses_;
  bool filling_ = true; ///< nothing has been evicted yet
};

} // namespace toadcache
