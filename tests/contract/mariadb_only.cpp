// What only a server can show: collations, lost connections, killed servers,
// settings.
#include <algorithm>
#include <cstdlib>
#include <thread>

#include "storage/mysql_connection.hpp"
#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

std::string number_of(const session& s) {
  auto id = s.connection_id();
  return id.substr(0, id.find('/'));
}

void kill_connection(const session& s) {
  shared_mariadb().sql("KILL CONNECTION " + number_of(s));
}

/// Asks until the connection is gone; each question waits for an answer of the
/// server, and a connection that never goes fails the test.
void require_gone(session& asked, const std::string& id) {
  for (int i = 0; i < 5000; ++i)
    if (good(asked.connection_gone(id)))
      return;
  FAIL("connection " << id << " does not go");
}

} // namespace

TEST_CASE("under a collation, other texts find the row, whose key is its own") {
  fresh_database d{database_kind::mysql};
  auto s = d.connect();
  auto& type = d.type("word");
  auto stored = inserted(*s, type, {{"id", "abc"}, {"meaning", "Frosch"}});
  for (auto asked : {"ABC", "abc  ",
                     "\xc3\xa0"
                     "bc",
                     "aBC "}) {
    INFO(asked);
    auto id = key_of(type, {asked});
    CHECK_FALSE(id == stored);
    auto r = read_one(*s, type, id);
    REQUIRE(r);
    CHECK(type.key_of(r) == stored);
  }
  CHECK_FALSE(read_one(*s, type, key_of(type, {"abd"})));
  auto meaning = index_of(type, "meaning");
  std::vector<key> asked{key_of(type, {"FROSCH "}, meaning)};
  CHECK(good(s->read_index(type, meaning, asked, false)).size() == 1);
  good(s->begin());
  auto again = s->insert(type, set_of(type, {{"id", "ABC"}}));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::duplicate);
  CHECK(again.error().what.find("'ABC'") == std::string::npos);
}

TEST_CASE("a killed connection is unavailable, and its transaction is gone") {
  fresh_database d{database_kind::mysql};
  auto s = d.connect();
  auto& type = d.type("parent");
  good(s->begin());
  good(s->insert(type, set_of(type, {{"id", 1}})));
  kill_connection(*s);
  auto r = s->insert(type, set_of(type, {{"id", 2}}));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::unavailable);
  CHECK_FALSE(s->usable());
  CHECK_FALSE(s->in_transaction());
  CHECK_FALSE(s->ping());
  s->rollback();
  auto other = d.connect();
  require_gone(*other, s->connection_id());
  CHECK(good(other->read_where(type, {}, false)).empty());
}

TEST_CASE("a connection lost at commit leaves the outcome unknown") {
  fresh_database d{database_kind::mysql};
  auto s = d.connect();
  auto& type = d.type("parent");
  good(s->begin());
  good(s->insert(type, set_of(type, {{"id", 1}})));
  kill_connection(*s);
  auto c = s->commit();
  CHECK(c.how == outcome::unknown);
  CHECK(c.why.code == errc::unavailable);
  CHECK_FALSE(s->usable());
  CHECK_FALSE(s->in_transaction());
  auto other = d.connect();
  require_gone(*other, s->connection_id());
}

TEST_CASE("a connection that is asked about is ended, its locks included") {
  fresh_database d{database_kind::mysql};
  auto s = d.connect();
  auto other = d.connect();
  auto& type = d.type("parent");
  auto id = inserted(*s, type, {{"id", 1}, {"name", "old"}});
  good(s->begin());
  good(s->update(type, id, set_of(type, {{"name", "new"}})));
  CHECK_FALSE(good(other->connection_gone(s->connection_id())));
  require_gone(*other, s->connection_id());
  // Gone means: nothing of it can happen any more, so its row lock is free.
  d.foreign_sql("SELECT * FROM parent FOR UPDATE NOWAIT");
  CHECK(at(read_one(*other, type, id), type, "name")
        == value_view{std::string_view{"old"}});
  CHECK_FALSE(s->ping());
  auto nonsense = other->connection_gone("x; DROP TABLE parent");
  REQUIRE_FALSE(nonsense);
  CHECK(nonsense.error().code == errc::invalid);
}

TEST_CASE("an update that waits in a lost session is settled by its number") {
  // The client is gone while its statement waits for a row lock; it might go on
  // when the lock is released.
  fresh_database d{database_kind::mysql};
  auto holder = d.connect();
  auto lost = d.connect();
  auto other = d.connect();
  auto& type = d.type("parent");
  auto id = inserted(*holder, type, {{"id", 1}, {"name", "old"}});
  good(holder->begin());
  good(holder->update(type, id, set_of(type, {{"name", "held"}})));
  std::thread waits([&] {
    if (lost->begin())
      (void)lost->update(type, id, set_of(type, {{"name", "late"}}));
  });
  require_gone(*other, lost->connection_id());
  waits.join();
  CHECK_FALSE(lost->in_transaction());
  CHECK(holder->commit().how == outcome::committed);
  CHECK(at(read_one(*other, type, id), type, "name")
        == value_view{std::string_view{"held"}});
}

TEST_CASE("two transactions in each other's way: one is rolled back whole") {
  fresh_database d{database_kind::mysql};
  auto one = d.connect();
  auto two = d.connect();
  auto& type = d.type("parent");
  auto a = inserted(*one, type, {{"id", 1}, {"name", "a"}});
  auto b = inserted(*one, type, {{"id", 2}, {"name", "b"}});
  good(one->begin());
  good(two->begin());
  good(one->update(type, a, set_of(type, {{"name", "1"}})));
  good(two->update(type, b, set_of(type, {{"name", "2"}})));
  result<uint64_t> crossed = uint64_t{0};
  std::thread first([&] {
    crossed = one->update(type, b, set_of(type, {{"name", "1"}}));
  });
  auto other = two->update(type, a, set_of(type, {{"name", "2"}}));
  first.join();
  CHECK(crossed.has_value() != other.has_value());
  auto& loser = crossed ? two : one;
  auto& winner = crossed ? one : two;
  CHECK((crossed ? other : crossed).error().code == errc::deadlock);
  CHECK_FALSE(loser->in_transaction());
  CHECK(loser->usable());
  CHECK(winner->commit().how == outcome::committed);
}

TEST_CASE("a table that is just being altered is a deadlock, too") {
  fresh_database d{database_kind::mysql};
  auto s = d.connect();
  auto& type = d.type("parent");
  auto holder = good(mysql_connection::open(d.options()));
  holder->execute("LOCK TABLES parent WRITE");
  good(s->begin());
  auto r = s->insert(type, set_of(type, {{"id", 1}}));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::deadlock);
  CHECK_FALSE(s->in_transaction());
  CHECK(s->usable());
}

TEST_CASE("a statement over its time limit ends with timeout, rolled back") {
  fresh_database d{database_kind::mysql};
  auto o = d.options();
  o.statement_timeout = milliseconds{100};
  auto s = good(good(make_database(o, d.schema()))->connect());
  auto holder = d.connect();
  auto& type = d.type("parent");
  auto id = inserted(*s, type, {{"id", 1}});
  good(holder->begin());
  good(holder->update(type, id, set_of(type, {{"name", "held"}})));
  good(s->begin());
  auto r = s->update(type, id, set_of(type, {{"name", "late"}}));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::timeout);
  CHECK_FALSE(s->in_transaction());
  CHECK(s->usable());
  CHECK(s->ping());
}

TEST_CASE("a server killed and started again") {
  mariadb_server server;
  server.create_schema("toad");
  auto c = suite_catalog();
  auto db = good(make_database(server.options("toad"), c));
  good(db->create_schema(*c));
  auto identity = good(db->identity());
  auto s = good(db->connect());
  auto& type = *c->find("parent");
  auto id = inserted(*s, type, {{"id", 1}, {"name", "kept"}});
  good(s->begin());
  good(s->update(type, id, set_of(type, {{"name", "lost"}})));
  server.kill();
  auto r = s->read_where(type, {}, false);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::unavailable);
  CHECK_FALSE(s->usable());
  auto refused = db->connect();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().what.find(server.socket()) != std::string::npos);
  server.start();
  auto again = good(db->connect());
  CHECK(good(again->connection_gone(s->connection_id())));
  CHECK(at(read_one(*again, type, id), type, "name")
        == value_view{std::string_view{"kept"}});
  CHECK(good(db->identity()) == identity);
}

TEST_CASE("a silent server ends in unavailable after the read timeout") {
  mariadb_server server;
  server.create_schema("toad");
  auto c = suite_catalog();
  auto o = server.options("toad");
  o.read_timeout = milliseconds{1000};
  auto db = good(make_database(o, c));
  good(db->create_schema(*c));
  auto s = good(db->connect());
  server.freeze();
  auto r = s->read_where(*c->find("parent"), {}, false);
  server.thaw();
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::unavailable);
  CHECK_FALSE(s->usable());
}

TEST_CASE("the session's settings are its own, whatever the server's") {
  mariadb_server server{
      {.binlog = true,
       .tcp = true,
       .arguments = {"--sql-mode=", "--default-time-zone=+05:00",
                     "--binlog-format=STATEMENT", "--max-statement-time=1",
                     "--innodb-flush-log-at-trx-commit=2", "--wait-timeout=9",
                     "--max-allowed-packet=65536"}}};
  server.create_schema("toad");
  auto c = suite_catalog();
  auto o = server.options("toad");
  o.host = "127.0.0.1";
  o.port = server.port();
  server.run({"CREATE USER tcp@'127.0.0.1' IDENTIFIED BY 'secret word'",
              "GRANT ALL ON *.* TO tcp@'127.0.0.1'"});
  o.user = "tcp";
  o.password = "wrong word";
  auto refused = good(make_database(o, c))->connect();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK(refused.error().what.find("wrong") == std::string::npos);
  o.password = "secret word";
  auto db = good(make_database(o, c));
  CHECK(db->description()
        == "mysql 127.0.0.1:" + std::to_string(server.port()) + "/toad");
  good(db->create_schema(*c));
  auto s = good(db->connect());
  auto& type = *c->find("everything");
  auto id
      = inserted(*s, type, {{"id", 0}, {"stamp", "2026-11-22 10:11:12.125"}});
  CHECK(at(read_one(*s, type, id), type, "stamp")
        == value_view{std::string_view{"2026-11-22 10:11:12.125"}});
  CHECK(server.sql("SELECT stamp FROM `every thing`", "toad")
        == std::vector<std::vector<std::string>>{{"2026-11-22 15:11:12.125"}});
  server.sql("CREATE TABLE old (id INT PRIMARY KEY) ENGINE=Aria", "toad");
  std::string found;
  for (auto& p : good(db->check()))
    found += p.what + (p.fatal ? " (fatal)\n" : "\n");
  CHECK(found
        == "table old: expected engine InnoDB, found Aria, which has no "
           "transactions (fatal)\n"
           "wait_timeout is 9 s: idle connections are cut off\n"
           "max_allowed_packet is 65536: large rows are refused\n"
           "innodb_flush_log_at_trx_commit is 2: acknowledged writes can be "
           "lost in a crash\n"
           "binlog_format is STATEMENT: transactions run in REPEATABLE READ, "
           "and no change feed can follow\n");
}

TEST_CASE("a server with its defaults has nothing to complain about") {
  fresh_database d{database_kind::mysql};
  for (auto& p : good(d.db().check()))
    FAIL_CHECK(p.what);
  auto o = d.options();
  o.read_timeout = milliseconds{1000};
  auto found = good(good(make_database(o, d.schema()))->check());
  REQUIRE(found.size() == 2);
  CHECK(found[0].fatal);
  CHECK(found[0].what.find("its outcome would be unknown")
        != std::string::npos);
}

TEST_CASE("learning leaves out what is no whole column or another schema's") {
  fresh_database d{database_kind::mysql};
  fresh_database other{database_kind::mysql};
  d.foreign_sql("CREATE TABLE page (id INT NOT NULL PRIMARY KEY, "
                "title VARCHAR(200) DEFAULT 'it''s', body TEXT, "
                "flags BIT(3), size SMALLINT UNSIGNED, parent_id BIGINT, "
                "made TIMESTAMP NOT NULL DEFAULT current_timestamp(), "
                "KEY start (title(10)), FULLTEXT KEY words (body), "
                "FOREIGN KEY (parent_id) REFERENCES `"
                + other.options().schema + "`.parent (id))");
  std::vector<std::string> notes;
  auto learned = good(d.db().learn(notes));
  CHECK(notes
        == std::vector<std::string>{
            "table page: index start left out: it does not hold whole columns",
            "table page: index words left out: it does not hold whole columns",
            "table page: foreign key page_ibfk_1 left out: it references "
            "another schema"});
  auto& page = *learned->find("page");
  CHECK(page.columns[*page.find_column("title")].sql_default.value_or("")
        == "'it''s'");
  auto s = d.connect();
  auto id = inserted(*s, page,
                     {{"id", 1}, {"flags", uint64_t{5}}, {"size", 65535u}});
  auto r = read_one(*s, page, id);
  CHECK(at(r, page, "flags") == value_view{uint64_t{5}});
  CHECK(at(r, page, "size") == value_view{uint64_t{65535}});
  CHECK(at(r, page, "title") == value_view{std::string_view{"it's"}});
  d.foreign_sql("DROP TABLE page"); // before the schema it references
}

TEST_CASE("a column of another type is refused, never read as zero") {
  fresh_database d{database_kind::mysql};
  auto s = d.connect();
  d.foreign_sql("INSERT INTO parent (id, number) VALUES (1, 5)");
  CHECK(good(s->read_where(d.type("parent"), {}, false)).size() == 1);
  for (auto change : {"MODIFY number VARCHAR(20)", "MODIFY number DOUBLE",
                      "MODIFY number BIGINT UNSIGNED"}) {
    INFO(change);
    d.foreign_sql(std::string{"ALTER TABLE parent "} + change);
    auto r = s->read_where(d.type("parent"), {}, false);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::invalid);
    CHECK(r.error().what.find("table parent, column number: expected int64")
          != std::string::npos);
  }
  d.foreign_sql("ALTER TABLE parent MODIFY number SMALLINT");
  CHECK(good(s->read_where(d.type("parent"), {}, false)).size() == 1);
}

TEST_CASE("tables that reference each other in a circle are created") {
  auto c = good(catalog::parse(R"({"version": 1, "entities": [
    {"name": "hen", "table": "hen", "columns": [
      {"name": "id", "type": "int64", "sql_type": "bigint"},
      {"name": "egg_id", "type": "int64", "nullable": true, "sql_type": "bigint"}],
     "primary_key": ["id"],
     "relations": [{"name": "egg", "list": "hens", "columns": ["egg_id"], "references": "egg", "referenced": ["id"], "on_update": "cascade", "on_delete": "restrict"}]},
    {"name": "egg", "table": "egg", "columns": [
      {"name": "id", "type": "int64", "sql_type": "bigint"},
      {"name": "hen_id", "type": "int64", "nullable": true, "sql_type": "bigint"}],
     "primary_key": ["id"],
     "relations": [{"name": "hen", "list": "eggs", "columns": ["hen_id"], "references": "hen", "referenced": ["id"], "on_update": "cascade", "on_delete": "restrict"}]}]})",
                               "circle"));
  auto kind = each_kind();
  fresh_database d{kind, c};
  CHECK(good(d.db().compare(*c)).empty());
  if (kind == database_kind::mysql)
    d.foreign_sql("SET foreign_key_checks = 0"); // dropped in any order
}

TEST_CASE("TLS is used when asked for, or there is no connection") {
  temporary_folder keys;
  auto path = [&](const char* name) { return (keys.path() / name).string(); };
  auto openssl = [&](const std::string& arguments) {
    auto command = "cd " + keys.path().string() + " && openssl " + arguments
                   + " >openssl.log 2>&1";
    REQUIRE(std::system(command.c_str()) == 0);
  };
  keys.write("san", "subjectAltName=IP:127.0.0.1");
  for (std::string ca : {"ca", "other"})
    openssl("req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=" + ca
            + " -keyout " + ca + ".key -out " + ca + ".pem");
  openssl("req -newkey rsa:2048 -nodes -subj /CN=server -keyout server.key "
          "-out server.csr");
  openssl("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
          "-days 2 -extfile san -out server.pem");
  mariadb_server server{{.tcp = true,
                         .arguments = {"--ssl-ca=" + path("ca.pem"),
                                       "--ssl-cert=" + path("server.pem"),
                                       "--ssl-key=" + path("server.key")}}};
  server.create_schema("toad");
  server.run({"CREATE USER tls@'127.0.0.1' IDENTIFIED BY 'p' REQUIRE SSL",
              "GRANT ALL ON toad.* TO tls@'127.0.0.1'"});
  auto o = server.options("toad");
  o.host = "127.0.0.1";
  o.port = server.port();
  o.user = "tls";
  o.password = "p";
  auto connects = [&] {
    auto s = good(make_database(o, suite_catalog()))->connect();
    if (!s)
      CHECK(s.error().code == errc::unavailable);
    return s.has_value();
  };
  CHECK_FALSE(connects()); // in clear text
  o.tls = true;
  o.tls_ca = path("ca.pem");
  CHECK(connects());
  o.tls_ca = path("other.pem");
  CHECK_FALSE(connects());
  o.tls_verify = false;
  o.tls_ca.clear();
  CHECK(connects());
  // From 11.4 on a server without a certificate makes one.
  mariadb_server without{{.arguments = {"--skip-ssl"}}};
  auto plain = without.options("mysql");
  plain.tls = true;
  plain.tls_verify = false;
  CHECK_FALSE(good(make_database(plain, suite_catalog()))->connect());
}
