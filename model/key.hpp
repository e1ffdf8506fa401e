// A key: the entity type, which of its indexes, and the canonical bytes of the
// indexed values. Index 0 is the primary key; the others name lists of rows
// (unique key, lookup or relation). An immutable value, thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/key_bytes.hpp"
#include "model/value.hpp"

namespace toadcache {

/// Position of an entity type in its catalog (on disk: by name).
using entity_id = uint16_t;
/// 0: primary key; n: `entity_type::indexes[n - 1]`.
using index_id = uint16_t;

inline constexpr index_id primary_index = 0;

class key {
public:
  key() = default;
  /// `bytes` is the canonical encoding of the indexed values (encode_key).
  key(entity_id type, index_id index, key_bytes bytes) noexcept;
  /// The same of plain integers, made in place: what hot paths ask with.
  [[nodiscard]] static key of_integers(entity_id type, index_id index,
                                       std::initializer_list<int64_t> values);

  [[nodiscard]] entity_id type() const noexcept { return type_; }
  [[nodiscard]] index_id index() const noexcept { return index_; }
  [[nodiscard]] bool is_row() const noexcept { return index_ == primary_index; }
  [[nodiscard]] std::string_view bytes() const noexcept {
    return bytes_.view();
  }
  /// XXH3 of type, index and bytes; stable within and across processes.
  [[nodiscard]] uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] static uint64_t hash_of(entity_id type, index_id index,
                                        std::string_view bytes) noexcept;

  friend bool operator==(const key& a, const key& b) noexcept {
    return a.hash_ == b.hash_ && a.type_ == b.type_ && a.index_ == b.index_
           && a.bytes_ == b.bytes_;
  }

private:
  entity_id type_ = 0;
  index_id index_ = 0;
  uint64_t hash_ = 0;
  key_bytes bytes_;
};

/// The canonical bytes of a tuple of values: per value a type tag, integers as
/// 8 bytes big-endian with flipped sign bit (bytes order as numbers do), bytes
/// escaped and terminated (no two tuples share an encoding), NULL as its own
/// tag. O(size).
[[nodiscard]] key_bytes encode_key(std::span<const value> values);
[[nodiscard]] key_bytes encode_key(std::span<const value_view> values);
/// The same for one value more: appends its encoding to `bytes`.
void append_to_key(key_bytes& bytes, value_view v);

/// The inverse; errc::corrupt on bytes that encode_key does not produce.
[[nodiscard]] result<std::vector<value>> decode_key(std::string_view bytes);

/// What a case- and accent-insensitive, space-padding collation may take for
/// the same text. `exact` is false when the text leaves printable ASCII: then
/// no folded form is known and a write must drop every negative and list entry
/// of the index (DESIGN, "Keys are the bytes that the row itself holds").
struct folded_text {
  std::string bytes; ///< lower-case ASCII without trailing blanks
  bool exact = true;
};
[[nodiscard]] folded_text fold_text(std::string_view text);

} // namespace toadcache

template <>
struct std::hash<toadcache::key> {
  size_t operator()(const toadcache::key& k) const noexcept {
    return static_cast<size_t>(k.hash());
  }
};
