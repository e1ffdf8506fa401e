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
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "model/error.hpp"
#include "model/shared_block.hpp"
#include "model/value.hpp"

namespace toadcache {

class row {
public:
  /// Version of the layout above.
  static constexpr uint8_t format = 1;
  static constexpr size_t max_bytes = size_t{1} << 30;

  row() = default; // no row
  row(const row& other) noexcept : bytes_(other.bytes_) {
    if (bytes_ != nullptr)
      shared_block::add_owner(shared_block::start_of(bytes_));
  }
  row(row&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)) {}
  row& operator=(row other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~row() {
    if (bytes_ != nullptr)
      shared_block::drop_owner(shared_block::start_of(bytes_));
  }

  /// For who keeps a row's bytes in a shared_block of his own, with something
  /// before them: the row there as one owner more. Requires: the bytes are
  /// those of a row.
  [[nodiscard]] static row inside(const char* payload) noexcept {
    shared_block::add_owner(shared_block::start_of(payload));
    return row{payload};
  }
  /// The same without owning: calls f(const row&), which may copy it. nullptr:
  /// no row.
  template <class F>
  static void borrow(const char* payload, F f) {
    union unowned { // never destroys it
      explicit unowned(const char* p) : r(p) {}
      ~unowned() {}
      row r;
    } borrowed{payload};
    f(std::as_const(borrowed.r));
  }

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
    return bytes_ != nullptr;
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
    return a.bytes_ == b.bytes_ || a.bytes() == b.bytes();
  }

private:
  explicit row(const char* payload) noexcept : bytes_(payload) {}
  const char* bytes_ = nullptr; ///< of a shared_block
};

} // namespace toadcache
