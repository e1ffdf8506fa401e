// The resident rows, absences and lists of one entity type: what goes in and
// out of the partition, with times to live, budget, eviction and counters. Used
// by the one cache actor that owns the partition; no messages, never blocks.
#pragma once

#include <functional>
#include <memory>

#include "actors/shared_state.hpp"
#include "policy/eviction.hpp"
#include "policy/spellings.hpp"

namespace toadcache {

class residents {
public:
  residents(shared_ptr_state shared, cache_id id);
  residents(const residents&) = delete;
  residents& operator=(const residents&) = delete;

  /// Installs a row, an absence (empty `content`) or, for a list key, a list,
  /// fetched at `fetched`. False: refused, too big for the type's budget; an
  /// older entry of the key is gone then. Evicts until the budget holds.
  bool install(const key& k, row content, key_list list, time_point fetched,
               tier from, uint64_t order);

  /// The entry removed, or nullptr. Counts the cause.
  entry_ptr drop(const key& k, removal_cause why);
  /// Whatever is there, visible or not, unmarked; nullptr if nothing.
  [[nodiscard]] entry_ptr peek(const key& k) const { return memory_.peek(k); }
  /// The entry if readers could see it.
  [[nodiscard]] entry_ptr visible(const key& k) const;

  /// Hides everything at once; `sweep_step` frees it.
  void flush();
  /// Removes what is hidden or past its last use in one slice of the table.
  /// True while slices of this round are left.
  bool sweep_step(time_point now);
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

private:
  std::vector<key>
  collect(const std::function<bool(const entry&)>& wanted) const;
  /// Evicts until so much more fits.
  void make_room(size_t bytes, size_t rows);
  slot_id take_slot();

  shared_ptr_state shared_;
  const entity_type& type_;
  partition& memory_;
  entity_counters& count_;
  std::unique_ptr<eviction_policy> policy_;
  std::vector<const entry*> slots_; ///< owned by memory_; null: free
  std::vector<slot_id> free_slots_;
  take_mark marks_;
  size_t budget_bytes_;
  size_t max_count_; // 0: no bound
  size_t next_bucket_ = 0;
  bool folds_; ///< keys of rows may be spelled in several ways
  spellings spelled_;
};

} // namespace toadcache
