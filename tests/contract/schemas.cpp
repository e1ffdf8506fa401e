// Tables made from a catalog are learned back as that catalog, and differences
// are found by name.
#include <algorithm>

#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

const entity_type& by_table(const catalog& c, std::string_view table) {
  for (auto& type : c.types())
    if (type.table == table)
      return type;
  FAIL("no table " << table);
  return c[0];
}

std::vector<std::string> names(const entity_type& type,
                               const std::vector<size_t>& columns) {
  std::vector<std::string> out;
  for (auto c : columns)
    out.push_back(type.columns[c].name);
  return out;
}

void check_same(const catalog& expected, const catalog& learned,
                bool collations) {
  REQUIRE(learned.size() == expected.size());
  for (auto& e : expected.types()) {
    auto& l = by_table(learned, e.table);
    INFO(e.table);
    REQUIRE(l.columns.size() == e.columns.size());
    for (size_t i = 0; i < e.columns.size(); ++i) {
      INFO(e.columns[i].name);
      CHECK(l.columns[i].name == e.columns[i].name);
      CHECK(l.columns[i].nullable == e.columns[i].nullable);
      CHECK(l.columns[i].max_length == e.columns[i].max_length);
      CHECK(l.columns[i].auto_increment == e.columns[i].auto_increment);
      CHECK(l.columns[i].sql_default == e.columns[i].sql_default);
      if (collations && e.types[i] != column_type::json)
        CHECK(l.columns[i].collation == e.columns[i].collation);
      // MariaDB's JSON is LONGTEXT, SQLite's generated ids are signed.
      if (e.types[i] != column_type::json && !e.columns[i].auto_increment)
        CHECK(to_string(l.types[i]) == to_string(e.types[i]));
    }
    CHECK(l.primary_key == e.primary_key);
    for (auto& i : e.indexes) {
      INFO(i.name);
      auto same
          = std::find_if(l.indexes.begin(), l.indexes.end(), [&](auto& x) {
              return x.kind == i.kind
                     && names(l, x.columns) == names(e, i.columns);
            });
      REQUIRE(same != l.indexes.end());
      if (i.kind != index::kind_type::relation)
        CHECK(same->name == i.name);
    }
    CHECK(l.indexes.size() == e.indexes.size());
    REQUIRE(l.relations.size() == e.relations.size());
    for (size_t i = 0; i < e.relations.size(); ++i) {
      auto& le = l.relations[i];
      auto& ee = e.relations[i];
      CHECK(le.name == ee.name);
      CHECK(le.list_name == ee.list_name);
      CHECK(le.columns == ee.columns);
      CHECK(le.parent_columns == ee.parent_columns);
      CHECK(learned[le.parent].table == expected[ee.parent].table);
      CHECK(le.on_update == ee.on_update);
      CHECK(le.on_delete == ee.on_delete);
    }
  }
}

bool has_line(const std::vector<std::string>& lines, std::string_view part) {
  return std::any_of(lines.begin(), lines.end(), [&](auto& l) {
    return l.find(part) != std::string::npos;
  });
}

} // namespace

TEST_CASE("the shipped catalog's tables are learned back as they are") {
  auto shipped = good(catalog::load(""));
  fresh_database d{each_kind(), shipped};
  std::vector<std::string> notes;
  auto learned = good(d.db().learn(notes));
  CHECK(notes.empty());
  check_same(*shipped, *learned, d.options().kind == database_kind::mysql);
  CHECK(good(d.db().compare(*shipped)).empty());
  CHECK(good(d.db().compare(*learned)).empty());
  good(d.db().create_schema(*shipped)); // once more changes nothing
}

TEST_CASE("every column and key form is learned back") {
  fresh_database d{each_kind()};
  std::vector<std::string> notes;
  auto learned = good(d.db().learn(notes));
  CHECK(notes.empty());
  check_same(*d.schema(), *learned, d.options().kind == database_kind::mysql);
}

TEST_CASE("differences between tables and catalog are lines") {
  fresh_database d{each_kind()};
  d.foreign_sql("ALTER TABLE parent RENAME COLUMN name TO title");
  d.foreign_sql("ALTER TABLE parent ADD COLUMN needed INT NOT NULL DEFAULT 1");
  d.foreign_sql("CREATE TABLE orphan (id INT NOT NULL PRIMARY KEY)");
  d.foreign_sql("DROP TABLE word");
  d.foreign_sql("CREATE UNIQUE INDEX planted ON child (auth, note)");
  auto lines = good(d.db().compare(*d.schema()));
  CHECK(lines
        == std::vector<std::string>{
            "table parent, column name: expected text, found none",
            "table child, unique key (auth, note): found, but the catalog does "
            "not know it",
            "table word: expected, found none"});
}

TEST_CASE("keys, types and actions that differ are lines") {
  fresh_database d{each_kind()};
  d.foreign_sql("DROP TABLE child");
  d.foreign_sql("DROP TABLE parent");
  d.foreign_sql("DROP TABLE tag");
  d.foreign_sql("CREATE TABLE parent (id BIGINT NOT NULL, name VARCHAR(60), "
                "number TEXT, extra INT NOT NULL, PRIMARY KEY (id))");
  d.foreign_sql(
      "CREATE TABLE child (a BIGINT NOT NULL, b VARCHAR(36) NOT NULL, "
      "parent_id BIGINT, owner_id BIGINT NOT NULL, auth INT NOT NULL, "
      "note VARCHAR(50), PRIMARY KEY (b, a), "
      "FOREIGN KEY (owner_id) REFERENCES parent (id) ON UPDATE CASCADE ON "
      "DELETE CASCADE, FOREIGN KEY (a) REFERENCES parent (id))");
  d.foreign_sql("CREATE TABLE tag (id BIGINT NOT NULL, text VARCHAR(20) NOT "
                "NULL)");
  auto lines = good(d.db().compare(*d.schema()));
  for (auto line :
       {"table parent, column name: expected length 50, found 60",
        "table parent, column number: expected int64, found text",
        "table parent, column extra: expected a default or NULL",
        "table parent, unique key (number): expected, found none",
        "table child, column parent_id: expected NOT NULL, found NULL",
        "table child, column owner_id: expected NULL, found NOT NULL",
        "table child, primary key: expected (a, b), found (b, a)",
        "table child, foreign key (parent_id) to parent: expected, found none",
        "table child, foreign key (owner_id) to parent: on delete expected set "
        "null, found cascade",
        "table child, foreign key (a) to parent: found, but the catalog does",
        "table tag: it has no primary key"}) {
    INFO(line);
    CHECK(has_line(lines, line));
  }
}

TEST_CASE("what cannot be learned is left out with a note") {
  fresh_database d{each_kind()};
  d.foreign_sql("CREATE TABLE loose (id INT)");
  d.foreign_sql("CREATE TABLE shape (id INT NOT NULL PRIMARY KEY, "
                "where_ POINT NOT NULL)");
  d.foreign_sql("CREATE VIEW seen AS SELECT id FROM parent");
  std::vector<std::string> notes;
  auto learned = good(d.db().learn(notes));
  CHECK(learned->find("loose") == nullptr);
  CHECK(learned->find("shape") == nullptr);
  CHECK(learned->find("seen") == nullptr);
  CHECK(has_line(notes, "table loose left out: it has no primary key"));
  CHECK(has_line(notes, "table shape left out: column where_: expected a type "
                        "that rows can hold, got 'point'"));
}

TEST_CASE("relations to one table twice get names of their own") {
  fresh_database d{each_kind()};
  d.foreign_sql("CREATE TABLE deal (id INT NOT NULL PRIMARY KEY, "
                "buyer_id BIGINT, sellerId BIGINT, third BIGINT, "
                "FOREIGN KEY (buyer_id) REFERENCES parent (id), "
                "FOREIGN KEY (sellerId) REFERENCES parent (id), "
                "FOREIGN KEY (third) REFERENCES parent (id))");
  std::vector<std::string> notes;
  auto learned = good(d.db().learn(notes));
  auto& type = by_table(*learned, "deal");
  std::vector<std::string> found;
  for (auto& r : type.relations)
    found.push_back(r.name + " " + r.list_name);
  std::sort(found.begin(), found.end());
  CHECK(found
        == std::vector<std::string>{"buyer deals", "parent deals_by_parent",
                                    "seller deals_by_seller"});
}
