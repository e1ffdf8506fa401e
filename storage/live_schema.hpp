// The tables of a database as they are, in the catalog's terms: what a catalog
// is learned from and compared with. Values and pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "model/catalog_builder.hpp"

namespace toadcache {

/// A table as found. Relations name their parent by table.
struct live_table {
  std::string name;
  entity_draft entity;
  /// Not empty: why it cannot be an entity ("it has no primary key").
  std::string unfit;
};

/// A catalog of the fit tables. Adds a line to `notes` for each table, index or
/// foreign key that is left out. Names of relations and lists are derived from
/// columns and tables and made unique.
[[nodiscard]] result<std::shared_ptr<const catalog>>
learned_catalog(std::string_view origin, std::vector<live_table> tables,
                std::vector<std::string>& notes);

/// Where the live tables differ from the catalog, a line each: tables, columns,
/// types, lengths, NULL, keys, relations with their actions, and, where
/// `collations` says so, collations. Missing lookups are not differences: they
/// cost time, never correctness.
[[nodiscard]] std::vector<std::string>
schema_differences(const catalog& c, const std::vector<live_table>& tables,
                   bool collations);

} // namespace toadcache
