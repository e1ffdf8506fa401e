#include "actors/residents.hpp"

#include <algorithm>

namespace toadcache {

namespace {

// One row per group needs no cap.
bool has_groups(const entity_type& t) {
  return t.group_column
         && t.primary_key != std::vector<size_t>{*t.group_column};
}

// The catalog's check has accepted the name.
std::unique_ptr<eviction_policy> policy_of(const entity_type& t) {
  return std::move(make_eviction_policy(t.eviction).value());
}

// The second after which an entry is past its last use.
expiry_wheel::tick due_tick(const entry_times& t) {
  auto end = std::chrono::ceil<seconds>(last_use(t).time_since_epoch());
  return static_cast<expiry_wheel::tick>(std::max<int64_t>(end.count(), 0));
}

expiry_wheel::tick tick_at(time_point now) {
  auto passed = std::chrono::floor<seconds>(now.time_since_epoch());
  return static_cast<expiry_wheel::tick>(std::max<int64_t>(passed.count(), 0));
}

// Entries that leave together by age: a fraction of a millisecond.
constexpr size_t expired_per_step = 500;
// Entries that a slice of a sweep looks at, a bucket of the table at least.
constexpr size_t swept_per_step = 256;

} // namespace

residents::residents(shared_ptr_state shared, cache_id id)
    : shared_(std::move(shared)),
      type_((*shared_->types)[shared_->caches.type_of(id)]),
      memory_(*shared_->partitions[id]),
      count_(shared_->count.entities[type_.id]), policy_(policy_of(type_)),
      wheel_(tick_at(shared_->time.now())), groups_(has_groups(type_)),
      random_(id + 1u), folds_(type_.folds(primary_index)) {
  marks_ = [this](slot_id s) {
    return slots_[s]->mark.exchange(0, std::memory_order_relaxed);
  };
  due_ = [this](slot_id s) { return due_tick(times_of(*slots_[s])); };
  auto& o = shared_->config.memory;
  set_share(shared_->share_of_cache(id),
            static_cast<size_t>(static_cast<double>(o.budget_bytes)
                                * o.share_step_ratio)
                / shared_->caches.count_of(type_.id));
  // An earlier incarnation's entries are hidden, but count until they go.
  for (size_t b = 0; b < memory_.bucket_count(); ++b)
    memory_.for_each_in(b, [&](const entry& e) {
      if (e.slot() >= slots_.size())
        slots_.resize(size_t{e.slot()} + 1);
      slots_[e.slot()] = &e;
    });
  for (slot_id s = 0; s < slots_.size(); ++s)
    if (const auto* e = slots_[s])
      enter(*e);
    else
      free_slots_.push_back(s);
}

residents::~residents() {
  count_.bookkeeping_bytes.fetch_sub(published_bytes_,
                                     std::memory_order_relaxed);
}

bool residents::install(const key& k, row content, key_list list,
                        time_point fetched, tier from) {
  const entry_parts parts{k, std::move(content), std::move(list), fetched,
                          from};
  auto used = used_bytes(); // above the share while that shrinks
  if (!make_room(parts)) {
    drop(k, removal_cause::invalidated);
    return false;
  }
  auto before = memory_.peek(k);
  if (before)
    leave_group(*before);
  auto stored = memory_.put(parts, before ? before->slot() : take_slot());
  slots_[stored->slot()] = stored.get();
  if (before) {
    policy_->on_replace(stored->slot(), stored->bytes());
    wheel_.move(stored->slot(), due_tick(times_of(*stored)));
    join_group(*stored);
  } else {
    enter(*stored);
  }
  if (folds_ && k.is_row())
    if (auto form = type_.common_form(k); form && *form != k)
      spelled_.add(*form, k);
  // A table or an array may have grown with it.
  evict_down_to(std::max(share_bytes_, used), SIZE_MAX);
  publish_bookkeeping();
  return true;
}

void residents::enter(const entry& e) {
  policy_->on_insert(e.slot(), e.hash(type_.id), e.bytes(), marks_);
  wheel_.add(e.slot(), due_tick(times_of(e)));
  join_group(e);
}

entry_ptr residents::drop(const key& k, removal_cause why) {
  auto removed = memory_.erase(k);
  if (!removed)
    return nullptr;
  policy_->on_erase(removed->slot(), k.hash(), why,
                    removed->mark.load(std::memory_order_relaxed));
  if (wheel_.contains(removed->slot())) // else it is being expired
    wheel_.erase(removed->slot());
  leave_group(*removed);
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

bool residents::sweep_step() {
  std::vector<key> gone;
  size_t seen = 0;
  do {
    memory_.for_each_in(next_bucket_, [&](const entry& e) {
      ++seen;
      if (!memory_.visible(e))
        gone.push_back(e.id(type_.id));
    });
    next_bucket_ = (next_bucket_ + 1) % memory_.bucket_count();
  } while (next_bucket_ != 0 && seen < swept_per_step);
  for (auto& k : gone)
    drop(k, removal_cause::removed);
  if (next_bucket_ == 0)
    collect();
  return next_bucket_ != 0;
}

bool residents::expire_step(time_point now) {
  std::vector<slot_id> due;
  auto done = wheel_.advance(tick_at(now), expired_per_step, due_, due);
  for (auto s : due) {
    auto& e = *slots_[s];
    drop(e.id(type_.id),
         memory_.visible(e) ? removal_cause::expired : removal_cause::removed);
  }
  return !done;
}

std::optional<time_point> residents::next_expiry() const {
  auto next = wheel_.next();
  if (!next)
    return std::nullopt;
  return time_point{seconds{static_cast<int64_t>(*next)}};
}

void residents::drop_index(index_id i) {
  for (auto& k : collect_keys([&](const entry& e) {
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
  auto found = collect_keys([&](const entry& e) {
    return e.has_content() && type_.key_of(e.content(), list.index()) == list;
  });
  for (auto& k : found)
    drop(k, removal_cause::removed);
  return found;
}

std::vector<key>
residents::collect_keys(const std::function<bool(const entry&)>& wanted) const {
  std::vector<key> found;
  for (size_t b = 0; b < memory_.bucket_count(); ++b)
    memory_.for_each_in(b, [&](const entry& e) {
      if (wanted(e))
        found.push_back(e.id(type_.id));
    });
  return found;
}

slot_id residents::take_slot() {
  if (free_slots_.empty()) {
    if (slots_.size() == slots_.capacity()) // by an eighth: it is many
      slots_.reserve(slots_.size() + slots_.size() / 8 + 8);
    slots_.push_back(nullptr);
    return static_cast<slot_id>(slots_.size() - 1);
  }
  auto s = free_slots_.back();
  free_slots_.pop_back();
  return s;
}

} // namespace toadcache
