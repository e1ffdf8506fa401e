#include "model/value.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

namespace toadcache {

namespace {

struct type_name {
  column_type type;
  std::string_view name;
};

constexpr std::array type_names{
    type_name{column_type::int64, "int64"},
    type_name{column_type::uint64, "uint64"},
    type_name{column_type::float64, "float64"},
    type_name{column_type::decimal, "decimal"},
    type_name{column_type::text, "text"},
    type_name{column_type::binary, "binary"},
    type_name{column_type::date, "date"},
    type_name{column_type::time, "time"},
    type_name{column_type::datetime, "datetime"},
    type_name{column_type::timestamp, "timestamp"},
    type_name{column_type::json, "json"},
};

template <class Number>
std::string print(Number x) {
  std::array<char, 32> buffer{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x).ptr;
  return {buffer.data(), end};
}

std::string quote(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  if (!is_utf8(text)) {
    out = "x'";
    for (unsigned char c : text) {
      out += digits[c >> 4];
      out += digits[c & 15];
    }
    return out += '\'';
  }
  out = "'";
  for (char c : text) {
    if (c == '\'')
      out += '\'';
    out += c;
  }
  return out += '\'';
}

tl::unexpected<failure> mismatch(column_type expected, std::string_view got) {
  return fail(errc::invalid, "expected " + std::string{to_string(expected)}
                                 + ", got " + std::string{got});
}

tl::unexpected<failure> out_of_range(column_type expected, const value& v) {
  return fail(errc::invalid, to_string(v) + " does not fit "
                                 + std::string{to_string(expected)});
}

// Integers up to 2^53 are exact in a double.
constexpr int64_t max_exact = int64_t{1} << 53;

result<value> coerce_int(int64_t x, column_type type) {
  switch (type) {
  case column_type::int64:
    return value{x};
  case column_type::uint64:
    if (x < 0)
      return out_of_range(type, value{x});
    return value{static_cast<uint64_t>(x)};
  case column_type::float64:
    if (x > max_exact || x < -max_exact)
      return out_of_range(type, value{x});
    return value{static_cast<double>(x)};
  case column_type::decimal:
    return value{print(x)};
  default:
    return mismatch(type, "int64");
  }
}

result<value> coerce_uint(uint64_t x, column_type type) {
  switch (type) {
  case column_type::uint64:
    return value{x};
  case column_type::decimal:
    return value{print(x)};
  case column_type::int64:
  case column_type::float64:
    if (x > static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
      return out_of_range(type, value{x});
    return coerce_int(static_cast<int64_t>(x), type);
  default:
    return mismatch(type, "uint64");
  }
}

} // namespace

std::string_view to_string(column_type t) noexcept {
  for (const auto& entry : type_names)
    if (entry.type == t)
      return entry.name;
  return "unknown type";
}

result<column_type> parse_column_type(std::string_view name) {
  std::string known;
  for (const auto& entry : type_names) {
    if (entry.name == name)
      return entry.type;
    known += known.empty() ? "" : ", ";
    known += entry.name;
  }
  return fail(errc::invalid,
              "expected one of " + known + ", got " + quote(name));
}

bool is_utf8(std::string_view text) noexcept {
  for (size_t i = 0; i < text.size();) {
    auto byte = [&](size_t at) {
      return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u;
    };
    auto lead = byte(i);
    size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length > 1) {
      // Smallest and largest second byte: no overlong forms, no surrogates,
      // nothing above U+10FFFF (Unicode standard, table 3-7).
      auto low = lead == 0xe0 ? 0xa0u : lead == 0xf0 ? 0x90u : 0x80u;
      auto high = lead == 0xed ? 0x9fu : lead == 0xf4 ? 0x8fu : 0xbfu;
      if (lead < 0xc2 || lead > 0xf4 || byte(i + 1) < low || byte(i + 1) > high)
        return false;
    }
    for (size_t k = 2; k < length; ++k)
      if ((byte(i + k) & 0xc0u) != 0x80u)
        return false;
    i += length;
  }
  return true;
}

value::value(value_view v) {
  std::visit(
      [this](auto x) {
        if constexpr (std::is_same_v<decltype(x), std::string_view>)
          data_ = std::string{x};
        else
          data_ = x;
      },
      v);
}

value_view value::view() const noexcept {
  return std::visit([](const auto& x) -> value_view { return x; }, data_);
}

std::string to_string(const value& v) {
  return to_string(v.view());
}

std::string to_string(value_view v) {
  return std::visit(
      [](auto x) -> std::string {
        if constexpr (std::is_same_v<decltype(x), std::monostate>)
          return "NULL";
        else if constexpr (std::is_same_v<decltype(x), std::string_view>)
          return quote(x);
        else
          return print(x);
      },
      v);
}

result<value> coerce(value v, column_type type) {
  if (v.is_null())
    return v;
  if (auto* i = std::get_if<int64_t>(&v.data()))
    return coerce_int(*i, type);
  if (auto* u = std::get_if<uint64_t>(&v.data()))
    return coerce_uint(*u, type);
  if (std::holds_alternative<double>(v.data())) {
    if (type != column_type::float64)
      return mismatch(type, "float64");
    return v;
  }
  if (is_fixed(type))
    return mismatch(type, "text");
  return v;
}

} // namespace toadcache
