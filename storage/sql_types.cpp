#include "storage/sql_types.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace toadcache {

namespace {

struct known_type {
  std::string_view base;
  column_type type;
  uint32_t max_length; ///< where the type itself bounds the length
};

// char, varchar, binary and varbinary take their length from the argument.
constexpr std::array known_types{
    known_type{"tinyint", column_type::int64, 0},
    known_type{"smallint", column_type::int64, 0},
    known_type{"mediumint", column_type::int64, 0},
    known_type{"int", column_type::int64, 0},
    known_type{"integer", column_type::int64, 0},
    known_type{"bigint", column_type::int64, 0},
    known_type{"bool", column_type::int64, 0},
    known_type{"boolean", column_type::int64, 0},
    known_type{"year", column_type::int64, 0},
    known_type{"bit", column_type::uint64, 0},
    known_type{"float", column_type::float64, 0},
    known_type{"double", column_type::float64, 0},
    known_type{"real", column_type::float64, 0},
    known_type{"decimal", column_type::decimal, 0},
    known_type{"numeric", column_type::decimal, 0},
    known_type{"char", column_type::text, 1},
    known_type{"varchar", column_type::text, 0},
    known_type{"tinytext", column_type::text, 0},
    known_type{"text", column_type::text, 0},
    known_type{"mediumtext", column_type::text, 0},
    known_type{"longtext", column_type::text, 0},
    known_type{"enum", column_type::text, 0},
    known_type{"set", column_type::text, 0},
    known_type{"uuid", column_type::text, 36},
    known_type{"inet4", column_type::text, 15},
    known_type{"inet6", column_type::text, 45},
    known_type{"binary", column_type::binary, 1},
    known_type{"varbinary", column_type::binary, 0},
    known_type{"tinyblob", column_type::binary, 0},
    known_type{"blob", column_type::binary, 0},
    known_type{"mediumblob", column_type::binary, 0},
    known_type{"longblob", column_type::binary, 0},
    known_type{"date", column_type::date, 0},
    known_type{"time", column_type::time, 0},
    known_type{"datetime", column_type::datetime, 0},
    known_type{"timestamp", column_type::timestamp, 0},
    known_type{"json", column_type::json, 0},
};

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return out;
}

std::string with_length(std::string_view base, uint32_t length) {
  return std::string{base} + "(" + std::to_string(length) + ")";
}

} // namespace

sql_type_parts split_sql_type(std::string_view declared) {
  sql_type_parts out;
  auto open = declared.find('(');
  auto close = declared.rfind(')');
  auto has_arguments = open != std::string_view::npos
                       && close != std::string_view::npos && close > open;
  auto head = lower(declared.substr(0, open));
  out.base = head.substr(0, head.find(' '));
  if (has_arguments)
    out.arguments = declared.substr(open + 1, close - open - 1);
  auto tail = has_arguments ? lower(declared.substr(close + 1)) : head;
  out.is_unsigned = tail.find("unsigned") != std::string::npos;
  return out;
}

result<sql_type_meaning> meaning_of(std::string_view declared) {
  auto parts = split_sql_type(declared);
  auto known = std::find_if(known_types.begin(), known_types.end(),
                            [&](auto& k) { return k.base == parts.base; });
  if (known == known_types.end())
    return fail(errc::invalid, "expected a type that rows can hold, got '"
                                   + std::string{declared} + "'");
  sql_type_meaning out{known->type, known->max_length};
  if (out.type == column_type::int64 && parts.is_unsigned)
    out.type = column_type::uint64;
  auto takes_length = parts.base.ends_with("char")
                      || parts.base.ends_with("binary") || parts.base == "text"
                      || parts.base == "blob";
  if (takes_length && !parts.arguments.empty()) {
    auto& text = parts.arguments;
    std::from_chars(text.data(), text.data() + text.size(), out.max_length);
  }
  return out;
}

uint64_t byte_limit(std::string_view declared) {
  auto base = split_sql_type(declared).base;
  if (base.starts_with("tiny"))
    return base == "tinytext" || base == "tinyblob" ? 255 : 0;
  if (base == "text" || base == "blob")
    return 65535;
  return base == "mediumtext" || base == "mediumblob" ? 16777215 : 0;
}

std::string declared_type(const column& c) {
  if (!c.sql_type.empty())
    return c.sql_type;
  auto n = c.max_length;
  switch (c.type) {
  case column_type::int64:
    return "bigint";
  case column_type::uint64:
    return "bigint unsigned";
  case column_type::float64:
    return "double";
  case column_type::decimal:
    return "decimal(65,30)";
  case column_type::text:
    if (n != 0 && n <= 16383)
      return with_length("varchar", n);
    return n != 0 && n <= 65535 ? "text" : "longtext";
  case column_type::binary:
    if (n != 0 && n <= 65532)
      return with_length("varbinary", n);
    return n != 0 && n <= 65535 ? "blob" : "longblob";
  case column_type::date:
    return "date";
  case column_type::time:
    return "time(6)";
  case column_type::datetime:
    return "datetime(6)";
  case column_type::timestamp:
    return "timestamp(6)";
  case column_type::json:
    return "json";
  }
  return "longblob";
}

} // namespace toadcache
