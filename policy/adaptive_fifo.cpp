#include "policy/adaptive_fifo.hpp"

namespace toadcache {

namespace {

constexpr unsigned small_queue = 1;
constexpr unsigned main_queue = 2;
constexpr double least_small_ratio = 0.01;
constexpr double most_small_ratio = 0.99;
// Of an entry, by which a return from out of reach shrinks the small queue.
constexpr double out_of_reach_step = 0.5;
// Laps that marks earn at most beyond the one in which they were left: more
// would keep the favourites of yesterday.
constexpr unsigned most_chances = 1;
constexpr size_t ghosts_per_entry = 2;

} // namespace

void adaptive_fifo::on_insert(slot_id slot, uint64_t key_hash,
                              size_t weight_bytes, const take_mark& marks) {
  ++now_;
  auto to_main = false;
  auto g = ghosts_.take(key_hash);
  if (g && g->origin == ghost::origin_type::proven) {
    to_main = true;
  } else if (g
             && ghost_table::age(g->left, now_)
                    < ghosts_per_entry * entries_.count()) {
    to_main = wins(*g, marks);
    adapt(*g, to_main);
  } else if (filling_) {
    auto all = static_cast<double>(entries_.bytes() + weight_bytes);
    auto main = static_cast<double>(entries_.bytes(main_queue) + weight_bytes);
    to_main = main <= all * (1 - small_ratio_);
  }
  entries_.insert(slot, to_main ? main_queue : small_queue, weight_bytes, now_);
}

void adaptive_fifo::on_replace(slot_id slot, size_t weight_bytes) {
  entries_.reweigh(slot, weight_bytes);
}

void adaptive_fifo::on_erase(slot_id slot, uint64_t key_hash, removal_cause why,
                             uint8_t unread_marks) {
  const auto& n = entries_[slot];
  auto from_main = n.queue == main_queue;
  auto remember = [&](ghost::origin_type origin) {
    ghosts_.reserve(ghosts_per_entry * entries_.count());
    ghosts_.put(key_hash, {origin, now_, n.note}, now_);
  };
  if (why == removal_cause::evicted)
    remember(from_main ? ghost::origin_type::main_queue
                       : ghost::origin_type::small_queue);
  else if (why != removal_cause::removed && (from_main || unread_marks > 0))
    remember(ghost::origin_type::proven);
  entries_.erase(slot);
}

std::optional<slot_id> adaptive_fifo::victim(const take_mark& marks) {
  if (entries_.count() == 0)
    return std::nullopt;
  filling_ = false;
  auto laps = entries_.count() * (most_chances + 2);
  for (auto steps = std::min(laps, max_victim_steps); steps > 0; --steps) {
    if (!small_is_full()) {
      if (main_oldest_is_idle(marks))
        return entries_.oldest(main_queue);
      continue;
    }
    auto s = entries_.oldest(small_queue);
    auto& n = entries_[s];
    auto uses = marks(s);
    if (uses == 0)
      return s;
    auto proven = n.chances + uses > 1;
    n.chances = proven ? 0 : 1;
    n.note = now_;
    entries_.move(s, proven ? main_queue : small_queue);
  }
  return entries_.oldest(small_is_full() ? small_queue : main_queue);
}

bool adaptive_fifo::small_is_full() const {
  return entries_.count(small_queue) > 0
         && (entries_.count(main_queue) == 0
             || static_cast<double>(entries_.bytes(small_queue))
                    >= static_cast<double>(entries_.bytes()) * small_ratio_);
}

bool adaptive_fifo::main_oldest_is_idle(const take_mark& marks) {
  auto s = entries_.oldest(main_queue);
  auto& n = entries_[s];
  unsigned uses = n.chances + marks(s);
  if (uses == 0)
    return true;
  n.chances = std::min(uses - 1, most_chances) & 3u;
  n.note = now_;
  entries_.move(s, main_queue);
  return false;
}

bool adaptive_fifo::wins(const ghost& g, const take_mark& marks) {
  auto count = entries_.count(main_queue);
  if (count == 0)
    return true;
  // Main has room left within its share.
  auto mean = static_cast<double>(entries_.bytes(main_queue))
              / static_cast<double>(count);
  if (static_cast<double>(entries_.bytes(main_queue)) + mean
      < static_cast<double>(entries_.bytes()) * (1 - small_ratio_))
    return true;
  if (!main_oldest_is_idle(marks))
    return false;
  auto idle
      = ghost_table::age(entries_[entries_.oldest(main_queue)].note, now_);
  return idle > ghost_table::age(g.last_used, now_);
}

void adaptive_fifo::adapt(const ghost& g, bool won) {
  auto count = static_cast<double>(entries_.count());
  auto away = static_cast<double>(ghost_table::age(g.left, now_));
  auto small_count = count * small_ratio_;
  auto step = 0.0;
  if (g.origin == ghost::origin_type::main_queue)
    step = away < std::max(small_count, 1.0) ? -1.0 : 0.0;
  else if (away >= count - small_count)
    step = -out_of_reach_step;
  else if (won)
    step = 1.0;
  small_ratio_ = std::clamp(small_ratio_ + step / std::max(count, 1.0),
                            least_small_ratio, most_small_ratio);
}

} // namespace toadcache
