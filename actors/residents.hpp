// The resident rows, absences and lists of one entity type: what goes in and
// out of the partition, with times to live, budget, eviction and counters. Used
// by the one cache actor that owns the partition; no messages, never blocks.
//
// Invariant: `used_bytes` is at most the share, but for what a share that has
// shrunk is still giving up (`shrink_step`) and what readers hold of it.
#pragma once

#include <functional>
#include <memory>
#include <random>
#include <unordered_map>

#include "actors/shared_state.hpp"
#include "model/block_memory.hpp"
#include "policy/evicted_keys.hpp"
#include "policy/eviction.hpp"
#include "policy/expiry_wheel.hpp"
#include "policy/spellings.hpp"

namespace toadcache {

class residents {
public:
  residents(shared_ptr_state shared, cache_id id);
  ~residents();
  residents(const residents&) = delete;
  residents& operator=(const residents&) = delete;

  /// Installs a row, an absence (empty `content`) or, for a list key, a list,
  /// fetched at `fetched`. False: refused, too big for the type's share or its
  /// group's; an older entry of the key is gone then. Evicts before it
  /// installs.
  bool install(const key& k, row content, key_list list, time_point fetched,
               tier from);

  /// The entry removed, or nullptr. Counts the cause.
  entry_ptr drop(const key& k, removal_cause why);
  /// Whatever is there, visible or not, unmarked; nullptr if nothing.
  [[nodiscard]] entry_ptr peek(const key& k) const { return memory_.peek(k); }
  /// The entry if readers could see it.
  [[nodiscard]] entry_ptr visible(const key& k) const;

  /// Hides everything at once; `sweep_step` frees it.
  void flush();
  /// Removes what is hidden in one slice of the table. True while slices of
  /// this round are left.
  bool sweep_step();
  /// Frees what readers held up.
  void collect();
  /// Removes what is past its last use, some at a time. True while more is.
  bool expire_step(time_point now);
  /// When to call that next; absent when nothing is resident. O(1).
  [[nodiscard]] std::optional<time_point> next_expiry() const;
  /// Removes every list and absence of one index. O(n).
  void drop_index(index_id i);
  /// The resident rows and absences whose keys have that common form. O(their
  /// number), which `spelling_count` tells before.
  [[nodiscard]] std::vector<key> spellings_of(const key& form) const;
  [[nodiscard]] size_t spelling_count(const key& form) const {
    return spelled_.count(form);
  }
  /// Removes the rows whose list key of an index is `list`. O(n).
  std::vector<key> drop_rows_of(const key& list);

  /// Until when the entry may be served, and how.
  [[nodiscard]] entry_times times_of(const entry& e) const {
    return memory_.times_of(e);
  }
  /// The same of a row fetched at `fetched`.
  [[nodiscard]] entry_times times_of(const key& k, time_point fetched) const {
    return memory_.times_of(k.hash(), false, fetched);
  }

  // -- the share (residents_share.cpp) ----------------------------------------

  /// The bytes that may be used from now on. `step_bytes`: misses of keys that
  /// so much more would have kept are counted.
  void set_share(size_t share_bytes, size_t step_bytes);
  /// Evicts what is above the share, some at a time. True while more can go.
  bool shrink_step();
  [[nodiscard]] size_t share_bytes() const { return share_bytes_; }
  /// Entries, tables, what readers hold, and the owner's bookkeeping.
  [[nodiscard]] size_t used_bytes() const;
  /// Somebody asked for what is not here.
  void on_miss(const key& k);
  /// Of these, how many a step more would have spared.
  [[nodiscard]] uint64_t regained_count() const { return regained_count_; }

private:
  /// Why an eviction, beyond that space was needed.
  enum class eviction_reason : uint8_t { newcomer, group, shrink };

  [[nodiscard]] std::vector<key>
  collect_keys(const std::function<bool(const entry&)>& wanted) const;
  void enter(const entry& e);
  slot_id take_slot();

  /// Evicts until the entry fits, its group included. False: it cannot.
  bool make_room(const entry_parts& p);
  bool make_room_in_group(uint64_t group, size_t bytes, const key& newcomer);
  /// Evicts until `used_bytes` and the number of entries are down to that.
  bool evict_down_to(size_t bytes, size_t count);
  void evict(slot_id s, eviction_reason why);
  [[nodiscard]] slot_id idle_slot_of(uint64_t group, const key& newcomer);
  [[nodiscard]] uint64_t group_of_row(const key& k, const row& content) const;
  [[nodiscard]] uint64_t group_of_entry(const entry& e) const;
  void join_group(const entry& e);
  void leave_group(const entry& e);
  /// What the owner keeps beyond the entries themselves.
  [[nodiscard]] size_t bookkeeping_bytes() const;
  void publish_bookkeeping();
  /// Gives back the arrays of many entries that have left.
  void compact();

  shared_ptr_state shared_;
  const entity_type& type_;
  partition& memory_;
  entity_counters& count_;
  std::unique_ptr<eviction_policy> policy_;
  block_vector<const entry*> slots_; ///< owned by memory_; null: free
  block_vector<slot_id> free_slots_;
  take_mark marks_;
  expiry_wheel wheel_; ///< every resident entry, by the second of its last use
  expiry_wheel::due_of due_;
  evicted_keys evicted_;
  size_t share_bytes_ = 0;
  uint64_t regained_count_ = 0;
  uint64_t published_bytes_ = 0; ///< of the type's bookkeeping, this one's part
  size_t max_count_ = 0;         // 0: no bound
  bool groups_;                  ///< rows of one group can be many
  std::unordered_map<uint64_t, size_t> group_bytes_;
  std::minstd_rand random_; ///< the same in every run
  size_t next_bucket_ = 0;
  bool folds_; ///< keys of rows may be spelled in several ways
  spellings spelled_;
};

} // namespace toadcache
