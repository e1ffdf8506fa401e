#include "policy/w_tiny_lfu.hpp"

namespace toadcache {

namespace {

constexpr unsigned window = 1;
constexpr unsigned probation = 2;
constexpr unsigned protected_queue = 3;
constexpr uint64_t window_part = 100; // a hundredth of the bytes

} // namespace

void w_tiny_lfu::on_insert(slot_id slot, uint64_t key_hash, size_t weight_bytes,
                           const take_mark&) {
  auto half = static_cast<uint32_t>(key_hash >> 32);
  uses_.reserve(entries_.count() + 1);
  uses_.add(half, 1);
  entries_.insert(slot, window, weight_bytes, half);
  while (filling_ && window_is_full() && entries_.count(window) > 1)
    entries_.move(entries_.oldest(window), probation);
}

void w_tiny_lfu::on_replace(slot_id slot, size_t weight_bytes) {
  entries_.reweigh(slot, weight_bytes);
}

void w_tiny_lfu::on_erase(slot_id slot, uint64_t, removal_cause,
                          uint8_t unread_marks) {
  uses_.add(entries_[slot].note, unread_marks);
  entries_.erase(slot);
}

std::optional<slot_id> w_tiny_lfu::victim(const take_mark& marks) {
  if (entries_.count() == 0)
    return std::nullopt;
  filling_ = false;
  if (!window_is_full())
    return main_victim(marks);
  for (auto steps = std::min(entries_.count(window), max_victim_steps);
       steps > 0; --steps) {
    if (!was_used(entries_.oldest(window), marks))
      break;
    entries_.move(entries_.oldest(window), window);
  }
  auto candidate = entries_.oldest(window);
  auto other = main_victim(marks);
  if (other == no_slot
      || uses_.estimate(entries_[candidate].note)
             <= uses_.estimate(entries_[other].note))
    return candidate;
  entries_.move(candidate, probation);
  return other;
}

bool w_tiny_lfu::window_is_full() const {
  return entries_.count(window) > 0
         && (entries_.count(window) == entries_.count()
             || entries_.bytes(window) * window_part >= entries_.bytes());
}

bool w_tiny_lfu::was_used(slot_id s, const take_mark& marks) {
  auto m = marks(s);
  uses_.add(entries_[s].note, m);
  return m > 0;
}

slot_id w_tiny_lfu::main_victim(const take_mark& marks) {
  for (auto steps = std::min(entries_.count(), max_victim_steps); steps > 0;
       --steps) {
    auto s = entries_.oldest(probation);
    if (s == no_slot || !was_used(s, marks))
      break;
    entries_.move(s, protected_queue);
    shrink_protected(marks);
  }
  auto s = entries_.oldest(probation);
  return s == no_slot ? entries_.oldest(protected_queue) : s;
}

void w_tiny_lfu::shrink_protected(const take_mark& marks) {
  // What was promoted pushes out about as much, of which some is in use.
  for (int steps = 0; steps < 4; ++steps) {
    auto all = entries_.bytes(protected_queue) + entries_.bytes(probation);
    if (entries_.bytes(protected_queue) * 5 <= all * 4)
      return;
    auto s = entries_.oldest(protected_queue);
    auto used = was_used(s, marks);
    entries_.move(s, used ? protected_queue : probation);
  }
}

} // namespace toadcache
