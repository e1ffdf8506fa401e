// Approximate LRU from reader marks: a queue in order of arrival in which a
// marked entry gets a second chance (CLOCK: Corbato, "A Paging Experiment with
// the Multics System", 1968).
#pragma once

#include "policy/slot_queues.hpp"

namespace toadcache {

class lru final : public eviction_policy {
public:
  void on_insert(slot_id slot, uint64_t key_hash, size_t weight_bytes,
                 const take_mark& marks) override;
  void on_replace(slot_id slot, size_t weight_bytes) override;
  void on_erase(slot_id slot, uint64_t key_hash, removal_cause why,
                uint8_t unread_marks) override;
  std::optional<slot_id> victim(const take_mark& marks) override;
  [[nodiscard]] size_t size() const override { return entries_.count(); }
  [[nodiscard]] size_t bookkeeping_bytes() const override {
    return entries_.bookkeeping_bytes();
  }

private:
  slot_queues<1> entries_;
};

} // namespace toadcache
