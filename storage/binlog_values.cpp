#include "storage/binlog_values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "storage/sql_types.hpp"

namespace toadcache {

namespace {

/// Bytes of 0 to 9 decimal digits, and of 0 to 6 digits of a second.
constexpr std::array<size_t, 10> digit_bytes{0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
constexpr size_t fraction_bytes(unsigned digits) {
  return (digits + 1) / 2;
}
constexpr unsigned max_fraction_digits = 6;
constexpr unsigned max_decimal_digits = 65;

uint64_t number(std::string_view text) {
  uint64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

struct decimal_shape {
  unsigned whole = 0;
  unsigned scale = 0;
  [[nodiscard]] size_t bytes() const {
    return whole / 9 * 4 + digit_bytes[whole % 9] + scale / 9 * 4
           + digit_bytes[scale % 9];
  }
};

decimal_shape decimal_shape_of(uint16_t meta) {
  auto precision = static_cast<unsigned>(meta >> 8);
  auto scale = static_cast<unsigned>(meta & 0xff);
  return {precision - scale, scale};
}

bool sane(const column_reader& r) {
  switch (r.type) {
  case wire_type::decimal:
    return r.meta >> 8 >= 1 && r.meta >> 8 <= max_decimal_digits
           && (r.meta & 0xff) <= r.meta >> 8;
  case wire_type::timestamp:
  case wire_type::datetime:
  case wire_type::time:
    return r.meta <= max_fraction_digits;
  case wire_type::bit:
    return (r.meta & 0xff) < 8 && r.meta >> 8 <= 8;
  case wire_type::enumeration:
  case wire_type::set:
    return (r.meta & 0xff) >= 1 && (r.meta & 0xff) <= 8;
  case wire_type::blob:
  case wire_type::blob_compressed:
  case wire_type::json:
  case wire_type::geometry:
  case wire_type::vector:
    return r.meta >= 1 && r.meta <= 4;
  case wire_type::tiny:
  case wire_type::small:
  case wire_type::int24:
  case wire_type::int32:
  case wire_type::int64:
  case wire_type::float32:
  case wire_type::float64:
  case wire_type::year:
  case wire_type::date:
  case wire_type::new_date:
  case wire_type::varchar:
  case wire_type::varchar_compressed:
  case wire_type::string:
    return true;
  default:
    return false;
  }
}

/// The bytes of the length before a BLOB's value.
unsigned blob_length_bytes(std::string_view base) {
  if (base.starts_with("tiny"))
    return 1;
  if (base.starts_with("medium"))
    return 3;
  return base.starts_with("long") ? 4 : 2;
}

bool fits_text(const column_reader& r, std::string_view base,
               const table_layout::column& live) {
  if (base == "char" || base == "binary")
    return r.type == wire_type::string
           && string_bytes(r.meta) == live.max_bytes;
  if (base == "varchar" || base == "varbinary")
    return (r.type == wire_type::varchar && r.meta == live.max_bytes)
           || r.type == wire_type::varchar_compressed;
  return (r.type == wire_type::blob || r.type == wire_type::blob_compressed)
         && r.meta == blob_length_bytes(base);
}

/// True when the log describes a column of the declared type.
bool fits(const column_reader& r, const sql_type_parts& declared,
          const table_layout::column& live) {
  struct plain {
    std::string_view base;
    wire_type type;
  };
  constexpr std::array plain_types{
      plain{"tinyint", wire_type::tiny},
      plain{"smallint", wire_type::small},
      plain{"mediumint", wire_type::int24},
      plain{"int", wire_type::int32},
      plain{"bigint", wire_type::int64},
      plain{"float", wire_type::float32},
      plain{"double", wire_type::float64},
      plain{"year", wire_type::year},
      plain{"date", wire_type::date},
      plain{"enum", wire_type::enumeration},
      plain{"set", wire_type::set},
      plain{"json", wire_type::json},
      plain{"uuid", wire_type::string},
      plain{"inet6", wire_type::string},
      plain{"inet4", wire_type::string},
  };
  auto& base = declared.base;
  for (auto& p : plain_types)
    if (p.base == base)
      return r.type == p.type
             || (p.type == wire_type::date && r.type == wire_type::new_date);
  if (base == "decimal") {
    auto comma = declared.arguments.find(',');
    auto precision = number(declared.arguments);
    auto scale
        = comma == std::string::npos
              ? 0
              : number(std::string_view{declared.arguments}.substr(comma + 1));
    return r.type == wire_type::decimal && r.meta == (precision << 8 | scale);
  }
  if (base == "bit") {
    auto bits = std::max<uint64_t>(number(declared.arguments), 1);
    return r.type == wire_type::bit && r.meta == (bits / 8 << 8 | bits % 8);
  }
  for (auto t : {std::pair{"time", wire_type::time},
                 std::pair{"datetime", wire_type::datetime},
                 std::pair{"timestamp", wire_type::timestamp}})
    if (base == t.first)
      return r.type == t.second && r.meta == number(declared.arguments);
  if (base.ends_with("char") || base.ends_with("binary")
      || base.ends_with("text") || base.ends_with("blob"))
    return fits_text(r, base, live);
  // A type without a meaning to rows: whatever it looks like.
  return !meaning_of(live.sql_type);
}

/// The labels of "enum('a','b''c')", as the server escapes them there.
std::vector<std::string> labels_of(std::string_view arguments) {
  std::vector<std::string> out;
  bool inside = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    auto c = arguments[i];
    auto next = i + 1 < arguments.size() ? arguments[i + 1] : '\0';
    if (!inside) {
      if (c == '\'') {
        inside = true;
        out.emplace_back();
      }
    } else if (c == '\'' && next != '\'') {
      inside = false;
    } else if (c == '\'' || c == '\\') {
      ++i;
      out.back() += c == '\''     ? '\''
                    : next == '0' ? '\0'
                    : next == 'n' ? '\n'
                    : next == 'r' ? '\r'
                                  : next;
    } else {
      out.back() += c;
    }
  }
  return out;
}

void set_charset(column_reader& r, std::string_view base,
                 const std::string& charset) {
  if (base == "binary")
    r.padded_bytes = string_bytes(r.meta);
  auto labelled = r.type == wire_type::enumeration || r.type == wire_type::set;
  if (labelled || charset.empty() || charset == "binary"
      || charset.starts_with("utf8") || charset == "ascii")
    return;
  r.from_latin1 = charset == "latin1";
  r.readable = r.from_latin1;
}

uint64_t big_number(std::string_view bytes) {
  return byte_cursor{bytes}.big(bytes.size());
}
uint64_t little_number(std::string_view bytes) {
  return byte_cursor{bytes}.little(bytes.size());
}

value integer(std::string_view bytes, bool is_unsigned) {
  auto n = little_number(bytes);
  if (is_unsigned)
    return n;
  auto unused = 64 - 8 * bytes.size();
  return static_cast<int64_t>(n << unused) >> unused;
}

/// Appends `n` with at least `digits` digits.
void append(std::string& out, uint64_t n, size_t digits) {
  char buffer[20];
  auto end = std::to_chars(buffer, buffer + sizeof(buffer), n).ptr;
  auto size = static_cast<size_t>(end - buffer);
  out.append(digits > size ? digits - size : 0, '0');
  out.append(buffer, size);
}

void append_date(std::string& out, uint64_t year, uint64_t month,
                 uint64_t day) {
  append(out, year, 4);
  out += '-';
  append(out, month, 2);
  out += '-';
  append(out, day, 2);
}

void append_clock(std::string& out, uint64_t hour, uint64_t minute,
                  uint64_t second) {
  append(out, hour, 2);
  out += ':';
  append(out, minute, 2);
  out += ':';
  append(out, second, 2);
}

/// `n` counts in the units of the fraction's bytes.
void append_fraction(std::string& out, uint64_t n, unsigned digits) {
  if (digits == 0)
    return;
  out += '.';
  append(out, digits % 2 == 0 ? n : n / 10, digits);
}

std::string date_text(std::string_view bytes) {
  auto n = little_number(bytes);
  std::string out;
  append_date(out, n >> 9, n >> 5 & 15, n & 31);
  return out;
}

std::string datetime_text(std::string_view bytes, unsigned digits) {
  auto n = big_number(bytes.substr(0, 5)) - 0x8000000000;
  auto day = n >> 17;
  auto month = day >> 5;
  std::string out;
  append_date(out, month / 13, month % 13, day & 31);
  out += ' ';
  append_clock(out, n >> 12 & 31, n >> 6 & 63, n & 63);
  append_fraction(out, big_number(bytes.substr(5)), digits);
  return out;
}

/// Seconds since 1970 as UTC; zero is no time.
std::string timestamp_text(std::string_view bytes, unsigned digits) {
  auto n = big_number(bytes.substr(0, 4));
  auto fraction = big_number(bytes.substr(4));
  std::string out;
  if (n == 0 && fraction == 0) {
    append_date(out, 0, 0, 0);
    out += ' ';
    append_clock(out, 0, 0, 0);
  } else {
    using namespace std::chrono;
    auto whole = sys_seconds{seconds{n}};
    auto midnight = floor<days>(whole);
    year_month_day date{midnight};
    append_date(out, static_cast<uint64_t>(int{date.year()}),
                unsigned{date.month()}, unsigned{date.day()});
    out += ' ';
    auto clock = static_cast<uint64_t>((whole - midnight).count());
    append_clock(out, clock / 3600, clock / 60 % 60, clock % 60);
  }
  append_fraction(out, fraction, digits);
  return out;
}

std::string time_text(std::string_view bytes, unsigned digits) {
  auto shift = 8 * fraction_bytes(digits);
  auto zero = int64_t{0x800000} << shift;
  auto n = static_cast<int64_t>(big_number(bytes)) - zero;
  std::string out = n < 0 ? "-" : "";
  auto size = static_cast<uint64_t>(n < 0 ? -n : n);
  auto clock = size >> shift;
  append_clock(out, clock >> 12 & 1023, clock >> 6 & 63, clock & 63);
  append_fraction(out, size & ((uint64_t{1} << shift) - 1), digits);
  return out;
}

std::string decimal_text(std::string_view bytes, decimal_shape shape) {
  std::string raw{bytes};
  bool negative = (raw[0] & 0x80) == 0;
  raw[0] = static_cast<char>(raw[0] ^ 0x80);
  if (negative)
    for (auto& c : raw)
      c = static_cast<char>(~c);
  byte_cursor c{raw};
  std::string whole;
  append(whole, c.big(digit_bytes[shape.whole % 9]), shape.whole % 9);
  for (unsigned i = 0; i < shape.whole / 9; ++i)
    append(whole, c.big(4), 9);
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  std::string fraction;
  for (unsigned i = 0; i < shape.scale / 9; ++i)
    append(fraction, c.big(4), 9);
  if (shape.scale % 9 != 0)
    append(fraction, c.big(digit_bytes[shape.scale % 9]), shape.scale % 9);
  auto out = (negative ? "-" : "") + whole;
  return shape.scale == 0 ? out : out + "." + fraction;
}

/// What Windows calls 1252, which the server calls latin1, as UTF-8.
std::string utf8_of_latin1(std::string_view text) {
  constexpr std::array<uint16_t, 32> upper{
      0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
      0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8d,   0x017d, 0x8f,
      0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
      0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};
  std::string out;
  for (auto c : text) {
    uint32_t code = static_cast<unsigned char>(c);
    if (code >= 0x80 && code < 0xa0)
      code = upper[code - 0x80];
    if (code < 0x80) {
      out += c;
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0 | code >> 6);
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      out += static_cast<char>(0xe0 | code >> 12);
      out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
  }
  return out;
}

std::string text_of(std::string_view bytes, const column_reader& r) {
  if (r.from_latin1)
    return utf8_of_latin1(bytes);
  std::string out{bytes};
  if (out.size() < r.padded_bytes)
    out.resize(r.padded_bytes, '\0');
  return out;
}

std::optional<value> label_of(uint64_t n, const column_reader& r) {
  if (n == 0)
    return value{""}; // what a lax session stores for a text that is no label
  if (n > r.labels.size())
    return std::nullopt;
  return value{r.labels[static_cast<size_t>(n - 1)]};
}

std::optional<value> labels_in(uint64_t bits, const column_reader& r) {
  std::string out;
  for (size_t i = 0; i < 64 && bits >> i != 0; ++i) {
    if ((bits >> i & 1) == 0)
      continue;
    if (i >= r.labels.size())
      return std::nullopt;
    out += (out.empty() ? "" : ",") + r.labels[i];
  }
  return value{std::move(out)};
}

} // namespace

std::optional<column_reader> make_reader(const table_map_event::column& logged,
                                         bool signs,
                                         const table_layout::column& live) {
  column_reader r;
  r.type = real_type(logged.type, logged.meta);
  r.meta = logged.meta;
  auto declared = split_sql_type(live.sql_type);
  r.is_unsigned = signs ? logged.is_unsigned : declared.is_unsigned;
  auto renamed = !logged.name.empty() && logged.name != live.name;
  if (renamed || !sane(r) || !fits(r, declared, live))
    return std::nullopt;
  if (r.type == wire_type::enumeration || r.type == wire_type::set)
    r.labels = labels_of(declared.arguments);
  set_charset(r, declared.base, live.charset);
  switch (r.type) {
  case wire_type::varchar_compressed:
  case wire_type::blob_compressed:
  case wire_type::json: // MySQL's own binary form
  case wire_type::geometry:
  case wire_type::vector:
    r.readable = false;
    break;
  default:
    r.readable = r.readable && meaning_of(live.sql_type).has_value()
                 && declared.base != "uuid" && declared.base != "inet4"
                 && declared.base != "inet6";
  }
  return r;
}

bool yields(const column_reader& r, column_type wanted) noexcept {
  switch (r.type) {
  case wire_type::tiny:
  case wire_type::small:
  case wire_type::int24:
  case wire_type::int32:
  case wire_type::year:
    return wanted == column_type::int64
           || (wanted == column_type::uint64
               && (r.is_unsigned || r.type == wire_type::year));
  case wire_type::int64:
    return wanted == (r.is_unsigned ? column_type::uint64 : column_type::int64);
  case wire_type::bit:
    return wanted == column_type::uint64;
  case wire_type::float32:
  case wire_type::float64:
    return wanted == column_type::float64;
  case wire_type::decimal:
    return wanted == column_type::decimal;
  case wire_type::date:
  case wire_type::new_date:
    return wanted == column_type::date;
  case wire_type::time:
    return wanted == column_type::time;
  case wire_type::datetime:
  case wire_type::timestamp:
    return wanted == column_type::datetime || wanted == column_type::timestamp;
  default:
    return wanted == column_type::text || wanted == column_type::binary
           || wanted == column_type::json;
  }
}

std::string_view take_value(byte_cursor& c, const column_reader& r) noexcept {
  switch (r.type) {
  case wire_type::tiny:
  case wire_type::year:
    return c.take(1);
  case wire_type::small:
    return c.take(2);
  case wire_type::int24:
  case wire_type::date:
  case wire_type::new_date:
    return c.take(3);
  case wire_type::int32:
  case wire_type::float32:
    return c.take(4);
  case wire_type::int64:
  case wire_type::float64:
    return c.take(8);
  case wire_type::timestamp:
    return c.take(4 + fraction_bytes(r.meta));
  case wire_type::datetime:
    return c.take(5 + fraction_bytes(r.meta));
  case wire_type::time:
    return c.take(3 + fraction_bytes(r.meta));
  case wire_type::bit:
    return c.take((r.meta >> 8) + ((r.meta & 0xff) != 0 ? 1 : 0));
  case wire_type::decimal:
    return c.take(decimal_shape_of(r.meta).bytes());
  case wire_type::enumeration:
  case wire_type::set:
    return c.take(r.meta & 0xff);
  case wire_type::varchar:
  case wire_type::varchar_compressed:
    return c.take(c.little(r.meta > 255 ? 2 : 1));
  case wire_type::string:
    return c.take(c.little(string_bytes(r.meta) > 255 ? 2 : 1));
  default:
    return c.take(c.little(r.meta));
  }
}

std::optional<value> value_of(std::string_view bytes, const column_reader& r) {
  switch (r.type) {
  case wire_type::tiny:
  case wire_type::small:
  case wire_type::int24:
  case wire_type::int32:
  case wire_type::int64:
    return integer(bytes, r.is_unsigned);
  case wire_type::year: {
    auto n = little_number(bytes);
    return value{static_cast<int64_t>(n == 0 ? 0 : 1900 + n)};
  }
  case wire_type::bit:
    return value{big_number(bytes)};
  case wire_type::float32: {
    float f = 0;
    std::memcpy(&f, bytes.data(), sizeof(f));
    return value{static_cast<double>(f)};
  }
  case wire_type::float64: {
    double d = 0;
    std::memcpy(&d, bytes.data(), sizeof(d));
    return value{d};
  }
  case wire_type::decimal:
    return value{decimal_text(bytes, decimal_shape_of(r.meta))};
  case wire_type::date:
  case wire_type::new_date:
    return value{date_text(bytes)};
  case wire_type::time:
    return value{time_text(bytes, r.meta)};
  case wire_type::datetime:
    return value{datetime_text(bytes, r.meta)};
  case wire_type::timestamp:
    return value{timestamp_text(bytes, r.meta)};
  case wire_type::enumeration:
    return label_of(little_number(bytes), r);
  case wire_type::set:
    return labels_in(little_number(bytes), r);
  default:
    return value{text_of(bytes, r)};
  }
}

} // namespace toadcache
