// The type names of SQL: what a declared type means to the catalog, and a type
// to declare where the catalog names none. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/catalog.hpp"

namespace toadcache {

/// A declared type taken apart: "decimal(10,2) unsigned".
struct sql_type_parts {
  std::string base;      ///< lower case: "decimal"
  std::string arguments; ///< as written: "10,2"
  bool is_unsigned = false;
};
[[nodiscard]] sql_type_parts split_sql_type(std::string_view declared);

/// What a declared type means to the catalog.
struct sql_type_meaning {
  column_type type = column_type::text;
  uint32_t max_length = 0; ///< as column::max_length
};
/// errc::invalid: a type that rows cannot hold ("geometry").
[[nodiscard]] result<sql_type_meaning> meaning_of(std::string_view declared);

/// The bytes that a TEXT or BLOB type holds at most; 0: not bounded so.
[[nodiscard]] uint64_t byte_limit(std::string_view declared);

/// The column's own SQL type, or one of MySQL's that holds its values.
[[nodiscard]] std::string declared_type(const column& c);

} // namespace toadcache
