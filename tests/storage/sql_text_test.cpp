// The SQL that the sessions send: identifiers, padding, dialects.
#include "storage/sql_text.hpp"

#include <array>

#include "storage/mysql_sql.hpp"
#include "storage/sqlite_sql.hpp"
#include "storage/statement_cache.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

catalog_ptr shipped() {
  auto c = catalog::load("");
  REQUIRE(c);
  return *c;
}

key key_for(const entity_type& type, std::vector<value> values) {
  auto k = type.make_key(primary_index, values);
  REQUIRE(k);
  return *k;
}

} // namespace

TEST_CASE("few statement texts exist, whatever the number of keys") {
  CHECK(padded_count(1) == 1);
  CHECK(padded_count(2) == 8);
  CHECK(padded_count(8) == 8);
  CHECK(padded_count(9) == 32);
  CHECK(padded_count(33) == 128);
  CHECK(padded_count(129) == 512);
  CHECK(padded_count(513) == 1024);
  CHECK(padded_count(1000) == 1024);
}

TEST_CASE("identifiers are quoted whatever they contain") {
  CHECK(mysql_dialect().quote("a`b\"c") == "`a``b\"c`");
  CHECK(sqlite_dialect().quote("a`b\"c") == "\"a`b\"\"c\"");
  CHECK(mysql_literal("it's \\ 1") == "'it''s \\\\ 1'");
}

TEST_CASE("a read by key in both dialects, padded with its last key") {
  auto c = shipped();
  auto& type = *c->find("guild");
  std::vector<key> keys{key_for(type, {1}), key_for(type, {2})};
  auto mysql = select_keys(mysql_dialect(), type, keys, true);
  REQUIRE(mysql);
  CHECK(mysql->text
        == "SELECT `id`,`name`,`created`,`updated` FROM `guild` FORCE INDEX "
           "(PRIMARY) WHERE `id` IN (?,?,?,?,?,?,?,?) FOR UPDATE");
  REQUIRE(mysql->parameters.size() == 8);
  CHECK(mysql->parameters[0].data == value{1});
  CHECK(mysql->parameters[1].data == value{2});
  CHECK(mysql->parameters[7].data == value{2});
  keys.pop_back();
  auto sqlite = select_keys(sqlite_dialect(), type, keys, true);
  REQUIRE(sqlite);
  CHECK(
      sqlite->text
      == "SELECT \"id\",\"name\",\"created\",\"updated\" FROM \"guild\" WHERE "
         "\"id\"=?");
}

TEST_CASE("a composite key is a tuple") {
  auto c = shipped();
  auto& type = *c->find("channel_profile");
  std::vector<key> keys(2, key_for(type, {1, "p"}));
  auto text = [&](const sql_dialect& d) {
    auto s = select_keys(d, type, keys, false);
    REQUIRE(s);
    CHECK(s->parameters.size() == 16);
    return s->text.substr(s->text.find("WHERE"));
  };
  CHECK(text(mysql_dialect())
            .find("WHERE (`channel_id`,`profile_id`) IN "
                  "((?,?),(?,?)")
        == 0);
  CHECK(text(sqlite_dialect())
            .find("WHERE (\"channel_id\",\"profile_id\") IN (VALUES (?,?),")
        == 0);
}

TEST_CASE("parents come before children, circles last") {
  auto c = shipped();
  bool cyclic = true;
  auto order = parents_first(*c, cyclic);
  CHECK_FALSE(cyclic);
  REQUIRE(order.size() == c->size());
  auto place = [&](std::string_view name) {
    return std::find(order.begin(), order.end(), c->find(name)->id)
           - order.begin();
  };
  for (auto& type : c->types())
    for (auto& r : type.relations)
      CHECK(place((*c)[r.parent].name) < place(type.name));
}

TEST_CASE("SQLite's column types keep values exactly, and tell MySQL's again") {
  auto declared = [](column_type type, const char* sql) {
    column c;
    c.type = type;
    c.sql_type = sql;
    return sqlite_type_of(c);
  };
  for (auto [type, sql, expected] :
       {std::tuple{column_type::decimal, "decimal(10,2)", "DECIMAL_TEXT(10,2)"},
        std::tuple{column_type::datetime, "datetime(6)", "DATETIME_TEXT(6)"},
        std::tuple{column_type::json, "json", "JSON_TEXT"},
        std::tuple{column_type::uint64, "bigint unsigned", "BIGINT UNSIGNED"},
        std::tuple{column_type::text, "varchar(10)", "VARCHAR(10)"},
        std::tuple{column_type::text, "mediumtext", "MEDIUMTEXT"},
        std::tuple{column_type::binary, "varbinary(16)", "VARBINARY(16)"},
        std::tuple{column_type::binary, "blob", "BLOB"}}) {
    auto found = declared(type, sql);
    CHECK(found == expected);
    CHECK(mysql_type_of(found) == sql);
  }
  CHECK(declared(column_type::text, "enum('a','b')") == "LONGTEXT");
}

TEST_CASE("the statement used longest ago makes room") {
  statement_cache<int> cache{2};
  cache.add("a", std::make_unique<int>(1));
  cache.add("b", std::make_unique<int>(2));
  REQUIRE(cache.find("a") != nullptr);
  CHECK(*cache.find("a") == 1);
  CHECK(*cache.add("c", std::make_unique<int>(3)) == 3);
  CHECK(cache.find("b") == nullptr);
  CHECK(cache.find("a") != nullptr);
  CHECK(cache.size() == 2);
  cache.clear();
  CHECK(cache.find("c") == nullptr);
}
