// One column value: NULL, an exact integer, a double, or bytes. Decimals, dates
// and times are bytes in the database's own text form, so nothing is lost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "model/error.hpp"

namespace toadcache {

/// How a column is stored in a row and compared in a key. The numbers are part
/// of the row format: append only.
enum class column_type : uint8_t {
  int64 = 1, ///< TINYINT to BIGINT, YEAR, BOOL
  uint64,    ///< the UNSIGNED ones and BIT
  float64,   ///< FLOAT, DOUBLE
  decimal,   ///< DECIMAL, as text: "12.50"
  text,      ///< CHAR, VARCHAR, TEXT, ENUM, SET: utf8mb4
  binary,    ///< BINARY, VARBINARY, BLOB
  date,      ///< "2026-11-22"
  time,      ///< "-10:11:12.5"
  datetime,  ///< "2026-11-22 10:11:12.123456"
  timestamp, ///< as datetime, in UTC
  json,      ///< as text
};

[[nodiscard]] std::string_view to_string(column_type t) noexcept;
[[nodiscard]] result<column_type> parse_column_type(std::string_view name);

/// True for types stored as 8 bytes, false for types stored as bytes.
[[nodiscard]] constexpr bool is_fixed(column_type t) noexcept {
  return t == column_type::int64 || t == column_type::uint64
         || t == column_type::float64;
}

/// A borrowed value; the bytes belong to the row it was read from.
using value_view
    = std::variant<std::monostate, int64_t, uint64_t, double, std::string_view>;

/// An owning value. std::monostate is NULL, which is distinct from "".
/// Immutable use is thread-safe.
class value {
public:
  using variant_type
      = std::variant<std::monostate, int64_t, uint64_t, double, std::string>;

  value() = default; // NULL
  value(std::nullptr_t) {}
  value(int x) : data_(int64_t{x}) {}
  value(int64_t x) : data_(x) {}
  value(long long x) : data_(int64_t{x}) {}
  value(uint64_t x) : data_(x) {}
  value(unsigned x) : data_(uint64_t{x}) {}
  value(bool x) : data_(int64_t{x ? 1 : 0}) {}
  value(double x) : data_(x) {}
  value(std::string x) : data_(std::move(x)) {}
  value(std::string_view x) : data_(std::string(x)) {}
  value(const char* x) : data_(std::string(x)) {}
  explicit value(value_view v);

  [[nodiscard]] bool is_null() const noexcept { return data_.index() == 0; }
  [[nodiscard]] const variant_type& data() const noexcept { return data_; }
  [[nodiscard]] variant_type& data() noexcept { return data_; }
  /// A view of this value; valid as long as the value is unchanged.
  [[nodiscard]] value_view view() const noexcept;

  friend bool operator==(const value&, const value&) = default;

private:
  variant_type data_;
};

/// True when `text` is well-formed UTF-8, so that it may stand in JSON or a
/// terminal. O(size).
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// For people: NULL, the number, or the quoted text ("x'..'" if not UTF-8).
[[nodiscard]] std::string to_string(const value& v);
[[nodiscard]] std::string to_string(value_view v);

/// `v` as a value of `type`: integers change sign, become a decimal's text or,
/// where that is exact, a double; bytes stay bytes; everything else is
/// errc::invalid ("expected int64, got text"). An integer column never takes a
/// double or text.
[[nodiscard]] result<value> coerce(value v, column_type type);

} // namespace toadcache
