#include "tests/contract/database_fixture.hpp"

#include <sqlite3.h>

namespace toadcache::tests {

namespace {

constexpr std::string_view suite_json = R"json({
  "version": 1,
  "entities": [
    {"name": "everything", "table": "every thing", "columns": [
      {"name": "id", "type": "int64", "sql_type": "bigint"},
      {"name": "small", "type": "int64", "nullable": true, "sql_type": "tinyint"},
      {"name": "big", "type": "int64", "nullable": true, "sql_type": "bigint"},
      {"name": "huge", "type": "uint64", "nullable": true, "sql_type": "bigint unsigned"},
      {"name": "ratio", "type": "float64", "nullable": true, "sql_type": "double"},
      {"name": "price", "type": "decimal", "nullable": true, "sql_type": "decimal(30,10)"},
      {"name": "select", "type": "text", "nullable": true, "length": 20, "collation": "utf8mb4_general_ci", "sql_type": "varchar(20)"},
      {"name": "long \"`text", "type": "text", "nullable": true, "collation": "utf8mb4_general_ci", "sql_type": "mediumtext"},
      {"name": "code", "type": "binary", "nullable": true, "length": 16, "sql_type": "varbinary(16)"},
      {"name": "blob", "type": "binary", "nullable": true, "sql_type": "mediumblob"},
      {"name": "day", "type": "date", "nullable": true, "sql_type": "date"},
      {"name": "span", "type": "time", "nullable": true, "sql_type": "time(1)"},
      {"name": "at", "type": "datetime", "nullable": true, "sql_type": "datetime(6)"},
      {"name": "at_second", "type": "datetime", "nullable": true, "sql_type": "datetime"},
      {"name": "stamp", "type": "timestamp", "nullable": true, "sql_type": "timestamp(3)"},
      {"name": "document", "type": "json", "nullable": true, "sql_type": "json"},
      {"name": "color", "type": "text", "nullable": true, "collation": "utf8mb4_general_ci", "sql_type": "enum('red','12')"},
      {"name": "counted", "type": "int64", "sql_type": "int", "default": "7"},
      {"name": "named", "type": "text", "length": 10, "collation": "utf8mb4_general_ci", "sql_type": "varchar(10)", "default": "'empty'"}
    ], "primary_key": ["id"]},
    {"name": "parent", "table": "parent", "columns": [
      {"name": "id", "type": "int64", "sql_type": "bigint"},
      {"name": "name", "type": "text", "nullable": true, "length": 50, "collation": "utf8mb4_general_ci", "sql_type": "varchar(50)"},
      {"name": "number", "type": "int64", "nullable": true, "sql_type": "int"}
    ], "primary_key": ["id"],
       "unique": [{"name": "number", "columns": ["number"]}]},
    {"name": "child", "table": "child", "columns": [
      {"name": "a", "type": "int64", "sql_type": "bigint"},
      {"name": "b", "type": "text", "length": 36, "collation": "utf8mb4_bin", "sql_type": "varchar(36)"},
      {"name": "parent_id", "type": "int64", "sql_type": "bigint"},
      {"name": "owner_id", "type": "int64", "nullable": true, "sql_type": "bigint"},
      {"name": "auth", "type": "int64", "sql_type": "int", "default": "0"},
      {"name": "note", "type": "text", "nullable": true, "length": 50, "collation": "utf8mb4_general_ci", "sql_type": "varchar(50)"}
    ], "primary_key": ["a", "b"],
       "lookups": [{"name": "auth", "columns": ["auth"]},
                   {"name": "auth_note", "columns": ["auth", "note"]}],
       "relations": [
      {"name": "parent", "list": "childs", "columns": ["parent_id"], "references": "parent", "referenced": ["id"], "on_update": "cascade", "on_delete": "restrict"},
      {"name": "owner", "list": "childs_by_owner", "columns": ["owner_id"], "references": "parent", "referenced": ["id"], "on_update": "cascade", "on_delete": "set null"}
    ]},
    {"name": "tag", "table": "tag", "columns": [
      {"name": "id", "type": "uint64", "sql_type": "bigint unsigned", "auto_increment": true},
      {"name": "text", "type": "text", "length": 20, "collation": "utf8mb4_general_ci", "sql_type": "varchar(20)", "default": "'none'"}
    ], "primary_key": ["id"]},
    {"name": "word", "table": "word", "columns": [
      {"name": "id", "type": "text", "length": 40, "collation": "utf8mb4_general_ci", "sql_type": "varchar(40)"},
      {"name": "meaning", "type": "text", "nullable": true, "length": 100, "collation": "utf8mb4_general_ci", "sql_type": "varchar(100)"}
    ], "primary_key": ["id"],
       "lookups": [{"name": "meaning", "columns": ["meaning"]}]}
  ]
})json";

} // namespace

database_kind each_kind() {
  auto kind = GENERATE(database_kind::sqlite, database_kind::mysql);
  UNSCOPED_INFO((kind == database_kind::sqlite ? "SQLite" : "MariaDB"));
  return kind;
}

catalog_ptr suite_catalog() {
  return good(catalog::parse(suite_json, "contract suite"));
}

mariadb_server& shared_mariadb() {
  static mariadb_server server;
  return server;
}

fresh_database::fresh_database(database_kind kind, catalog_ptr c)
    : catalog_(std::move(c)) {
  static int count = 0;
  if (kind == database_kind::mysql) {
    auto name = "contract_" + std::to_string(++count);
    shared_mariadb().create_schema(name);
    options_ = shared_mariadb().options(name);
  } else {
    folder_.emplace();
    options_.file = (folder_->path() / "data.db").string();
  }
  options_.lock_wait_timeout = milliseconds{1000};
  db_ = good(make_database(options_, catalog_));
  good(db_->create_schema(*catalog_));
}

fresh_database::~fresh_database() {
  if (options_.kind == database_kind::mysql)
    shared_mariadb().sql("DROP DATABASE `" + options_.schema + "`");
}

const entity_type& fresh_database::type(std::string_view name) const {
  auto* found = catalog_->find(name);
  REQUIRE(found != nullptr);
  return *found;
}

std::unique_ptr<session> fresh_database::connect() {
  return good(db_->connect());
}

void fresh_database::foreign_sql(const std::string& text) {
  if (options_.kind == database_kind::mysql) {
    shared_mariadb().sql(text, options_.schema);
    return;
  }
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(options_.file.c_str(), &db) == SQLITE_OK);
  sqlite3_busy_timeout(db, 1000);
  char* why = nullptr;
  auto code = sqlite3_exec(db, text.c_str(), nullptr, nullptr, &why);
  std::string line = why == nullptr ? "" : why;
  sqlite3_free(why);
  sqlite3_close(db);
  if (code != SQLITE_OK)
    FAIL(text << ": " << line);
}

assignments set_of(const entity_type& type, const named_values& values) {
  assignments out;
  for (auto& [name, v] : values) {
    auto column = type.find_column(name);
    REQUIRE(column.has_value());
    out.emplace_back(*column, v);
  }
  return out;
}

key key_of(const entity_type& type, std::vector<value> values, index_id index) {
  return good(type.make_key(index, values));
}

index_id index_of(const entity_type& type, std::string_view name) {
  auto found = type.find_index(name);
  REQUIRE(found.has_value());
  return *found;
}

value_view at(const row& r, const entity_type& type, std::string_view column) {
  auto found = type.find_column(column);
  REQUIRE(found.has_value());
  REQUIRE(r);
  return r.at(*found);
}

key inserted(session& s, const entity_type& type, const named_values& values) {
  good(s.begin());
  auto id = good(s.insert(type, set_of(type, values)));
  REQUIRE(s.commit().how == outcome::committed);
  return id;
}

row read_one(session& s, const entity_type& type, const key& id) {
  auto rows = good(s.read_keys(type, std::vector<key>{id}, false));
  REQUIRE(rows.size() <= 1);
  return rows.empty() ? row{} : rows[0];
}

} // namespace toadcache::tests
