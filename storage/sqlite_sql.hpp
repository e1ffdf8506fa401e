// SQLite's dialect of the statements, and its CREATE TABLE. Thread-safe.
#pragma once

#include <string>

#include "storage/sql_text.hpp"

namespace toadcache {

[[nodiscard]] const sql_dialect& sqlite_dialect() noexcept;

/// The type that a column is declared with: its affinity keeps values exactly
/// as sent, and `mysql_type_of` finds the catalog's type again.
[[nodiscard]] std::string sqlite_type_of(const column& c);
[[nodiscard]] std::string mysql_type_of(std::string_view declared);

/// CREATE TABLE and CREATE INDEX statements of one type, IF NOT EXISTS.
[[nodiscard]] std::vector<std::string> sqlite_create(const catalog& c,
                                                     const entity_type& type);

} // namespace toadcache
