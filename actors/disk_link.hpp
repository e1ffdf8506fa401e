// One cache actor's line to PERSISTENCE: orders its puts and erases and knows
// which entries on disk may be believed. Part of ENTITY CACHE's state; never
// blocks.
//
// An entry on disk may be served only if this incarnation put it there and no
// message to PERSISTENCE can have been lost since: erases and loads of a type
// travel from one sender, so their order is the order on disk, as long as both
// ends live. A new PERSISTENCE, a closed tier or a new incarnation of the cache
// means that nothing on disk is believed any more until it is put again or
// revalidated.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "actors/shared_state.hpp"
#include "policy/spellings.hpp"

namespace toadcache {

using disk_message = std::variant<put_entries, erase_entries, erase_type>;

class disk_link {
public:
  disk_link(shared_ptr_state shared, cache_id owner)
      : shared_(std::move(shared)), owner_(owner),
        type_((*shared_->types)[shared_->caches.type_of(owner)]),
        folds_(type_.folds(primary_index)) {}

  /// True when the entry is believed to be on disk and current.
  [[nodiscard]] bool may_load(const key& k) { return belief_in(k) != 0; }
  /// The number of the put that is believed in; 0: none. What was loaded is of
  /// use only while this is what it was when the load was asked for.
  [[nodiscard]] uint64_t belief_in(const key& k);
  /// True when some entry, possibly outdated, may be on disk.
  [[nodiscard]] bool may_rescue(const key& k) const;

  void put(disk_entry e);
  /// Nothing when another cache owns the key and does it.
  void erase(const key& k);
  /// Everything of the type: what other caches of it have put, they find gone.
  void erase_all();
  /// PERSISTENCE has shed or cleaned up these.
  void on_lost(const std::vector<key>& keys);
  /// A scan at start found this one, of an earlier run or incarnation.
  void on_found(const key& k) { doubtful_.insert(k.hash()); }
  /// One of those is current after all, unless it was erased or put since.
  /// Requires: no other key stands for the same row.
  void believe(const key& k);
  /// Nothing on disk is believed any more, or nothing of one index.
  void distrust();
  void distrust(index_id i);
  /// Nor rows whose keys have that common form. O(spellings).
  void distrust_spellings(const key& form);
  /// Of how many believed rows that is so, their form itself aside.
  [[nodiscard]] size_t spelling_count(const key& form) const {
    return spelled_.count(form);
  }

  /// What is waiting to be sent to `target()`, in order. The owner sends it
  /// itself (CAF orders messages per sender) at the end of each handler and
  /// before asking PERSISTENCE for anything.
  [[nodiscard]] std::vector<disk_message> take();
  /// The current PERSISTENCE; notices a new one.
  [[nodiscard]] persistence_actor target();

private:
  shared_ptr_state shared_;
  cache_id owner_;
  const entity_type& type_;
  bool folds_;             ///< keys of rows may be spelled in several ways
  persistence_actor seen_; // the incarnation that got our messages so far
  struct belief {
    index_id index = 0;
    uint64_t number = 0;
  };
  std::unordered_map<uint64_t, belief> current_; ///< entries to believe
  uint64_t puts_so_far_ = 0;
  std::unordered_set<uint64_t> doubtful_; ///< to revalidate
  spellings spelled_;                     ///< of `current_`
  std::vector<disk_message> waiting_;
  std::vector<disk_entry> puts_;
  std::vector<key> erases_;
  /// Planted: puts that are held back past the messages after them.
  std::vector<disk_entry> held_;
  std::vector<disk_entry> due_;
  void forget(const key& k);
  void enqueue(disk_entry e);
  void close_puts();
  void close_erases();
};

} // namespace toadcache
