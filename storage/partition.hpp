// The memory of one cache actor: rows, absences and lists by key. One writer
// (the actor), readers on any thread without a message or a lock. Outlives an
// actor's restart; held by shared pointer by the actor and the facade.
//
// Invariants. An entry is visible while the partition is open and it was put
// there after the last flush; whether it may be served is judged by its times
// and the trust lease (policy/expiry.hpp). Replacing an entry makes a new one;
// a removed one is freed when no reader can be looking at it and nobody owns it
// any more.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>

#include "policy/expiry.hpp"
#include "storage/clock.hpp"
#include "storage/entry_table.hpp"

namespace toadcache {

class partition {
public:
  /// For keys of one type, whose entries live so long.
  explicit partition(entity_id type = 0, lifetimes live = {})
      : type_(type), live_(live) {}
  partition(const partition&) = delete;
  partition& operator=(const partition&) = delete;

  // -- any thread -------------------------------------------------------------

  /// Calls f(const entry&) with the visible entry, whatever its age, and marks
  /// it as used. False: there is none. The entry is borrowed: f may copy its
  /// row, must not wait, and keeps memory from being freed while it runs.
  /// Allocates nothing.
  template <class F>
  bool visit(const key& id, F f) const {
    if (closed())
      return false;
    const auto first = visible_from();
    epochs::reader r;
    auto e = table_of(id).find(id, r);
    if (e == nullptr || e->born_before(first))
      return false;
    mark(*e);
    f(*e);
    return true;
  }
  /// The same for many keys, cheaper for each: f(size_t i, const entry&) for
  /// every key that is there, in order.
  template <class F>
  void visit_many(std::span<const key> ids, F f) const {
    if (closed())
      return;
    const auto first = visible_from();
    epochs::reader r;
    constexpr size_t ahead = 8;
    for (size_t i = 0; i < ids.size() && i < ahead; ++i)
      table_of(ids[i]).prefetch(ids[i], r);
    for (size_t i = 0; i < ids.size(); ++i) {
      if (i + ahead < ids.size())
        table_of(ids[i + ahead]).prefetch(ids[i + ahead], r);
      auto e = table_of(ids[i]).find(ids[i], r);
      if (e == nullptr || e->born_before(first))
        continue;
      mark(*e);
      f(i, *e);
    }
  }
  /// The owning form of visit; nullptr if there is none.
  [[nodiscard]] entry_ptr find(const key& id) const {
    entry_ptr found;
    visit(id, [&](const entry& e) { found.reset(&e); });
    return found;
  }

  [[nodiscard]] entity_id type() const noexcept { return type_; }
  /// When an entry, or what would be put under a key, may be served. O(1).
  [[nodiscard]] entry_times times_of(const entry& e) const noexcept {
    return times_of(e.hash(type_), e.is_row() && !e.has_content(), e.fetched());
  }
  [[nodiscard]] entry_times times_of(uint64_t key_hash, bool absent,
                                     time_point fetched) const noexcept {
    return live_.times_of(key_hash, absent, fetched);
  }
  /// What `visit` asks, for entries that were found otherwise.
  [[nodiscard]] bool visible(const entry& e) const noexcept {
    return !e.born_before(visible_from());
  }

  [[nodiscard]] bool closed() const noexcept {
    return closed_.load(std::memory_order_acquire);
  }
  /// Number of flushes so far and one.
  [[nodiscard]] uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }
  [[nodiscard]] uint64_t applied_seq() const noexcept {
    return applied_seq_.load(std::memory_order_acquire);
  }
  /// Of the entries, the tables beyond their smallest size, and what is removed
  /// but held by readers.
  [[nodiscard]] size_t used_bytes() const noexcept {
    return used_bytes_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] size_t row_count() const noexcept {
    return rows_.load(std::memory_order_relaxed);
  }

  /// Hides everything at once. Any thread (NODE, a dying actor).
  void close() noexcept { closed_.store(true, std::memory_order_seq_cst); }

  // -- the owner only ---------------------------------------------------------

  void open() noexcept { closed_.store(false, std::memory_order_seq_cst); }
  /// Flush in O(1): older entries are invisible from now on; memory is freed
  /// by `sweep`.
  void bump_generation() noexcept {
    // What was put before was born before the epoch that begins here.
    auto first = epochs::now.fetch_add(1, std::memory_order_seq_cst) + 1;
    visible_from_.store(first, std::memory_order_seq_cst);
    generation_.fetch_add(1, std::memory_order_seq_cst);
  }
  void set_applied_seq(uint64_t seq) noexcept {
    applied_seq_.store(seq, std::memory_order_release);
  }
  /// Monotonic time until which entries may be served as fresh (rule 11);
  /// without a feed: time_point::max().
  void set_trusted_until(time_point t) noexcept {
    trusted_until_.store(t.time_since_epoch().count(),
                         std::memory_order_release);
  }
  [[nodiscard]] time_point trusted_until() const noexcept {
    return time_point{
        time_point::duration{trusted_until_.load(std::memory_order_acquire)}};
  }

  /// Inserts or replaces. The entry stored. Requires: fits_entry(p), its key of
  /// this type.
  entry_ptr put(const entry_parts& p, slot_id slot = no_slot);
  /// The entry removed, or nullptr.
  entry_ptr erase(const key& id);
  /// As find, but sees hidden entries too and leaves no mark.
  [[nodiscard]] entry_ptr peek(const key& id) const;
  /// The content is walked a bucket at a time, so that no step takes long.
  [[nodiscard]] size_t bucket_count() const noexcept { return tables_.size(); }
  /// Calls f(const entry&) for every entry of a bucket, hidden ones too: f must
  /// not change the partition. O(bucket).
  template <class F>
  void for_each_in(size_t bucket, F f) const {
    tables_[bucket].for_each(f);
  }
  /// Frees what was removed and no reader looks at any more. Happens from time
  /// to time by itself; for idle times. Costs microseconds.
  void collect();
  /// Removed entries and tables that wait to be freed.
  [[nodiscard]] size_t waiting_bytes() const noexcept {
    return retired_.bytes();
  }

private:
  [[nodiscard]] uint64_t visible_from() const noexcept {
    return visible_from_.load(std::memory_order_acquire);
  }
  static void mark(const entry& e) noexcept {
    if (auto m = e.mark.load(std::memory_order_relaxed); m < max_mark)
      e.mark.store(static_cast<uint8_t>(m + 1), std::memory_order_relaxed);
  }
  [[nodiscard]] entry_table& table_of(const key& id) const {
    return tables_[id.hash() >> 58];
  }
  void count(size_t table_bytes_before, const entry_table& t);

  const entity_id type_;
  const lifetimes live_;
  mutable std::array<entry_table, 64> tables_;
  epochs::retired retired_;
  std::atomic<bool> closed_{true};
  std::atomic<uint64_t> visible_from_{0}; ///< epoch
  std::atomic<uint64_t> generation_{1};
  std::atomic<uint64_t> applied_seq_{0};
  std::atomic<time_point::rep> trusted_until_{
      time_point::max().time_since_epoch().count()};
  std::atomic<size_t> used_bytes_{0};
  std::atomic<size_t> rows_{0};
  size_t entry_bytes_ = 0;
  size_t table_bytes_ = 0;
};

} // namespace toadcache
