// What the server takes for equal, against what keys are told to take for equal
// (entity_type::may_cache_absence, aliases_of): for every collation that they
// trust.
#include <set>

#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

// An entity with one text key under `collation`.
entity_type words(const std::string& collation) {
  auto c = catalog::parse(R"({"version": 1, "entities": [{"name": "word",
      "table": "word", "columns": [{"name": "id", "type": "text", "collation": ")"
                              + collation + R"(", "sql_type": "TEXT"}],
      "primary_key": ["id"]}]})",
                          "test");
  REQUIRE(c);
  return (**c)[0];
}

// Every printable character, and every pair of them that begins with a
// lower-case letter (where languages have letters of two signs) or with what
// could be ignored; and the short forms of doubled Hungarian letters.
void fill(const mariadb_server& server) {
  std::string characters = "INSERT INTO sign VALUES (CHAR(32))";
  for (int c = 0x21; c <= 0x7e; ++c)
    characters += ",(CHAR(" + std::to_string(c) + "))";
  server.run({"CREATE TABLE sign (x VARBINARY(1) PRIMARY KEY)",
              "CREATE TABLE word (x VARBINARY(6) PRIMARY KEY)", characters,
              "INSERT INTO word SELECT x FROM sign",
              "INSERT INTO word SELECT CONCAT(p.x, q.x) FROM sign p, sign q "
              "WHERE p.x BETWEEN 'a' AND 'z' OR q.x = 'a'",
              "INSERT INTO word VALUES ('ccs'),('cscs'),('ddz'),('dzdz'),"
              "('ddzs'),('dzsdzs'),('ggy'),('gygy'),('lly'),('lyly'),('nny'),"
              "('nyny'),('ssz'),('szsz'),('tty'),('tyty'),('zzs'),('zszs')"},
             "collations");
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

} // namespace

TEST_CASE("no collation of the server finds more than its keys allow for") {
  const auto& server = shared_mariadb();
  server.create_schema("collations");
  fill(server);
  auto collations = server.sql(
      "SELECT CHARACTER_SET_NAME, FULL_COLLATION_NAME FROM "
      "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY "
      "WHERE CHARACTER_SET_NAME <> 'utf8mb3' ORDER BY 1, 2"); // as utf8mb4's
  size_t trusted_count = 0;
  for (const auto& line : collations) {
    const auto& charset = line[0];
    auto name = line[1];
    auto type = words(name);
    auto key_of_text = [&](const std::string& text) {
      return *type.make_key(primary_index, std::vector<value>{text});
    };
    // If not, nothing but rows is cached.
    trusted_count += type.may_cache_absence(key_of_text("abc"));
    auto same = server.run({"SET group_concat_max_len = 1000000",
                            "SELECT GROUP_CONCAT(HEX(x)) FROM word GROUP BY "
                            "CONVERT(CONVERT(x USING utf8mb4) "
                            "USING "
                                + charset + ") COLLATE `" + name
                                + "` HAVING COUNT(*) > 1"},
                           "collations");
    for (const auto& group : same) {
      // Of the texts of one group at most one may stand for an absence, and a
      // write of any other drops it.
      std::set<std::string> trusted;
      std::vector<std::string> texts;
      for (size_t at = 0; at < group[0].size();) {
        auto end = std::min(group[0].find(',', at), group[0].size());
        texts.push_back(from_hex(group[0].substr(at, end - at)));
        if (type.may_cache_absence(key_of_text(texts.back())))
          trusted.insert(texts.back());
        at = end + 1;
      }
      bool all_dropped = true;
      bool one_form = true;
      const auto form = type.common_form(key_of_text(texts[0]));
      for (const auto& text : texts) {
        const auto k = key_of_text(text);
        // A change of one drops the rows under all others.
        one_form &= type.common_form(k) == form;
        auto dropped = type.aliases_of(k);
        for (const auto& hidden : trusted)
          all_dropped &= hidden == text || dropped.all
                         || dropped.folded == key_of_text(hidden);
      }
      if (trusted.size() > 1 || !all_dropped || !one_form)
        FAIL(name << " takes for one: " << group[0]);
    }
  }
  CHECK(trusted_count > 10);
  server.sql("DROP SCHEMA collations");
}
