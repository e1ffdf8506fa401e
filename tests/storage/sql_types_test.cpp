// What SQL's type names mean to a catalog.
#include "storage/sql_types.hpp"

#include "tests/catch.hpp"

using namespace toadcache;

TEST_CASE("declared types and their meaning") {
  struct line {
    const char* declared;
    column_type type;
    uint32_t length;
  };
  for (auto [declared, type, length] :
       {line{"bigint(20)", column_type::int64, 0},
        line{"BIGINT UNSIGNED", column_type::uint64, 0},
        line{"int(4) unsigned zerofill", column_type::uint64, 0},
        line{"tinyint(1)", column_type::int64, 0},
        line{"bit(3)", column_type::uint64, 0},
        line{"double unsigned", column_type::float64, 0},
        line{"decimal(10,2) unsigned", column_type::decimal, 0},
        line{"varchar(100)", column_type::text, 100},
        line{"char", column_type::text, 1},
        line{"enum('unsigned','(x)')", column_type::text, 0},
        line{"longtext", column_type::text, 0},
        line{"binary(16)", column_type::binary, 16},
        line{"mediumblob", column_type::binary, 0},
        line{"uuid", column_type::text, 36},
        line{"datetime(6)", column_type::datetime, 0},
        line{"json", column_type::json, 0}}) {
    INFO(declared);
    auto meaning = meaning_of(declared);
    REQUIRE(meaning);
    CHECK(to_string(meaning->type) == to_string(type));
    CHECK(meaning->max_length == length);
  }
  auto point = meaning_of("point");
  REQUIRE_FALSE(point);
  CHECK(point.error().what
        == "expected a type that rows can hold, got 'point'");
}

TEST_CASE("a column without an SQL type gets one that means the same") {
  for (auto type :
       {column_type::int64, column_type::uint64, column_type::float64,
        column_type::decimal, column_type::text, column_type::binary,
        column_type::date, column_type::time, column_type::datetime,
        column_type::timestamp, column_type::json})
    for (uint32_t length : {0u, 100u, 20000u, 100000u}) {
      column c;
      c.type = type;
      c.max_length = length;
      INFO(to_string(type) << " " << length);
      auto meaning = meaning_of(declared_type(c));
      REQUIRE(meaning);
      CHECK(to_string(meaning->type) == to_string(type));
    }
}

TEST_CASE("TEXT and BLOB types bound their bytes") {
  CHECK(byte_limit("tinytext") == 255);
  CHECK(byte_limit("TEXT") == 65535);
  CHECK(byte_limit("blob") == 65535);
  CHECK(byte_limit("mediumblob") == 16777215);
  CHECK(byte_limit("longtext") == 0);
  CHECK(byte_limit("varchar(10)") == 0);
  CHECK(byte_limit("tinyint") == 0);
}
