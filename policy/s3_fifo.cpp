#include "policy/s3_fifo.hpp"

namespace toadcache {

namespace {

constexpr unsigned small_queue = 1;
constexpr unsigned main_queue = 2;
constexpr uint8_t promotion_mark = 2;
// Small queue: 1/10 of the bytes; ghosts: as many as the main queue holds.
constexpr uint64_t small_part = 10;

} // namespace

void s3_fifo::on_insert(slot_id slot, uint64_t key_hash, size_t weight_bytes,
                        const take_mark&) {
  auto before = ghosts_.take(key_hash);
  auto resident = entries_.count() + 1;
  auto known = before
               && (before->origin == ghost::origin_type::proven
                   || ghost_table::age(before->left, ghosts_made_)
                          <= resident - resident / small_part);
  entries_.insert(slot, known ? main_queue : small_queue, weight_bytes, 0);
}

void s3_fifo::on_replace(slot_id slot, size_t weight_bytes) {
  entries_.reweigh(slot, weight_bytes);
}

void s3_fifo::on_erase(slot_id slot, uint64_t key_hash, removal_cause why,
                       uint8_t unread_marks) {
  auto& n = entries_[slot];
  auto from_main = n.queue == main_queue;
  auto remember = [&](ghost::origin_type origin) {
    ghosts_.reserve(entries_.count());
    ++ghosts_made_;
    ghosts_.put(key_hash, {origin, ghosts_made_, ghosts_made_}, ghosts_made_);
  };
  if (why == removal_cause::evicted && !from_main)
    remember(ghost::origin_type::small_queue);
  else if ((why == removal_cause::expired || why == removal_cause::invalidated)
           && (from_main || unread_marks >= promotion_mark))
    remember(ghost::origin_type::proven);
  entries_.erase(slot);
}

bool s3_fifo::small_is_full() const {
  return entries_.count(small_queue) > 0
         && (entries_.count(main_queue) == 0
             || entries_.bytes(small_queue) * small_part >= entries_.bytes());
}

std::optional<slot_id> s3_fifo::victim(const take_mark& marks) {
  if (entries_.count() == 0)
    return std::nullopt;
  auto laps = entries_.count() * (max_mark + 1u);
  for (auto steps = std::min(laps, max_victim_steps); steps > 0; --steps) {
    if (small_is_full()) {
      auto s = entries_.oldest(small_queue);
      if (marks(s) < promotion_mark)
        return s;
      entries_.move(s, main_queue);
      continue;
    }
    auto s = entries_.oldest(main_queue);
    auto& n = entries_[s];
    auto uses = std::min<unsigned>(n.chances + marks(s), max_mark);
    if (uses == 0)
      return s;
    n.chances = (uses - 1) & 3u;
    entries_.move(s, main_queue);
  }
  return entries_.oldest(small_is_full() ? small_queue : main_queue);
}

} // namespace toadcache
