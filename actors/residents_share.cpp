// The residents' share of the budget: what leaves for space, and who decides.
#include <algorithm>

#include "actors/residents.hpp"
#include "model/group_of.hpp"

namespace toadcache {

namespace {

// Entries that leave together while the share shrinks: below a millisecond.
constexpr size_t evicted_per_step = 500;
// The arrays of a few entries, as the tables' smallest size, count for nothing.
constexpr size_t smallest_bookkeeping = 4096;
// A group with its bytes, as std::unordered_map keeps it.
constexpr size_t group_node_bytes = 48;
// Entries looked at for one of a group that holds a good part of them all.
constexpr size_t sampled_count = 64;
constexpr size_t compact_from_count = 64;

void count_one(std::atomic<uint64_t>& c) {
  c.fetch_add(1, std::memory_order_relaxed);
}

size_t part_of(size_t bytes, double ratio) {
  return static_cast<size_t>(static_cast<double>(bytes) * ratio);
}

} // namespace

void residents::set_share(size_t share_bytes, size_t step_bytes) {
  share_bytes_ = share_bytes;
  evicted_.set_window(step_bytes);
  auto& o = shared_->config.memory;
  if (o.max_keys_count != 0) {
    auto ratio = static_cast<double>(share_bytes)
                 / static_cast<double>(std::max<size_t>(o.budget_bytes, 1));
    max_count_ = std::max<size_t>(part_of(o.max_keys_count, ratio), 1);
  }
}

bool residents::shrink_step() {
  auto too_many = [this] {
    return used_bytes() > share_bytes_
           || (max_count_ != 0 && memory_.row_count() > max_count_);
  };
  for (size_t n = 0; too_many(); ++n) {
    auto s = policy_->victim(marks_);
    if (!s) { // what is left is bookkeeping, or held by readers
      compact();
      collect();
      return false;
    }
    if (n == evicted_per_step)
      return true;
    evict(*s, eviction_reason::shrink);
    if (free_slots_.size() > slots_.size() / 4 * 3)
      compact();
  }
  collect();
  return false;
}

size_t residents::used_bytes() const {
  return memory_.used_bytes() + bookkeeping_bytes();
}

void residents::on_miss(const key& k) {
  if (auto n = evicted_.on_miss(k.hash()); n != 0) {
    regained_count_ += n;
    count_.regained.fetch_add(n, std::memory_order_relaxed);
  }
}

bool residents::make_room(const entry_parts& p) {
  auto before = memory_.peek(p.id);
  auto limit = part_of(share_bytes_, shared_->config.memory.max_row_ratio);
  auto weight = bytes_of(p);
  if (!fits_entry(p) || weight > limit) {
    count_one(count_.refused_oversize);
    return false;
  }
  if (auto group = group_of_row(p.id, p.content); group != 0) {
    auto own = before && group_of_entry(*before) == group ? before->bytes() : 0;
    if (!make_room_in_group(group, weight > own ? weight - own : 0, p.id)) {
      count_one(count_.refused_group);
      return false;
    }
  }
  // While the share shrinks, nothing is added to what is above it.
  auto most = std::max(share_bytes_, used_bytes());
  auto count
      = max_count_ == 0 ? SIZE_MAX : std::max(max_count_, memory_.row_count());
  auto make = [&](size_t freed) {
    auto more = weight > freed ? weight - freed : 0;
    return more <= most
           && evict_down_to(most - more, freed != 0 ? count : count - 1);
  };
  auto made = make(before ? before->bytes() : 0);
  if (made && before && !memory_.peek(p.id)) // it was the one to go
    made = make(0);
  if (!made)
    count_one(count_.refused_oversize);
  return made;
}

bool residents::make_room_in_group(uint64_t group, size_t bytes,
                                   const key& newcomer) {
  auto cap = part_of(share_bytes_, shared_->config.memory.max_group_ratio);
  for (;;) {
    auto i = group_bytes_.find(group);
    auto held = i == group_bytes_.end() ? 0 : i->second;
    if (held + bytes <= cap || bytes == 0)
      return true;
    auto s = held == 0 ? no_slot : idle_slot_of(group, newcomer);
    if (s == no_slot)
      return false;
    evict(s, eviction_reason::group);
  }
}

// The least used, then oldest, of those of the group in a random sample.
slot_id residents::idle_slot_of(uint64_t group, const key& newcomer) {
  auto best = no_slot;
  const auto epoch = epochs::now.load(std::memory_order_relaxed);
  auto is_better = [&](const entry& a, const entry& b) {
    auto uses = a.mark.load(std::memory_order_relaxed);
    auto others = b.mark.load(std::memory_order_relaxed);
    return uses != others ? uses < others : a.born_before(b.birth(epoch));
  };
  // Of a few, all.
  auto few = slots_.size() <= sampled_count;
  for (size_t n = 0; n < std::min(slots_.size(), sampled_count); ++n) {
    auto s = static_cast<slot_id>(few ? n : random_() % slots_.size());
    const auto* e = slots_[s];
    if (e != nullptr && !e->is(newcomer) && group_of_entry(*e) == group
        && (best == no_slot || is_better(*e, *slots_[best])))
      best = s;
  }
  return best;
}

bool residents::evict_down_to(size_t bytes, size_t count) {
  while (used_bytes() > bytes || memory_.row_count() > count) {
    auto s = policy_->victim(marks_);
    if (!s)
      return false;
    evict(*s, eviction_reason::newcomer);
  }
  return true;
}

void residents::evict(slot_id s, eviction_reason why) {
  auto& e = *slots_[s];
  if (why == eviction_reason::group) // a larger share is not what it lacked
    count_one(count_.group_evictions);
  else
    evicted_.on_evict(e.hash(type_.id), e.bytes());
  if (why == eviction_reason::shrink)
    count_one(count_.shrink_evictions);
  drop(e.id(type_.id), removal_cause::evicted);
}

uint64_t residents::group_of_row(const key& k, const row& content) const {
  if (!groups_)
    return 0;
  return content ? group_of(type_, content) : group_of(type_, k);
}

uint64_t residents::group_of_entry(const entry& e) const {
  return groups_ ? group_of_row(e.id(type_.id), e.content()) : 0;
}

void residents::join_group(const entry& e) {
  if (auto group = group_of_entry(e); group != 0)
    group_bytes_[group] += e.bytes();
}

void residents::leave_group(const entry& e) {
  auto i = group_bytes_.find(group_of_entry(e));
  if (i == group_bytes_.end())
    return;
  i->second -= std::min(i->second, e.bytes());
  if (i->second == 0)
    group_bytes_.erase(i);
}

size_t residents::bookkeeping_bytes() const {
  auto own = slots_.capacity() * sizeof(slots_[0])
             + free_slots_.capacity() * sizeof(slot_id)
             + policy_->bookkeeping_bytes() + wheel_.bookkeeping_bytes()
             + evicted_.bookkeeping_bytes()
             + group_bytes_.size() * group_node_bytes;
  return own > smallest_bookkeeping ? own - smallest_bookkeeping : 0;
}

void residents::publish_bookkeeping() {
  auto now = bookkeeping_bytes();
  count_.bookkeeping_bytes.fetch_add(now - published_bytes_,
                                     std::memory_order_relaxed);
  published_bytes_ = now;
}

void residents::collect() {
  memory_.collect();
  if (free_slots_.size() > slots_.size() / 4 * 3)
    compact();
  publish_bookkeeping();
}

// Those that are left get new slots; the policy starts anew with them, in the
// order of their slots. O(entries left), which are a quarter of the slots.
void residents::compact() {
  if (slots_.size() < compact_from_count)
    return;
  block_vector<const entry*> left;
  for (const auto* e : slots_)
    if (e != nullptr)
      left.push_back(e);
  slots_ = std::move(left);
  free_slots_ = block_vector<slot_id>{}; // `{}` alone would keep its memory
  policy_ = std::move(make_eviction_policy(type_.eviction).value());
  wheel_ = expiry_wheel{wheel_.now()};
  group_bytes_ = decltype(group_bytes_){};
  for (slot_id s = 0; s < slots_.size(); ++s) {
    slots_[s]->set_slot(s);
    enter(*slots_[s]);
  }
}

} // namespace toadcache
