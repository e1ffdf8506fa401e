// What a statement that the log holds as text does to transactions and tables,
// as far as its words tell. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace toadcache {

struct logged_statement {
  enum class kind_type : uint8_t {
    begin,
    commit,
    rollback,
    savepoint,     ///< `name`
    rollback_to,   ///< `name`
    xa_commit,     ///< `name`: the xid as written
    xa_rollback,   ///< `name`
    table_change,  ///< definition of `tables` (ALTER, DROP, RENAME, ...)
    schema_change, ///< of the whole schema `name` (DROP DATABASE)
    data_change,   ///< rows of `tables`; none named: of any table
    harmless,      ///< changes no rows and no table (GRANT, CREATE VIEW, ...)
    unknown,       ///< may do anything
  };
  struct table_name {
    std::string schema; ///< empty: the session's
    std::string table;
    friend bool operator==(const table_name&, const table_name&) = default;
  };
  kind_type kind = kind_type::unknown;
  std::string name;
  std::vector<table_name> tables;
};

/// Reads quoted and qualified names, comments of all kinds and several tables.
/// What it does not understand is `unknown`, never less. O(size).
[[nodiscard]] logged_statement scan_statement(std::string_view text);

} // namespace toadcache
