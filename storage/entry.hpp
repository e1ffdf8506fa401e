// What is cached under one key: bookkeeping, key and content in one piece of
// memory (model/shared_block.hpp), so that a row costs 26 bytes here beside its
// key and its own bytes. Immutable but for the marks of readers and the owner's
// slot; counted by reference, so that whoever took it, or its row, owns it
// beyond its removal.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include <caf/intrusive_ptr.hpp>

#include "model/reply.hpp"
#include "policy/eviction.hpp"
#include "storage/clock.hpp"

namespace toadcache {

/// What an entry is made of.
struct entry_parts {
  key id;
  row content;   ///< empty for a row key: "no such row"
  key_list list; ///< of a list key; of primary keys of the same type
  time_point fetched;
  /// Where the content came from; a reply from memory names `memory`.
  tier from = tier::memory;
};

/// False for what no entry can hold: a key of more than 65 000 bytes, a list of
/// more than a gigabyte, the 256th index of a type.
[[nodiscard]] bool fits_entry(const entry_parts& p) noexcept;
/// What an entry made of it occupies, as block_memory counts it. O(list).
[[nodiscard]] size_t bytes_of(const entry_parts& p) noexcept;

class entry {
public:
  /// A list's payload: its bytes in all, then per key a length and the bytes.
  using list_size = uint32_t;
  using key_size = uint16_t;

  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;

  [[nodiscard]] std::string_view name() const noexcept {
    return {reinterpret_cast<const char*>(this + 1), key_size_.get()};
  }
  [[nodiscard]] index_id index() const noexcept {
    return static_cast<index_id>(index_.get());
  }
  [[nodiscard]] bool is_row() const noexcept {
    return index() == primary_index;
  }
  /// Requires: `k` is of the partition's type.
  [[nodiscard]] bool is(const key& k) const noexcept {
    return k.index() == index() && k.bytes() == name();
  }
  /// Of a partition of that type. O(size), a copy.
  [[nodiscard]] key id(entity_id type) const { return {type, index(), name()}; }
  /// The hash of `id(type)`.
  [[nodiscard]] uint64_t hash(entity_id type) const noexcept {
    return key::hash_of(type, index(), name());
  }

  /// Empty for a list and for "no such row". One owner more.
  [[nodiscard]] row content() const noexcept {
    return has_content() ? row::inside(payload()) : row{};
  }
  [[nodiscard]] bool has_content() const noexcept {
    return (flags_ & has_row_flag) != 0;
  }
  /// Calls f(const row&) without a further owner.
  template <class F>
  void with_content(F f) const {
    row::borrow(has_content() ? payload() : nullptr, f);
  }
  /// Of a list key. O(size), a copy.
  [[nodiscard]] key_list list(entity_id type) const;
  /// Calls f(std::string_view) with the bytes of each key of the list, until it
  /// returns false. Nothing for a row.
  template <class F>
  void for_each_listed(F f) const {
    if (is_row())
      return;
    auto from = payload();
    const auto end = from + payload_bytes();
    from += sizeof(list_size);
    while (from < end) {
      key_size size = 0;
      std::memcpy(&size, from, sizeof(size));
      from += sizeof(size);
      if (!f(std::string_view{from, size}))
        return;
      from += size;
    }
  }

  /// When it was read from the database, to the millisecond before.
  [[nodiscard]] time_point fetched() const noexcept {
    // It may lie before the clock's zero.
    return time_point{
        milliseconds{static_cast<int64_t>(fetched_ms_.get() << 24) >> 24}};
  }
  [[nodiscard]] tier from() const noexcept {
    return static_cast<tier>(flags_ & tier_mask);
  }
  /// Whether it became reachable before that epoch began (storage/epochs.hpp).
  /// Only the lower 40 bits of its birth are kept: right while fewer than 2^39
  /// epochs lie between the two.
  [[nodiscard]] bool born_before(uint64_t epoch) const noexcept {
    return since(epoch) < 0;
  }
  /// The epoch of its birth, seen from one less than 2^39 away.
  [[nodiscard]] uint64_t birth(uint64_t epoch) const noexcept {
    return epoch + static_cast<uint64_t>(since(epoch));
  }
  /// The owner's number of it, for the eviction policy; the owner's alone.
  [[nodiscard]] slot_id slot() const noexcept {
    return static_cast<slot_id>(slot_.get());
  }
  void set_slot(slot_id s) const noexcept { slot_ = s; }
  /// Of the piece of memory, as block_memory counts it.
  [[nodiscard]] size_t bytes() const noexcept;

  /// Counted up to max_mark by readers, taken by the owner's eviction policy.
  mutable std::atomic<uint8_t> mark{0};
  /// The reader that flips it asks for the one refresh of a stale entry.
  mutable std::atomic<bool> refresh_claimed{false};

private:
  // A number in fewer bytes, and without alignment.
  template <size_t Bytes>
  class packed {
  public:
    packed() = default;
    packed(uint64_t x) noexcept { std::memcpy(bytes_, &x, Bytes); }
    [[nodiscard]] uint64_t get() const noexcept {
      // In loads that the processor has: put together in memory, five bytes
      // cost a hit ten nanoseconds.
      using low_type = std::conditional_t<
          Bytes >= 4, uint32_t,
          std::conditional_t<Bytes >= 2, uint16_t, uint8_t>>;
      low_type low = 0;
      std::memcpy(&low, bytes_, sizeof(low));
      uint64_t x = low;
      for (size_t i = sizeof(low); i < Bytes; ++i)
        x |= uint64_t{bytes_[i]} << (8 * i);
      return x;
    }

  private:
    static_assert(std::endian::native == std::endian::little);
    unsigned char bytes_[Bytes] = {};
  };

  friend caf::intrusive_ptr<const entry>
  make_entry(const entry_parts& p, uint64_t birth, slot_id slot);
  friend void intrusive_ptr_add_ref(const entry* e) noexcept {
    shared_block::add_owner(e->start());
  }
  friend void intrusive_ptr_release(const entry* e) noexcept {
    shared_block::drop_owner(e->start());
  }

  static constexpr uint8_t tier_mask = 3;
  static constexpr uint8_t has_row_flag = 4;

  entry() = default;
  /// Epochs from that one to its birth.
  [[nodiscard]] int64_t since(uint64_t epoch) const noexcept {
    return static_cast<int64_t>((birth_.get() - epoch) << 24) >> 24;
  }
  [[nodiscard]] char* start() const noexcept {
    auto p = reinterpret_cast<char*>(const_cast<entry*>(this));
    return p - (shared_block::prefix_of(p) - p);
  }
  [[nodiscard]] const char* payload() const noexcept {
    return name().data() + key_size_.get()
           + sizeof(shared_block::distance_type);
  }
  [[nodiscard]] size_t payload_bytes() const noexcept;

  packed<5> fetched_ms_;
  packed<5> birth_;
  mutable packed<4> slot_;
  packed<2> key_size_;
  packed<1> index_;
  uint8_t flags_ = 0;
};
static_assert(sizeof(entry) == 20 && alignof(entry) == 1);

using entry_ptr = caf::intrusive_ptr<const entry>;

/// One allocation. Requires: fits_entry(p).
[[nodiscard]] entry_ptr make_entry(const entry_parts& p, uint64_t birth = 0,
                                   slot_id slot = no_slot);

} // namespace toadcache
