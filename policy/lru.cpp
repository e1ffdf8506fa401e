#include "policy/lru.hpp"

namespace toadcache {

namespace {

constexpr unsigned all = 1;

} // namespace

void lru::on_insert(slot_id slot, uint64_t, size_t weight_bytes,
                    const take_mark&) {
  entries_.insert(slot, all, weight_bytes, 0);
}

void lru::on_replace(slot_id slot, size_t weight_bytes) {
  entries_.reweigh(slot, weight_bytes);
}

void lru::on_erase(slot_id slot, uint64_t, removal_cause, uint8_t) {
  entries_.erase(slot);
}

std::optional<slot_id> lru::victim(const take_mark& marks) {
  for (auto steps = std::min(entries_.count(), max_victim_steps); steps > 0;
       --steps) {
    auto s = entries_.oldest(all);
    if (marks(s) == 0)
      return s;
    entries_.move(s, all);
  }
  if (entries_.count() == 0)
    return std::nullopt;
  return entries_.oldest(all);
}

} // namespace toadcache
