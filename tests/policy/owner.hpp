// The owner of a partition in miniature: keys, slots, marks and a budget around
// an eviction policy.
#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "model/eviction_names.hpp"
#include "policy/eviction.hpp"

namespace toadcache {

class owner {
public:
  owner(eviction_policy& policy, size_t budget)
      : policy_(policy), budget_(budget) {}

  /// Reads a key as a cache would; true on a hit. Fails the invariants by
  /// returning from `broken`.
  bool read(uint64_t key, size_t weight = 1) {
    if (auto i = slots_.find(key); i != slots_.end()) {
      auto& mark = entries_[i->second].mark;
      mark = static_cast<uint8_t>(mark < max_mark ? mark + 1 : max_mark);
      return true;
    }
    while (used_ + weight > budget_ && used_ > 0)
      evict();
    insert(key, weight);
    return false;
  }

  void insert(uint64_t key, size_t weight) {
    slot_id s;
    if (free_.empty()) {
      s = static_cast<slot_id>(entries_.size());
      entries_.emplace_back();
    } else {
      s = free_.back();
      free_.pop_back();
    }
    entries_[s] = {key, weight, 0};
    slots_[key] = s;
    used_ += weight;
    policy_.on_insert(s, hash(key), weight, marks_);
  }

  /// The key that left.
  uint64_t evict() {
    auto s = policy_.victim(marks_);
    if (!s || *s >= entries_.size() || !contains(entries_[*s].key)
        || slots_[entries_[*s].key] != *s) {
      broken_ = true; // no victim, or one that is not there
      used_ = 0;
      return UINT64_MAX;
    }
    auto key = entries_[*s].key;
    erase(key, removal_cause::evicted);
    return key;
  }

  void erase(uint64_t key, removal_cause why) {
    auto s = slots_.at(key);
    policy_.on_erase(s, hash(key), why, entries_[s].mark);
    used_ -= entries_[s].weight;
    slots_.erase(key);
    free_.push_back(s);
  }

  void replace(uint64_t key, size_t weight) {
    auto s = slots_.at(key);
    used_ += weight - entries_[s].weight;
    entries_[s].weight = weight;
    policy_.on_replace(s, weight);
  }

  [[nodiscard]] bool contains(uint64_t key) const {
    return slots_.count(key) != 0;
  }
  [[nodiscard]] std::set<uint64_t> keys() const {
    std::set<uint64_t> all;
    for (auto [key, s] : slots_)
      all.insert(key);
    return all;
  }
  [[nodiscard]] size_t used() const { return used_; }
  [[nodiscard]] bool broken() const {
    return broken_ || policy_.size() != slots_.size();
  }
  /// Marks taken so far: the policy's work.
  [[nodiscard]] size_t steps() const { return steps_; }

  /// Different keys differ in the bits that matter.
  static uint64_t hash(uint64_t key) {
    auto h = (key + 1) * 0x9e3779b97f4a7c15;
    return (h ^ (h >> 31)) * 0xbf58476d1ce4e5b9;
  }

private:
  struct resident {
    uint64_t key = 0;
    size_t weight = 0;
    uint8_t mark = 0;
  };
  eviction_policy& policy_;
  size_t budget_;
  size_t used_ = 0;
  size_t steps_ = 0;
  bool broken_ = false;
  std::map<uint64_t, slot_id> slots_;
  std::vector<resident> entries_;
  std::vector<slot_id> free_;
  take_mark marks_ = [this](slot_id s) {
    ++steps_;
    return std::exchange(entries_[s].mark, uint8_t{0});
  };
};

} // namespace toadcache
