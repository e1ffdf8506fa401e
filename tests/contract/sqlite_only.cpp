// What only the embedded database has to show: other programs on its file.
#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

TEST_CASE("another program's change is noticed once, own ones never") {
  fresh_database d{database_kind::sqlite};
  auto first = d.connect();
  auto second = d.connect();
  auto& type = d.type("parent");
  CHECK_FALSE(good(first->changed_by_others()));
  inserted(*first, type, {{"id", 1}});
  inserted(*second, type, {{"id", 2}});
  CHECK_FALSE(good(first->changed_by_others()));
  CHECK_FALSE(good(second->changed_by_others()));
  d.foreign_sql("UPDATE parent SET name = 'foreign' WHERE id = 1");
  CHECK(good(second->changed_by_others()));
  CHECK_FALSE(good(first->changed_by_others()));
  // Also between own writes, and while a transaction is open.
  d.foreign_sql("UPDATE parent SET name = 'again' WHERE id = 1");
  good(first->begin());
  good(first->insert(type, set_of(type, {{"id", 3}})));
  CHECK(good(second->changed_by_others()));
  CHECK(first->commit().how == outcome::committed);
  CHECK_FALSE(good(second->changed_by_others()));
}

TEST_CASE("a change between two connections of the process is not missed") {
  fresh_database d{database_kind::sqlite};
  d.connect().reset();
  d.foreign_sql("INSERT INTO parent (id) VALUES (1)");
  CHECK(good(d.connect()->changed_by_others()));
}

TEST_CASE("a statement over its time limit ends with timeout") {
  fresh_database d{database_kind::sqlite};
  auto o = d.options();
  o.statement_timeout = milliseconds{0};
  auto s = good(good(make_database(o, d.schema()))->connect());
  d.foreign_sql(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 30000) INSERT INTO parent (id) SELECT i FROM n");
  auto& type = d.type("parent");
  good(s->begin());
  auto r = s->read_where(type, {}, false);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::timeout);
  CHECK_FALSE(s->in_transaction());
  CHECK(s->usable());
}

TEST_CASE("the file's identity stays, a new file has another") {
  fresh_database d{database_kind::sqlite};
  fresh_database other{database_kind::sqlite};
  auto id = good(d.db().identity());
  CHECK(id.size() > 32);
  CHECK(good(d.db().identity()) == id);
  auto again = good(make_database(d.options(), d.schema()));
  CHECK(good(again->identity()) == id);
  CHECK(good(other.db().identity()) != id);
  CHECK(again->description() == "sqlite " + d.options().file);
}

TEST_CASE("files that are no database are an error with their name") {
  temporary_folder folder;
  database_options o;
  o.file = folder.write("text.db", std::string(5000, 'x'));
  auto db = good(make_database(o, suite_catalog()));
  auto s = db->connect();
  REQUIRE_FALSE(s);
  CHECK(s.error().code == errc::unavailable);
  CHECK(s.error().what.find(o.file) != std::string::npos);
  CHECK_FALSE(db->identity());
  std::vector<std::string> notes;
  CHECK_FALSE(db->learn(notes));
  CHECK_FALSE(db->compare(*suite_catalog()));
  CHECK_FALSE(db->check());
  o.file = (folder.path() / "absent" / "x.db").string();
  CHECK_FALSE(good(make_database(o, suite_catalog()))->connect());
  o.file = ":memory:";
  auto refused = make_database(o, suite_catalog());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid);
}

TEST_CASE("lengths are checked by the file itself, for other programs too") {
  fresh_database d{database_kind::sqlite};
  d.foreign_sql("INSERT INTO parent (id, name) VALUES (1, 'short')");
  d.foreign_sql("UPDATE OR IGNORE parent SET name = printf('%051d', 0)");
  auto s = d.connect();
  auto& type = d.type("parent");
  CHECK(at(read_one(*s, type, key_of(type, {1})), type, "name")
        == value_view{std::string_view{"short"}});
}

TEST_CASE("a lost SQLite connection cannot commit later") {
  fresh_database d{database_kind::sqlite};
  auto s = d.connect();
  CHECK(s->connection_id().empty());
  CHECK(good(s->connection_gone("")));
}

TEST_CASE("broken references are reported by check") {
  fresh_database d{database_kind::sqlite};
  CHECK(good(d.db().check()).empty());
  d.foreign_sql("PRAGMA foreign_keys=OFF;"
                "INSERT INTO child (a, b, parent_id) VALUES (1, 'x', 99)");
  auto found = good(d.db().check());
  REQUIRE(found.size() == 1);
  CHECK(found[0].what == "1 rows reference parents that do not exist");
}
