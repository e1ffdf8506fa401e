// A hash table of entries: one writer, readers on any thread without a lock or
// a message. Open addressing over words of pointer and hash tag, so that a
// lookup costs one cache miss for the word and one for the entry. It grows by
// building a table a quarter bigger and publishing it: readers go on with the
// old one.
//
// The table owns one reference of each entry; what leaves is released when no
// reader can be looking at it (storage/epochs.hpp).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "storage/entry.hpp"
#include "storage/epochs.hpp"

namespace toadcache {

class entry_table {
public:
  entry_table();
  /// Requires: no reader any more.
  ~entry_table();
  entry_table(const entry_table&) = delete;
  entry_table& operator=(const entry_table&) = delete;

  // -- any thread, inside `r` -------------------------------------------------

  /// The entry of the key, valid while `r` is; nullptr if there is none.
  [[nodiscard]] const entry* find(const key& id, epochs::reader& r) const {
  again:
    auto t = words_.load(std::memory_order_acquire);
    if (!r.settled()) [[unlikely]]
      goto again;
    const auto wanted = tag_of(id);
    for (auto i = t->home_of(id.hash());; i = t->after(i)) {
      auto w = t->at(i).load(std::memory_order_acquire);
      if (w == empty)
        return nullptr;
      if (w >> tag_shift != wanted)
        continue;
      if (!r.settled()) [[unlikely]]
        goto again;
      auto e = entry_in(w);
      if (e->is(id)) [[likely]]
        return e;
    }
  }
  /// Asks the processor for the word of the key, for lookups of many.
  void prefetch(const key& id, epochs::reader& r) const {
    auto t = words_.load(std::memory_order_acquire);
    if (r.settled()) [[likely]]
      __builtin_prefetch(&t->at(t->home_of(id.hash())));
  }

  // -- the owner only ---------------------------------------------------------

  [[nodiscard]] const entry* find(const key& id) const;
  /// Inserts or replaces; what it replaced, or nullptr. Requires: `id` is the
  /// key of `e`. Amortised O(1).
  entry_ptr put(const key& id, entry_ptr e, epochs::retired& out);
  /// The entry removed, or nullptr. Amortised O(1).
  entry_ptr erase(const key& id, epochs::retired& out);
  [[nodiscard]] size_t size() const noexcept { return size_; }
  /// Of the words.
  [[nodiscard]] size_t bytes() const noexcept;
  template <class F>
  void for_each(F f) const {
    auto t = words_.load(std::memory_order_relaxed);
    for (size_t i = 0; i < t->capacity; ++i)
      if (auto w = t->at(i).load(std::memory_order_relaxed); w > gone)
        f(*entry_in(w));
  }

private:
  using word = uint64_t;
  static constexpr word empty = 0;
  static constexpr word gone = 1; ///< an entry was here: look further
  static constexpr unsigned tag_shift = 48;

  struct words {
    size_t capacity = 0;
    uint64_t birth = 0;
    /// Requires: i < capacity.
    [[nodiscard]] std::atomic<word>& at(size_t i) noexcept {
      return reinterpret_cast<std::atomic<word>*>(this + 1)[i];
    }
    /// Where the search for a hash begins; any capacity does (Lemire, "Fast
    /// Random Integer Generation in an Interval", 2019).
    [[nodiscard]] size_t home_of(uint64_t hash) const noexcept {
      return (hash & 0xffff'ffff) * capacity >> 32;
    }
    [[nodiscard]] size_t after(size_t i) const noexcept {
      return i + 1 == capacity ? 0 : i + 1;
    }
    [[nodiscard]] size_t before(size_t i) const noexcept {
      return (i == 0 ? capacity : i) - 1;
    }
    [[nodiscard]] static words* make(size_t capacity);
    static void destroy(void* w);
    [[nodiscard]] static size_t bytes_needed(size_t capacity) noexcept;
    /// What the allocator takes for them.
    [[nodiscard]] static size_t bytes_of(size_t capacity) noexcept;
  };

  /// Sixteen bits that neither the index nor the shard is taken from; the top
  /// one is set, so that no tag is that of `empty` or `gone`.
  [[nodiscard]] static word tag_of(const key& id) noexcept {
    return tag_of(id.hash());
  }
  [[nodiscard]] static word tag_of(uint64_t hash) noexcept {
    return ((hash >> 40) & 0x7fff) | 0x8000;
  }
  [[nodiscard]] static const entry* entry_in(word w) noexcept {
    return reinterpret_cast<const entry*>(w & ((word{1} << tag_shift) - 1));
  }
  [[nodiscard]] static word word_of(const entry* e, word tag) noexcept {
    return reinterpret_cast<word>(e) | tag << tag_shift;
  }
  [[nodiscard]] size_t place_of(const key& id) const;
  void rebuild(size_t capacity, entity_id type, epochs::retired& out);
  void retire(const entry* e, epochs::retired& out);

  std::atomic<words*> words_;
  size_t size_ = 0;
  size_t used_ = 0; ///< words that are not empty
};

} // namespace toadcache
