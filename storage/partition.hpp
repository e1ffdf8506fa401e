// The memory of one cache actor: rows, absences and lists by key. One writer
// (the actor), readers on any thread without a message. Outlives an actor's
// restart; held by shared pointer by the actor and the facade.
//
// Invariants. An entry is visible while the partition is open and the entry's
// generation is the partition's; whether it may be served is judged by its
// times and the trust lease (policy/expiry.hpp). Replacing an entry makes a new
// one; readers keep the old block alive by reference count.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <vector>

#include "model/reply.hpp"
#include "policy/eviction.hpp"
#include "policy/expiry.hpp"
#include "storage/clock.hpp"

namespace toadcache {

/// What is cached under one key. Immutable but for the marks of readers.
struct entry {
  key id;
  row content;   ///< empty for a row key: "no such row"
  key_list list; ///< of a list key
  entry_times times;
  uint64_t generation = 0;
  /// Where the content came from; a reply from memory names `memory`.
  tier from = tier::memory;
  /// The owner's order of installs and fills: a fill begun after it was
  /// installed sees the same or a newer state.
  uint64_t order = 0;
  size_t weight_bytes = 0;
  slot_id slot = no_slot; ///< the owner's number of it, for the policy
  /// Counted up to max_mark by readers, taken by the owner's eviction policy.
  mutable std::atomic<uint8_t> mark{0};
  /// The reader that flips it asks for the one refresh of a stale entry.
  mutable std::atomic<bool> refresh_claimed{false};
};

using entry_ptr = std::shared_ptr<const entry>;

class partition {
public:
  partition() = default;
  partition(const partition&) = delete;
  partition& operator=(const partition&) = delete;

  // -- any thread -------------------------------------------------------------

  /// The visible entry, whatever its age, or nullptr. Marks it as used. Never
  /// waits for the owner's work, only for a bucket's short lock.
  [[nodiscard]] entry_ptr find(const key& id) const;

  [[nodiscard]] bool closed() const noexcept {
    return closed_.load(std::memory_order_acquire);
  }
  [[nodiscard]] uint64_t generation() const noexcept {
    return generation_.load(std::memory_order_acquire);
  }
  [[nodiscard]] uint64_t applied_seq() const noexcept {
    return applied_seq_.load(std::memory_order_acquire);
  }
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

  /// Inserts or replaces; sets weight_bytes and generation. The entry stored.
  entry_ptr put(std::shared_ptr<entry> e);
  /// The entry removed, or nullptr.
  entry_ptr erase(const key& id);
  /// As find, but sees hidden entries too and leaves no mark.
  [[nodiscard]] entry_ptr peek(const key& id) const;
  /// The table is walked a bucket at a time, so that no step takes long.
  [[nodiscard]] size_t bucket_count() const noexcept { return buckets_.size(); }
  /// Calls f(const entry_ptr&) for every entry of a bucket, hidden ones too,
  /// under its shared lock: f must not change the partition. O(bucket).
  template <class F>
  void for_each_in(size_t bucket, F f) const {
    auto& b = buckets_[bucket];
    std::shared_lock guard{b.lock};
    for (auto& [id, e] : b.entries)
      f(e);
  }
  /// Bytes that an entry occupies, bookkeeping included.
  [[nodiscard]] static size_t weight_of(const entry& e);

private:
  struct bucket_type {
    mutable std::shared_mutex lock;
    std::unordered_map<key, entry_ptr> entries;
  };
  [[nodiscard]] bucket_type& bucket_of(const key& id) const {
    return buckets_[(id.hash() >> 58) % buckets_.size()];
  }
  mutable std::array<bucket_type, 64> buckets_;
  std::atomic<bool> closed_{true};
  std::atomic<uint64_t> generation_{1};
  std::atomic<uint64_t> applied_seq_{0};
  std::atomic<time_point::rep> trusted_until_{
      time_point::max().time_since_epoch().count()};
  std::atomic<size_t> used_bytes_{0};
  std::atomic<size_t> rows_{0};
};

} // namespace toadcache
