// A row: one immutable block of bytes, shared by reference count. The same
// bytes are the value in memory, the BLOB on disk and the payload on the wire.
// Thread-safe.
//
// Layout, little-endian: u32 size | u16 column count | u8 format | u8 zero |
// u64 XXH3 of all that follows, seeded with the column count | per column: u32
// end offset (relative to the first value byte) with the top bit set for NULL |
// per column: u8 type | values (fixed types 8 bytes, others as they are).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "model/error.hpp"
#include "model/value.hpp"

namespace toadcache {

class row {
public:
  /// Version of the layout above.
  static constexpr uint8_t format = 1;
  static constexpr size_t max_bytes = size_t{1} << 30;

  row() = default; // no row

  /// Builds the block from one value per column. `types` and `values` have the
  /// same length; each value must be NULL or already of its type (`coerce`).
  /// errc::invalid names the column's position otherwise. O(size), 1
  /// allocation.
  [[nodiscard]] static result<row> encode(std::span<const column_type> types,
                                          std::span<const value> values);

  /// Takes foreign bytes: checks every offset, size, type and the hash, so that
  /// no accessor can leave the block. errc::corrupt otherwise. O(size).
  [[nodiscard]] static result<row> decode(std::string_view bytes);

  [[nodiscard]] explicit operator bool() const noexcept {
    return block_ != nullptr;
  }
  /// The whole block; empty for no row.
  [[nodiscard]] std::string_view bytes() const noexcept;
  [[nodiscard]] size_t column_count() const noexcept;
  /// Hash of the content: equal rows have equal hashes. 0 for no row.
  [[nodiscard]] uint64_t content_hash() const noexcept;
  /// What column `i` holds. A column that the row does not have is NULL, so a
  /// row of another catalog can be read too. The view borrows from this row.
  /// O(1).
  [[nodiscard]] value_view at(size_t i) const noexcept;
  /// Requires: i < column_count().
  [[nodiscard]] column_type type_at(size_t i) const noexcept;
  [[nodiscard]] bool is_null(size_t i) const noexcept;
  /// Zero, or "" where the column is NULL or of another type.
  [[nodiscard]] int64_t int_at(size_t i) const noexcept;
  [[nodiscard]] std::string_view text_at(size_t i) const noexcept;

  /// Same content (not merely the same block).
  friend bool operator==(const row& a, const row& b) noexcept {
    return a.block_ == b.block_ || a.bytes() == b.bytes();
  }

private:
  explicit row(std::shared_ptr<const char[]> block)
      : block_(std::move(block)) {}
  std::shared_ptr<const char[]> block_;
};

} // namespace toadcache
