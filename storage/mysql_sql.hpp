// MySQL's and MariaDB's dialect of the statements, and its CREATE TABLE.
// Thread-safe.
#pragma once

#include <string>
#include <vector>

#include "storage/sql_text.hpp"

namespace toadcache {

[[nodiscard]] const sql_dialect& mysql_dialect() noexcept;

/// Selected as text, because the driver would not read them as they are: times
/// with fractions (it prints six digits or none, whatever the column has) and
/// decimals of more digits than its buffer takes (the last one is chance).
[[nodiscard]] bool mysql_reads_as_text(const column& c);

/// A text as an SQL literal.
[[nodiscard]] std::string mysql_literal(std::string_view text);

/// CREATE TABLE of one type, IF NOT EXISTS: InnoDB, utf8mb4.
[[nodiscard]] std::string mysql_create(const catalog& c,
                                       const entity_type& type);

/// The catalog's types with parents before children. `cyclic` turns true when
/// some foreign keys form a cycle; those come last.
[[nodiscard]] std::vector<entity_id> parents_first(const catalog& c,
                                                   bool& cyclic);

} // namespace toadcache
