#include "tests/simulation/sim_catalog.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace toadcache::simulation {

namespace {

constexpr auto json = R"json({
"version": 1,
"entities": [
  {"name": "owner", "table": "owner",
   "columns": [
     {"name": "id", "type": "int64", "sql_type": "bigint"},
     {"name": "name", "type": "text", "nullable": true, "length": 64,
      "collation": "utf8mb4_general_ci", "sql_type": "varchar(64)"},
     {"name": "note", "type": "text", "nullable": true, "length": 64,
      "collation": "utf8mb4_general_ci", "sql_type": "varchar(64)"},
     {"name": "mark", "type": "int64", "sql_type": "bigint", "default": "0"},
     {"name": "revision", "type": "int64", "sql_type": "bigint",
      "default": "0"}],
   "primary_key": ["id"],
   "ttl": {"fresh": "3s", "stale_while_revalidate": "0s",
           "stale_on_error": "5s", "negative": "2s"}},
  {"name": "page", "table": "page",
   "columns": [
     {"name": "id", "type": "text", "length": 36,
      "collation": "utf8mb4_general_ci", "sql_type": "varchar(36)"},
     {"name": "owner_id", "type": "int64", "sql_type": "bigint"},
     {"name": "tag", "type": "int64", "nullable": true, "sql_type": "int"},
     {"name": "title", "type": "text", "nullable": true, "length": 64,
      "collation": "utf8mb4_general_ci", "sql_type": "varchar(64)"},
     {"name": "mark", "type": "int64", "sql_type": "bigint", "default": "0"},
     {"name": "revision", "type": "int64", "sql_type": "bigint",
      "default": "0"}],
   "primary_key": ["id"],
   "lookups": [{"name": "tag", "columns": ["tag"]}],
   "relations": [
     {"name": "owner", "list": "pages", "columns": ["owner_id"],
      "references": "owner", "referenced": ["id"],
      "on_update": "cascade", "on_delete": "restrict"}],
   "ttl": {"fresh": "2s", "stale_while_revalidate": "1s",
           "stale_on_error": "5s", "negative": "1s"}},
  {"name": "badge", "table": "badge",
   "columns": [
     {"name": "owner_id", "type": "int64", "sql_type": "bigint"},
     {"name": "kind", "type": "int64", "sql_type": "int"},
     {"name": "slug", "type": "text", "nullable": true, "length": 36,
      "collation": "utf8mb4_general_ci", "sql_type": "varchar(36)"},
     {"name": "mark", "type": "int64", "sql_type": "bigint", "default": "0"},
     {"name": "revision", "type": "int64", "sql_type": "bigint",
      "default": "0"}],
   "primary_key": ["owner_id", "kind"],
   "unique": [{"name": "slug", "columns": ["slug"]}],
   "relations": [
     {"name": "owner", "list": "badges", "columns": ["owner_id"],
      "references": "owner", "referenced": ["id"],
      "on_update": "cascade", "on_delete": "cascade"}],
   "ttl": {"fresh": "3s", "stale_while_revalidate": "0s",
           "stale_on_error": "5s", "negative": "2s"}}
]})json";

catalog_ptr parsed(const std::string& text) {
  auto types = catalog::parse(text, "the simulation's catalog");
  if (!types) {
    std::fprintf(stderr, "%s\n", types.error().what.c_str());
    std::abort();
  }
  return *types;
}

} // namespace

catalog_ptr sim_catalog() {
  static const catalog_ptr instance = parsed(json);
  return instance;
}

catalog_ptr sim_catalog_without_cascades() {
  static const catalog_ptr instance = [] {
    std::string text{json};
    const std::string action = "\"cascade\"";
    for (auto at = text.find(action); at != text.npos; at = text.find(action))
      text.replace(at, action.size(), "\"no action\"");
    return parsed(text);
  }();
  return instance;
}

} // namespace toadcache::simulation
