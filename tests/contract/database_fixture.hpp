// What the contract suite runs on: an empty database of each kind with a
// catalog of its own, removed at the end of the test.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/database.hpp"
#include "tests/catch.hpp"
#include "tests/mariadb.hpp"
#include "tests/temporary_folder.hpp"

namespace toadcache::tests {

/// The test case runs once for each kind of database from here on.
[[nodiscard]] database_kind each_kind();

/// The catalog with all column types and keys that the suite works on:
/// everything, parent, child (several relations), tag (generated ids), word
/// (text keys under a collation).
[[nodiscard]] catalog_ptr suite_catalog();

/// The MariaDB that the whole suite shares. Started at its first use.
[[nodiscard]] mariadb_server& shared_mariadb();

/// An empty database with the tables of one catalog.
class fresh_database {
public:
  explicit fresh_database(database_kind kind, catalog_ptr c = suite_catalog());
  fresh_database(const fresh_database&) = delete;
  fresh_database& operator=(const fresh_database&) = delete;
  ~fresh_database();

  [[nodiscard]] database& db() { return *db_; }
  [[nodiscard]] const database_options& options() const { return options_; }
  [[nodiscard]] const catalog_ptr& schema() const { return catalog_; }
  [[nodiscard]] const entity_type& type(std::string_view name) const;
  /// A new session; fails the test when there is none.
  [[nodiscard]] std::unique_ptr<session> connect();
  /// Runs SQL beside the product, as another program would.
  void foreign_sql(const std::string& text);

private:
  std::optional<temporary_folder> folder_; // SQLite
  database_options options_;
  catalog_ptr catalog_;
  std::shared_ptr<database> db_;
};

/// The value of a result; fails the test with its error otherwise.
template <class T>
T good(result<T> r) {
  if (!r)
    FAIL(to_string(r.error()));
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

/// Values by column name.
using named_values = std::vector<std::pair<std::string_view, value>>;
[[nodiscard]] assignments set_of(const entity_type& type,
                                 const named_values& values);
[[nodiscard]] key key_of(const entity_type& type, std::vector<value> values,
                         index_id index = primary_index);
[[nodiscard]] index_id index_of(const entity_type& type, std::string_view name);
[[nodiscard]] value_view at(const row& r, const entity_type& type,
                            std::string_view column);

/// Inserts one row in a transaction of its own.
key inserted(session& s, const entity_type& type, const named_values& values);
/// The row of a key, empty when there is none.
[[nodiscard]] row read_one(session& s, const entity_type& type, const key& id);

} // namespace toadcache::tests
