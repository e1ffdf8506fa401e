// Rows decoded from a real log are, byte by byte, the rows that a SELECT
// through the product's own session reads.
#include <map>

#include "tests/integration/binlog_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

/// One column per type, its values one after the other in rows of their own.
struct probe {
  const char* type;
  std::vector<const char*> values;
};

const std::vector<probe>& probes() {
  static const std::vector<probe> all{
      {"TINYINT", {"-128", "127", "0", "-1"}},
      {"TINYINT UNSIGNED", {"255", "0"}},
      {"BOOLEAN", {"TRUE", "FALSE"}},
      {"SMALLINT", {"-32768", "32767"}},
      {"SMALLINT UNSIGNED", {"65535"}},
      {"MEDIUMINT", {"-8388608", "8388607"}},
      {"MEDIUMINT UNSIGNED", {"16777215"}},
      {"INT", {"-2147483648", "2147483647"}},
      {"INT UNSIGNED", {"4294967295"}},
      {"INT(8) UNSIGNED ZEROFILL", {"42"}},
      {"BIGINT", {"-9223372036854775808", "9223372036854775807"}},
      {"BIGINT UNSIGNED", {"18446744073709551615", "9007199254740993"}},
      {"FLOAT", {"0.1", "-3.40282e38", "1.17549e-38", "0", "16777217", "2.5"}},
      {"DOUBLE", {"0.1", "-1.7976931348623157e308", "5e-324", "-0.0", "1e15"}},
      {"DOUBLE UNSIGNED", {"12.5"}},
      {"DECIMAL(10,2)", {"0", "0.5", "-0.01", "99999999.99", "-99999999.99"}},
      {"DECIMAL(65,30)",
       {"12345678901234567890123456789012345.123456789012345678901234567890",
        "-99999999999999999999999999999999999.999999999999999999999999999999",
        "-0.000000000000000000000000000001", "0"}},
      {"DECIMAL(5,5)", {"0.12345", "-0.99999", "0"}},
      {"DECIMAL(18,0)", {"999999999999999999", "-1", "0"}},
      {"DECIMAL(9,9)", {"0.000000001"}},
      {"DECIMAL(12,0) UNSIGNED", {"100"}},
      {"YEAR", {"1901", "2155", "0", "2026"}},
      {"BIT(1)", {"b'1'", "b'0'"}},
      {"BIT(10)", {"b'1010101010'"}},
      {"BIT(64)", {"18446744073709551615", "1"}},
      {"DATE",
       {"'1000-01-01'", "'9999-12-31'", "'2024-02-29'", "'0000-00-00'",
        "'2024-00-00'", "'0099-02-03'"}},
      {"TIME", {"'-838:59:59'", "'838:59:59'", "'00:00:00'", "'10:11:12'"}},
      {"TIME(1)", {"'-10:11:12.5'", "'00:00:00.1'", "'-00:00:00.1'"}},
      {"TIME(3)", {"'-10:11:12.501'", "'838:59:59.999'"}},
      {"TIME(6)", {"'-838:59:59.999999'", "'-00:00:00.000001'", "'0:0:1'"}},
      {"DATETIME",
       {"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'",
        "'0000-00-00 00:00:00'", "'0099-02-03 01:02:03'"}},
      {"DATETIME(2)", {"'2026-11-22 10:11:12.34'"}},
      {"DATETIME(3)", {"'2026-11-22 10:11:12.345'"}},
      {"DATETIME(6)",
       {"'9999-12-31 23:59:59.999999'", "'2026-11-22 10:11:12.000001'",
        "'0000-00-00 00:00:00'"}},
      {"TIMESTAMP",
       {"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'",
        "'0000-00-00 00:00:00'"}},
      {"TIMESTAMP(1)", {"'2026-11-22 10:11:12.3'"}},
      {"TIMESTAMP(5)", {"'2026-11-22 10:11:12.34567'"}},
      {"TIMESTAMP(6)",
       {"'2038-01-19 03:14:07.999999'", "'0000-00-00 00:00:00'"}},
      {"CHAR(10)", {"'abc'", "'abc   '", "''", "'  x'", "'\U0001F438'"}},
      {"CHAR(255)", {"REPEAT('ä', 255)"}},
      {"CHAR(5) CHARACTER SET latin1", {"'Gr\u00fc\u20ac'"}},
      {"CHAR(5) CHARACTER SET ascii COLLATE ascii_bin", {"'abc'"}},
      {"VARCHAR(10)", {"'abc  '", "''", "'\U0001F438\U0001F438'"}},
      {"VARCHAR(300)", {"REPEAT('x', 300)", "'x'"}},
      {"VARCHAR(60)", {"REPEAT('\U0001F438', 60)"}},
      {"VARCHAR(20) CHARACTER SET latin1", {"'\u00e4\u00f6\u201equot\u201c'"}},
      {"VARCHAR(20) CHARACTER SET utf8mb3", {"'ä\u20ac'"}},
      {"BINARY(4)", {"x'00010000'", "x'61'", "x''", "x'20202020'", "x'ff'"}},
      {"BINARY(255)", {"x'0061'"}},
      {"VARBINARY(10)", {"x'00ff00'", "x'2020'", "x''"}},
      {"VARBINARY(1000)", {"REPEAT(x'00ff', 500)"}},
      {"TINYTEXT", {"REPEAT('x', 255)", "''"}},
      {"TEXT", {"REPEAT('x', 65535)", "'Grüße  '"}},
      {"MEDIUMTEXT", {"REPEAT('ä', 70000)"}},
      {"LONGTEXT", {"REPEAT('ä', 100000)"}},
      {"TINYBLOB", {"x'00'", "x''"}},
      {"BLOB", {"REPEAT(x'00', 65535)"}},
      {"MEDIUMBLOB", {"REPEAT(x'ff', 70000)"}},
      {"LONGBLOB", {"REPEAT(x'0a0d', 100000)"}},
      {"ENUM('a','it''s','c\\\\d','ö','n\\nl')",
       {"'a'", "'it''s'", "3", "'ö'", "5", "'none'"}},
      {"SET('x','it''s','c')", {"''", "'x,c'", "'it''s'", "7"}},
      {"JSON", {"'{\"a\": [1, null]}'", "'[]'"}},
  };
  return all;
}

std::string name_of(size_t i) {
  return "c" + std::to_string(i);
}

std::string create_statement(const std::string& options) {
  std::string out = "CREATE TABLE everything (id INT PRIMARY KEY";
  for (size_t i = 0; i < probes().size(); ++i)
    out += ", " + name_of(i) + " " + probes()[i].type + " NULL";
  return out + ") ROW_FORMAT=DYNAMIC " + options;
}

/// The n-th value of every column; columns with fewer hold NULL.
std::string insert_statement(size_t n) {
  auto out = "INSERT INTO everything VALUES (" + std::to_string(n);
  for (auto& p : probes())
    out += std::string{", "} + (n < p.values.size() ? p.values[n] : "NULL");
  return out + ")";
}

size_t most_values() {
  size_t out = 0;
  for (auto& p : probes())
    out = std::max(out, p.values.size());
  return out + 1; // and one row of NULLs
}

void same(const entity_type& type, const row& decoded, const row& read) {
  REQUIRE(decoded);
  for (size_t i = 0; i < type.columns.size(); ++i) {
    INFO(type.columns[i].name << " " << type.columns[i].sql_type);
    CHECK(to_string(decoded.at(i)).substr(0, 200)
          == to_string(read.at(i)).substr(0, 200));
    CHECK((decoded.at(i) == read.at(i)));
  }
  CHECK((decoded == read));
  CHECK(decoded.content_hash() == read.content_hash());
}

/// Inserts, updates and deletes every probe; compares every image.
void compare_all(mariadb_server& server, const std::string& schema,
                 const std::vector<std::string>& before) {
  followed_schema s{server, schema, {create_statement("")}};
  auto& type = s.type("everything");
  std::vector<std::string> statements{"SET time_zone = '+00:00'",
                                      "SET sql_mode = ''"};
  statements.insert(statements.end(), before.begin(), before.end());
  for (size_t n = 0; n < most_values(); ++n)
    statements.push_back(insert_statement(n));
  s.run(statements);
  std::map<int64_t, row> read;
  for (auto& r : s.rows(type))
    read[r.int_at(0)] = r;
  REQUIRE(read.size() == most_values());
  size_t count = 0;
  for (auto& commit : s.all()) {
    CHECK(commit.flushes.empty());
    for (auto& c : commit.changes) {
      ++count;
      CHECK(c.kind == logged_change::kind_type::insert);
      CHECK(c.rows.complete);
      same(type, c.rows.after, read[c.rows.after.int_at(0)]);
      CHECK(c.rows.id == type.key_of(c.rows.after));
    }
  }
  CHECK(count == most_values());
  s.run({"UPDATE everything SET id = id + 100", "DELETE FROM everything"});
  auto commits = s.all();
  REQUIRE(commits.size() == 2);
  REQUIRE(commits[0].changes.size() == count);
  REQUIRE(commits[1].changes.size() == count);
  for (auto& c : commits[0].changes) {
    same(type, c.rows.before, read[c.rows.before.int_at(0)]);
    CHECK(c.rows.after.int_at(0) == c.rows.before.int_at(0) + 100);
    REQUIRE(c.new_id);
    CHECK(*c.new_id == type.key_of(c.rows.after));
  }
  for (auto& c : commits[1].changes)
    CHECK(c.rows.id == type.key_of(c.rows.before));
}

} // namespace

TEST_CASE("rows of every type decode to what a SELECT reads") {
  compare_all(logging_server(), "types", {});
}

TEST_CASE("compressed rows decode alike") {
  mariadb_server server{{.binlog = true,
                         .arguments = {"--log-bin-compress=ON",
                                       "--log-bin-compress-min-len=10"}}};
  compare_all(server, "types", {});
}

TEST_CASE("a log without checksums, with names and signs, decodes alike") {
  mariadb_server server{
      {.binlog = true,
       .arguments = {"--binlog-checksum=NONE", "--binlog-row-metadata=FULL"}}};
  compare_all(server, "types", {});
}
