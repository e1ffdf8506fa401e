#include "tools/hit_ratio.hpp"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "policy/slot_queues.hpp"

namespace toadcache {

namespace {

class exact_lru final : public eviction_policy {
public:
  void on_insert(slot_id slot, uint64_t, size_t weight_bytes,
                 const take_mark&) override {
    entries_.insert(slot, 1, weight_bytes, 0);
  }
  void on_hit(slot_id slot) { entries_.move(slot, 1); }
  void on_replace(slot_id slot, size_t weight_bytes) override {
    entries_.reweigh(slot, weight_bytes);
  }
  void on_erase(slot_id slot, uint64_t, removal_cause, uint8_t) override {
    entries_.erase(slot);
  }
  std::optional<slot_id> victim(const take_mark&) override {
    if (entries_.count() == 0)
      return std::nullopt;
    return entries_.oldest(1);
  }
  [[nodiscard]] size_t size() const override { return entries_.count(); }
  [[nodiscard]] size_t bookkeeping_bytes() const override {
    return entries_.bookkeeping_bytes();
  }

private:
  slot_queues<1> entries_;
};

// Numbers hash as keys do: every bit counts (the finalizer of MurmurHash3).
uint64_t hash_of(uint32_t key) {
  uint64_t h = uint64_t{key} + 0x9e3779b97f4a7c15;
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

/// The cache of one run.
class simulated_cache {
public:
  simulated_cache(const request_trace& t, uint64_t capacity,
                  std::unique_ptr<eviction_policy> policy)
      : capacity_(capacity), slots_(t.key_count, no_slot),
        policy_(std::move(policy)),
        moved_(dynamic_cast<exact_lru*>(policy_.get())),
        marks_(
            [this](slot_id s) { return std::exchange(entries_[s].mark, 0); }) {}

  hit_count run(const request_trace& t) {
    if (t.is_weighted())
      for (const auto& r : t.requests)
        serve(r);
    else
      for (auto key : t.keys)
        read(key, 1, UINT64_MAX);
    count_.bookkeeping_bytes = policy_->bookkeeping_bytes();
    return count_;
  }

private:
  struct resident {
    uint32_t key = 0;
    uint32_t install = 0; ///< which of the runs' installs, to match expiries
    uint64_t weight = 0;
    uint8_t mark = 0;
  };
  struct expiry {
    uint64_t at_s;
    slot_id slot;
    uint32_t install;
    friend bool operator>(const expiry& a, const expiry& b) {
      return a.at_s > b.at_s;
    }
  };

  void serve(const trace_request& r) {
    for (; !expiries_.empty() && expiries_.top().at_s <= r.time_s;
         expiries_.pop()) {
      auto e = expiries_.top();
      if (entries_[e.slot].weight != 0 && entries_[e.slot].install == e.install)
        erase(e.slot, removal_cause::expired);
    }
    if (!r.is_write)
      read(r.key, uint64_t{r.value_bytes} + entry_overhead_bytes,
           uint64_t{r.time_s} + r.ttl_s);
    else if (auto s = slots_[r.key]; s != no_slot)
      erase(s, removal_cause::invalidated);
  }

  void read(uint32_t key, uint64_t weight, uint64_t until_s) {
    ++count_.reads;
    if (auto s = slots_[key]; s != no_slot) {
      ++count_.hits;
      auto& mark = entries_[s].mark;
      if (mark < max_mark)
        ++mark;
      if (moved_ != nullptr)
        moved_->on_hit(s);
      return;
    }
    if (weight > capacity_)
      return;
    while (used_ + weight > capacity_) {
      ++count_.evictions;
      erase(*policy_->victim(marks_), removal_cause::evicted);
    }
    auto s = take_slot();
    entries_[s] = {key, ++installs_, weight, 0};
    slots_[key] = s;
    used_ += weight;
    policy_->on_insert(s, hash_of(key), weight, marks_);
    count_.most_entries = std::max(count_.most_entries, policy_->size());
    if (until_s != UINT64_MAX)
      expiries_.push({until_s, s, installs_});
  }

  void erase(slot_id s, removal_cause why) {
    auto& e = entries_[s];
    policy_->on_erase(s, hash_of(e.key), why, e.mark);
    used_ -= e.weight;
    slots_[e.key] = no_slot;
    e.weight = 0;
    free_.push_back(s);
  }

  slot_id take_slot() {
    if (free_.empty()) {
      entries_.emplace_back();
      return static_cast<slot_id>(entries_.size() - 1);
    }
    auto s = free_.back();
    free_.pop_back();
    return s;
  }

  uint64_t capacity_;
  uint64_t used_ = 0;
  std::vector<slot_id> slots_; ///< by key
  std::vector<resident> entries_;
  std::vector<slot_id> free_;
  std::priority_queue<expiry, std::vector<expiry>, std::greater<>> expiries_;
  uint32_t installs_ = 0;
  std::unique_ptr<eviction_policy> policy_;
  exact_lru* moved_; ///< the policy, if it is to be told of hits
  take_mark marks_;
  hit_count count_;
};

} // namespace

result<hit_count> count_hits(const request_trace& t, uint64_t capacity,
                             std::string_view policy) {
  if (policy == exact_lru_name)
    return simulated_cache{t, capacity, std::make_unique<exact_lru>()}.run(t);
  auto made = make_eviction_policy(policy);
  if (!made)
    return fail(made.error());
  return simulated_cache{t, capacity, std::move(*made)}.run(t);
}

} // namespace toadcache
