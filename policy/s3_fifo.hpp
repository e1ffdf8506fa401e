// S3-FIFO: newcomers wait in a small queue (a tenth of the bytes); those used
// at least twice there, and those that come back soon after they left, live in
// the main queue, where each use is worth a further lap (Yang et al., "FIFO
// Queues are All You Need for Cache Eviction", SOSP 2023).
#pragma once

#include "policy/ghost_table.hpp"
#include "policy/slot_queues.hpp"

namespace toadcache {

class s3_fifo final : public eviction_policy {
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

private:
  [[nodiscard]] bool small_is_full() const;

  slot_queues<2> entries_;
  ghost_table ghosts_;
  uint32_t ghosts_made_ = 0; ///< the time of the ghosts; wraps
};

} // namespace toadcache
