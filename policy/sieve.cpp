#include "policy/sieve.hpp"

namespace toadcache {

namespace {

constexpr unsigned all = 1;

} // namespace

void sieve::on_insert(slot_id slot, uint64_t, size_t weight_bytes,
                      const take_mark&) {
  entries_.insert(slot, all, weight_bytes, 0);
}

void sieve::on_replace(slot_id slot, size_t weight_bytes) {
  entries_.reweigh(slot, weight_bytes);
}

void sieve::on_erase(slot_id slot, uint64_t, removal_cause, uint8_t) {
  if (hand_ == slot)
    hand_ = entries_[slot].newer;
  entries_.erase(slot);
}

std::optional<slot_id> sieve::victim(const take_mark& marks) {
  if (entries_.count() == 0)
    return std::nullopt;
  for (auto steps = std::min(entries_.count() + 1, max_victim_steps); steps > 0;
       --steps) {
    if (hand_ == no_slot)
      hand_ = entries_.oldest(all);
    if (marks(hand_) == 0)
      break;
    hand_ = entries_[hand_].newer;
  }
  if (hand_ == no_slot)
    hand_ = entries_.oldest(all);
  return hand_;
}

} // namespace toadcache
