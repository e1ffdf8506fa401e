#include "actors/residents.hpp"

#include <algorithm>

namespace toadcache {

namespace {

// What the owner and the default eviction policy keep of an entry, and of one
// that has left.
constexpr size_t bookkeeping_bytes = 48;

// Entries that a slice of a sweep looks at, a bucket at least.
constexpr size_t sweep_count = 256;

size_t weight_of(const entry& e) {
  return e.bytes() + bookkeeping_bytes;
}

// The catalog's check has accepted the name.
std::unique_ptr<eviction_policy> policy_of(const entity_type& t) {
  return std::move(make_eviction_policy(t.eviction).value());
}

size_t share_of_count(const shared_state& shared, size_t budget) {
  if (shared.config.memory.max_keys_count == 0)
    return 0;
  auto share = static_cast<double>(budget)
               / static_cast<double>(
                   std::max<size_t>(shared.config.memory.budget_bytes, 1));
  auto count = static_cast<double>(shared.config.memory.max_keys_count) * share;
  return std::max<size_t>(static_cast<size_t>(count), 1);
}

} // namespace

residents::residents(shared_ptr_state shared, cache_id id)
    : shared_(std::move(shared)),
      type_((*shared_->types)[shared_->caches.type_of(id)]),
      memory_(*shared_->partitions[id]),
      count_(shared_->count.entities[type_.id]), policy_(policy_of(type_)),
      budget_bytes_(shared_->budget_of(type_.id)
                    / shared_->caches.count_of(type_.id)),
      max_count_(share_of_count(*shared_, budget_bytes_)),
      folds_(type_.folds(primary_index)) {
  marks_ = [this](slot_id s) {
    return slots_[s]->mark.exchange(0, std::memory_order_relaxed);
  };
  // An earlier incarnation's entries are hidden, but count until they go.
  for (size_t b = 0; b < memory_.bucket_count(); ++b)
    memory_.for_each_in(b, [&](const entry& e) {
      if (e.slot() >= slots_.size())
        slots_.resize(size_t{e.slot()} + 1);
      slots_[e.slot()] = &e;
    });
  for (slot_id s = 0; s < slots_.size(); ++s)
    if (const auto* e = slots_[s])
      policy_->on_insert(s, e->hash(type_.id), weight_of(*e), marks_);
    else
      free_slots_.push_back(s);
}

bool residents::install(const key& k, row content, key_list list,
                        time_point fetched, tier from, uint64_t order) {
  const entry_parts parts{
      k, std::move(content), std::move(list), fetched, from, order};
  auto limit = static_cast<double>(budget_bytes_)
               * shared_->config.memory.max_row_ratio;
  auto weight = bytes_of(parts) + bookkeeping_bytes;
  if (!fits_entry(parts) || static_cast<double>(weight) > limit) {
    drop(k, removal_cause::invalidated);
    return false;
  }
  auto before = memory_.peek(k);
  auto freed = before ? weight_of(*before) : 0;
  make_room(weight > freed ? weight - freed : 0, before ? 0 : 1);
  before = memory_.peek(k); // it may have been the one to go
  auto stored = memory_.put(parts, before ? before->slot() : take_slot());
  slots_[stored->slot()] = stored.get();
  if (before)
    policy_->on_replace(stored->slot(), weight);
  else
    policy_->on_insert(stored->slot(), k.hash(), weight, marks_);
  if (folds_ && k.is_row())
    if (auto form = type_.common_form(k); form && *form != k)
      spelled_.add(*form, k);
  return true;
}

entry_ptr residents::drop(const key& k, removal_cause why) {
  auto removed = memory_.erase(k);
  if (!removed)
    return nullptr;
  policy_->on_erase(removed->slot(), k.hash(), why,
                    removed->mark.load(std::memory_order_relaxed));
  slots_[removed->slot()] = nullptr;
  free_slots_.push_back(removed->slot());
  if (folds_ && k.is_row())
    if (auto form = type_.common_form(k))
      spelled_.remove(*form, k);
  auto add = [](std::atomic<uint64_t>& c) {
    c.fetch_add(1, std::memory_order_relaxed);
  };
  switch (why) {
  case removal_cause::expired:
    add(count_.expirations);
    break;
  case removal_cause::evicted:
    add(count_.evictions);
    break;
  case removal_cause::invalidated:
    add(count_.invalidations);
    break;
  case removal_cause::removed:
    add(count_.removals);
    break;
  }
  return removed;
}

entry_ptr residents::visible(const key& k) const {
  auto e = memory_.peek(k);
  return e && memory_.visible(*e) ? e : nullptr;
}

void residents::flush() {
  memory_.bump_generation();
  next_bucket_ = 0;
}

bool residents::sweep_step(time_point now) {
  std::vector<std::pair<key, removal_cause>> gone;
  size_t seen = 0;
  do {
    memory_.for_each_in(next_bucket_, [&](const entry& e) {
      ++seen;
      if (!memory_.visible(e)) {
        gone.emplace_back(e.id(type_.id), removal_cause::removed);
        return;
      }
      auto times = times_of(e);
      if (now >= times.stale_until && now >= times.refresh_until)
        gone.emplace_back(e.id(type_.id), removal_cause::expired);
    });
    next_bucket_ = (next_bucket_ + 1) % memory_.bucket_count();
  } while (next_bucket_ != 0 && seen < sweep_count);
  for (auto& [k, why] : gone)
    drop(k, why);
  if (next_bucket_ == 0)
    memory_.collect();
  return next_bucket_ != 0;
}

void residents::drop_index(index_id i) {
  for (auto& k : collect([&](const entry& e) {
         return e.index() == i && (!e.is_row() || !e.has_content());
       }))
    drop(k, removal_cause::invalidated);
}

std::vector<key> residents::spellings_of(const key& form) const {
  auto found = spelled_.of(form);
  if (memory_.peek(form))
    found.push_back(form);
  return found;
}

std::vector<key> residents::drop_rows_of(const key& list) {
  auto found = collect([&](const entry& e) {
    return e.has_content() && type_.key_of(e.content(), list.index()) == list;
  });
  for (auto& k : found)
    drop(k, removal_cause::removed);
  return found;
}

std::vector<key>
residents::collect(const std::function<bool(const entry&)>& wanted) const {
  std::vector<key> found;
  for (size_t b = 0; b < memory_.bucket_count(); ++b)
    memory_.for_each_in(b, [&](const entry& e) {
      if (wanted(e))
        found.push_back(e.id(type_.id));
    });
  return found;
}

void residents::make_room(size_t bytes, size_t rows) {
  auto fits = [&] {
    return memory_.used_bytes() + memory_.row_count() * bookkeeping_bytes
                   + bytes
               <= budget_bytes_
           && (max_count_ == 0 || memory_.row_count() + rows <= max_count_);
  };
  while (!fits()) {
    auto s = policy_->victim(marks_);
    if (!s)
      return;
    drop(slots_[*s]->id(type_.id), removal_cause::evicted);
  }
}

slot_id residents::take_slot() {
  if (free_slots_.empty()) {
    slots_.push_back(nullptr);
    return static_cast<slot_id>(slots_.size() - 1);
  }
  auto s = free_slots_.back();
  free_slots_.pop_back();
  return s;
}

} // namespace toadcache
