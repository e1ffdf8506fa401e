// The change stream on a real MariaDB: what is delivered, in which order, and
// what happens when the log, the server or the tables change under it.
#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/integration/binlog_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

using kind_type = logged_change::kind_type;
using texts = std::vector<std::string>;

const texts two_tables{
    "CREATE TABLE user (id BIGINT PRIMARY KEY, name VARCHAR(50) NOT NULL, "
    "about TEXT NULL, counted INT NOT NULL DEFAULT 7)",
    "CREATE TABLE guild (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(50))",
    "CREATE TABLE unkeyed (n INT)"}; // which the catalog leaves out

/// "insert 1, update 2" of the changes of one commit.
std::string told(const logged_commit& c) {
  std::string out;
  for (auto& change : c.changes) {
    auto& r = change.rows.after ? change.rows.after : change.rows.before;
    out += out.empty() ? "" : ", ";
    out += change.kind == kind_type::insert   ? "insert "
           : change.kind == kind_type::update ? "update "
                                              : "erase ";
    out += to_string(r.at(0));
  }
  return out;
}

/// The types that a commit flushes, by name; "*": all.
texts flushed(const catalog_ptr& types, const logged_commit& c) {
  texts out;
  for (auto& f : c.flushes)
    out.push_back(f.type ? (*types)[*f.type].name : "*");
  std::sort(out.begin(), out.end());
  return out;
}

std::string fault_of(const stream_result<resume_point>& r) {
  return r ? "connected" : std::string{to_string(r.error().fault)};
}

} // namespace

TEST_CASE("commits come whole and in order, whoever wrote them") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a'), (2, 'b')", "BEGIN",
         "UPDATE user SET name = 'c' WHERE id = 1",
         "INSERT INTO guild VALUES (18446744073709551615, 'g')",
         "DELETE FROM user WHERE id = 2", "COMMIT"});
  auto first = s.next();
  CHECK(told(first) == "insert 1, insert 2");
  auto second = s.next();
  CHECK(told(second) == "update 1, insert 18446744073709551615, erase 2");
  CHECK(second.changes[0].rows.before.text_at(1) == "a");
  CHECK(second.changes[0].rows.after.text_at(1) == "c");
  CHECK(second.changes[0].rows.complete);
  CHECK_FALSE(second.changes[0].new_id);
  CHECK(second.end.at.covers(first.end.at));
  CHECK_FALSE(first.end.at.covers(second.end.at));
  CHECK(second.server_id == 1);
  CHECK(second.gtid == second.end.at.gtid);
  auto now = s->probe();
  REQUIRE(now);
  CHECK(second.end.at == *now);
}

TEST_CASE("what other schemas and tables write only moves the place") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto before = s->place().at;
  s.run({"INSERT INTO unkeyed VALUES (1)",
         "CREATE DATABASE IF NOT EXISTS other_feed",
         "CREATE TABLE IF NOT EXISTS other_feed.user (id INT PRIMARY KEY)",
         "INSERT IGNORE INTO other_feed.user VALUES (1)",
         "DROP DATABASE other_feed", "CREATE USER stranger",
         "DROP USER stranger"});
  for (auto& c : s.all()) {
    CHECK(c.changes.empty());
    CHECK(c.flushes.empty());
  }
  CHECK(s->place().at.covers(before));
  CHECK_FALSE(before.covers(s->place().at));
}

TEST_CASE("what is rolled back is never delivered") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"CREATE TABLE lax (id INT PRIMARY KEY) ENGINE=MyISAM"});
  s.all();
  s.run({"BEGIN", "INSERT INTO user (id, name) VALUES (1, 'a')", "ROLLBACK",
         "BEGIN", "INSERT INTO user (id, name) VALUES (2, 'a')", "SAVEPOINT p",
         "INSERT INTO user (id, name) VALUES (3, 'a')",
         "ROLLBACK TO SAVEPOINT p",
         "INSERT INTO user (id, name) VALUES (4, 'a')", "COMMIT"});
  CHECK(told(s.next()) == "insert 2, insert 4");
  // With a table that cannot roll back the server logs what it takes back.
  s.run({"BEGIN", "INSERT INTO user (id, name) VALUES (5, 'a')", "SAVEPOINT p",
         "INSERT INTO user (id, name) VALUES (6, 'a')",
         "INSERT INTO lax VALUES (1)", "ROLLBACK TO SAVEPOINT p", "COMMIT",
         "BEGIN", "INSERT INTO user (id, name) VALUES (7, 'a')",
         "INSERT INTO lax VALUES (2)", "ROLLBACK"});
  std::string all;
  for (auto& c : s.all())
    all += "[" + told(c) + "]";
  CHECK(all.find("insert 5") != std::string::npos);
  CHECK(all.find("insert 6") == std::string::npos);
  CHECK(all.find("insert 7") == std::string::npos);
}

TEST_CASE("a changed primary key is told with both keys") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a')",
         "UPDATE user SET id = 9 WHERE id = 1"});
  s.next();
  auto c = s.next();
  REQUIRE(c.changes.size() == 1);
  auto& type = s.type("user");
  CHECK(c.changes[0].rows.id == *type.make_key(0, std::vector<value>{1}));
  REQUIRE(c.changes[0].new_id);
  CHECK(*c.changes[0].new_id == *type.make_key(0, std::vector<value>{9}));
}

TEST_CASE("partial images are never taken for full ones") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto& type = s.type("user");
  auto key_of
      = [&](int id) { return *type.make_key(0, std::vector<value>{id}); };
  for (std::string image : {"MINIMAL", "NOBLOB"}) {
    INFO(image);
    s.run({"DELETE FROM user", "SET SESSION binlog_row_image = " + image,
           "INSERT INTO user (id, name, about) VALUES (1, 'a', 'long')",
           "UPDATE user SET counted = 8 WHERE id = 1",
           "UPDATE user SET id = 2, about = 'x' WHERE id = 1",
           "DELETE FROM user WHERE id = 2"});
    std::vector<logged_change> seen;
    for (auto& c : s.all())
      for (auto& change : c.changes)
        seen.push_back(change);
    // The first clearing may have found a row of the round before.
    REQUIRE(seen.size() >= 4);
    seen.erase(seen.begin(), seen.end() - 4);
    auto known = [](const assignments& a, size_t column) {
      return std::any_of(a.begin(), a.end(),
                         [&](auto& x) { return x.first == column; });
    };
    CHECK(seen[0].rows.id == key_of(1));
    auto& update = seen[1];
    CHECK(update.rows.id == key_of(1));
    CHECK_FALSE(update.rows.complete);
    CHECK_FALSE(update.rows.before);
    CHECK_FALSE(update.rows.after);
    CHECK(known(update.known_before, 0));
    CHECK(known(update.known_before, 1) == (image == "NOBLOB"));
    CHECK_FALSE(known(update.known_before, 2)); // the text
    CHECK(known(update.known_after, 0)); // unchanged, so known from before
    CHECK(known(update.known_after, 3));
    CHECK(seen[2].rows.id == key_of(1));
    REQUIRE(seen[2].new_id);
    CHECK(*seen[2].new_id == key_of(2));
    CHECK(known(seen[2].known_after, 2) == (seen[2].rows.after ? false : true));
    CHECK(seen[3].kind == kind_type::erase);
    CHECK(seen[3].rows.id == key_of(2));
    CHECK_FALSE(seen[3].rows.complete);
  }
}

TEST_CASE("a log that goes on in new files is followed without a gap") {
  followed_schema s{logging_server(), "feed", two_tables};
  for (int i = 0; i < 5; ++i)
    s.run(
        {"INSERT INTO user (id, name) VALUES (" + std::to_string(i) + ", 'a')",
         "FLUSH BINARY LOGS"});
  std::string all;
  for (auto& c : s.all())
    all += told(c) + ";";
  CHECK(all == "insert 0;insert 1;insert 2;insert 3;insert 4;");
  auto place = s->place();
  s.run({"INSERT INTO user (id, name) VALUES (9, 'a')"});
  s.connect(parse_resume_point(to_string(place)).value());
  CHECK(told(s.next()) == "insert 9");
}

TEST_CASE("every place is one to go on from, nothing missed or twice") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto begin = s->place();
  for (int i = 0; i < 6; ++i)
    s.run(
        {"BEGIN",
         "INSERT INTO user (id, name) VALUES (" + std::to_string(i) + ", 'a')",
         "UPDATE user SET counted = " + std::to_string(i), "COMMIT",
         i == 3 ? "FLUSH BINARY LOGS" : "DO 1"});
  texts all;
  std::vector<resume_point> places{begin};
  for (auto& c : s.all()) {
    all.push_back(told(c));
    places.push_back(c.end);
  }
  REQUIRE(all.size() == 6);
  for (size_t i = 0; i < places.size(); ++i) {
    s.connect(places[i]);
    texts rest;
    for (auto& c : s.all())
      rest.push_back(told(c));
    CHECK(rest == texts(all.begin() + static_cast<ptrdiff_t>(i), all.end()));
  }
}

TEST_CASE("a commit cut off half-way comes again whole") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto place = s->place();
  std::string values = "(0, REPEAT('x', 50), REPEAT('y', 5000), 1)";
  for (int i = 1; i < 200; ++i)
    values += ", (" + std::to_string(i)
              + ", REPEAT('x', 50), REPEAT('y', 5000), 1)";
  s.run({"INSERT INTO user VALUES " + values}); // many events
  for (int events = 1; events < 12; ++events) {
    s.connect(place);
    for (int i = 0; i < events; ++i) {
      auto c = s->next(milliseconds{0});
      REQUIRE(c);
      REQUIRE_FALSE(*c);
    }
    CHECK(s->place().at == place.at);
  }
  s.connect(s->place());
  CHECK(s.next().changes.size() == 200);
}

TEST_CASE("after a stop or a crash of the server the stream goes on") {
  mariadb_server server{{.binlog = true, .arguments = {}}};
  followed_schema s{server, "feed", two_tables};
  for (bool crash : {false, true}) {
    INFO(crash);
    s.run({"DELETE FROM user", "INSERT INTO user (id, name) VALUES (1, 'a')"});
    s.all();
    auto place = s->place();
    crash ? server.kill() : server.stop();
    auto lost = s->next(milliseconds{1000});
    REQUIRE_FALSE(lost);
    CHECK(lost.error().fault == stream_fault::connection_lost);
    CHECK(fault_of(s.try_connect(place)) == "connection_lost");
    server.start();
    s.run({"INSERT INTO user (id, name) VALUES (2, 'a')"});
    s.connect(place);
    CHECK(told(s.next()) == "insert 2");
  }
}

TEST_CASE("a connection that is cut is a fault, and the place stays") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a')"});
  CHECK(told(s.next()) == "insert 1");
  auto place = s->place();
  auto dumps = logging_server().sql(
      "SELECT id FROM information_schema.processlist WHERE command = "
      "'Binlog Dump'");
  for (auto& d : dumps)
    logging_server().sql("KILL " + d[0]);
  auto lost = s->next(milliseconds{5000});
  while (lost && !*lost)
    lost = s->next(milliseconds{5000});
  REQUIRE_FALSE(lost);
  CHECK(lost.error().fault == stream_fault::connection_lost);
  CHECK(s->place() == place);
  s.run({"INSERT INTO user (id, name) VALUES (2, 'a')"});
  s.connect(place);
  CHECK(told(s.next()) == "insert 2");
}

TEST_CASE("a purged or foreign log is a lost position") {
  mariadb_server server{{.binlog = true, .arguments = {}}};
  followed_schema s{server, "feed", two_tables};
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a')"});
  s.all();
  auto place = s->place();
  SECTION("purged") {
    auto file = place.at.file;
    server.run({"FLUSH BINARY LOGS", "FLUSH BINARY LOGS"});
    for (int i = 0; i < 1000; ++i) { // the server drops it once it is unused
      server.sql("PURGE BINARY LOGS TO '"
                 + server.sql("SHOW MASTER STATUS")[0][0] + "'");
      if (server.sql("SHOW BINARY LOGS")[0][0] != file)
        break;
      s.try_connect({}); // ... which the old reader still did
    }
    CHECK(fault_of(s.try_connect(place)) == "position_lost");
  }
  SECTION("begun anew") {
    server.sql("RESET MASTER");
    CHECK(fault_of(s.try_connect(place)) == "position_lost");
    s.run({"INSERT INTO user (id, name) VALUES (5, 'a')"});
    CHECK(fault_of(s.try_connect(place)) == "position_lost");
  }
  SECTION("another history with the same ids and places") {
    // As after a restored backup: same files, same ids, other commits.
    server.run({"RESET MASTER"});
    s.connect();
    s.run({"INSERT INTO user (id, name) VALUES (5, 'a')"});
    s.all();
    place = s->place();
    server.run({"RESET MASTER"});
    s.run({"INSERT INTO user (id, name) VALUES (6, 'a')"});
    auto now = server.sql("SHOW MASTER STATUS")[0];
    CHECK(now[0] == place.at.file);
    CHECK(now[1] == std::to_string(place.at.offset));
    auto lost = s.try_connect(place);
    REQUIRE_FALSE(lost);
    CHECK(lost.error().fault == stream_fault::position_lost);
    CHECK(lost.error().what.find("history differs") != std::string::npos);
  }
  SECTION("beyond the end") {
    place.last = {};
    place.at.offset += 100000;
    CHECK(fault_of(s.try_connect(place)) == "position_lost");
  }
  s.connect();
  s.run({"INSERT INTO user (id, name) VALUES (7, 'a')"});
  CHECK(told(s.next()) == "insert 7");
}

TEST_CASE("tables that change their shape are flushed and learned anew") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto flush_of = [&](const std::string& statement) {
    s.run({statement});
    auto c = s.next();
    CHECK(c.changes.empty());
    REQUIRE(!c.flushes.empty());
    CHECK(c.flushes[0].why.find(statement.substr(0, 20)) != std::string::npos);
    return flushed(s.types(), c);
  };
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a')"});
  CHECK(told(s.next()) == "insert 1");
  CHECK(flush_of("ALTER TABLE user ADD COLUMN extra INT FIRST")
        == texts{"user"});
  s.run({"UPDATE user SET name = 'b'"});
  auto c = s.next();
  CHECK(told(c) == "update 1");
  CHECK(c.changes[0].rows.after.text_at(1) == "b");
  CHECK(c.flushes.empty());
  // Same types in another order.
  CHECK(flush_of("ALTER TABLE user MODIFY COLUMN counted INT NOT NULL FIRST")
        == texts{"user"});
  s.run({"UPDATE user SET counted = 77"});
  CHECK(s.next().changes.at(0).rows.after.int_at(3) == 77);
  CHECK(flush_of("TRUNCATE TABLE user") == texts{"user"});
  CHECK(flush_of("RENAME TABLE user TO user_old, guild TO `user`")
        == texts{"guild", "user"});
  // What is there now is no user.
  s.run({"INSERT INTO user VALUES (1, 'g')"});
  c = s.next();
  CHECK(c.changes.empty());
  CHECK(flushed(s.types(), c) == texts{"user"});
  CHECK(flush_of("ALTER TABLE feed.user RENAME TO feed.guild")
        == texts{"guild", "user"});
  CHECK(flush_of("DROP TABLE IF EXISTS user_gone, `feed`.`guild`")
        == texts{"guild"});
  CHECK(flush_of("DROP DATABASE feed") == texts{"*"});
}

TEST_CASE("images logged before an ALTER are not read by the new columns") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto place = s->place();
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a')",
         "ALTER TABLE user DROP COLUMN about",
         "ALTER TABLE user ADD COLUMN about TEXT NULL",
         "INSERT INTO user (id, name, about) VALUES (2, 'b', 'c')"});
  s.connect(place);
  auto first = s.next();
  CHECK(first.changes.empty());
  CHECK(flushed(s.types(), first) == texts{"user"});
  s.next();
  s.next();
  auto last = s.next();
  CHECK(told(last) == "insert 2");
  CHECK(last.changes.at(0).rows.after.text_at(2) == "c");
}

TEST_CASE("statements logged as text flush what they may have changed") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"CREATE VIEW seen AS SELECT id, name FROM user"});
  s.all();
  auto flush_of = [&](const std::string& statement) {
    s.run({"SET SESSION binlog_format = STATEMENT", statement});
    return flushed(s.types(), s.next());
  };
  CHECK(flush_of("INSERT INTO user (id, name) VALUES (1, 'a'), (2, 'b')")
        == texts{"user"});
  CHECK(flush_of("UPDATE user SET name = 'x' WHERE id = 1") == texts{"user"});
  CHECK(flush_of("DELETE FROM feed.user WHERE id = 1") == texts{"user"});
  CHECK(flush_of("UPDATE user, guild SET user.name = 'x'") == texts{"*"});
  CHECK(flush_of("UPDATE seen SET name = 'y'") == texts{"*"});
  s.run({"CREATE TRIGGER t AFTER INSERT ON unkeyed FOR EACH ROW "
         "UPDATE user SET counted = 1"});
  CHECK(flush_of("INSERT INTO unkeyed VALUES (1)") == texts{"*"});
  s.run({"DROP TRIGGER t"});
  s.all();
  s.run({"SET SESSION binlog_format = STATEMENT",
         "INSERT INTO unkeyed VALUES (2)"});
  for (auto& c : s.all())
    CHECK(c.flushes.empty());
}

TEST_CASE("a session that does not log is not seen") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"SET SESSION sql_log_bin = 0",
         "INSERT INTO user (id, name) VALUES (1, 'a')"});
  for (auto& c : s.all())
    CHECK(c.changes.empty());
  s.run({"INSERT INTO user (id, name) VALUES (2, 'a')"});
  CHECK(told(s.next()) == "insert 2");
}

namespace {

/// The server hands a prepared transaction over only once it has noticed that
/// the connection which prepared it is gone.
void commit_distributed(followed_schema& s, const std::string& name) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  for (;;)
    try {
      s.run({"XA COMMIT '" + name + "'"});
      return;
    } catch (const std::runtime_error&) {
      if (std::chrono::steady_clock::now() > end)
        throw;
    }
}

} // namespace

TEST_CASE("a distributed transaction counts when it commits") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"XA START 'x'", "INSERT INTO user (id, name) VALUES (1, 'a')",
         "XA END 'x'", "XA PREPARE 'x'"});
  for (auto& c : s.all()) {
    CHECK(c.changes.empty());
    CHECK(c.flushes.empty());
  }
  auto prepared = s->place();
  commit_distributed(s, "x");
  CHECK(flushed(s.types(), s.next()) == texts{"user"});
  s.connect(prepared); // who has not seen the PREPARE knows no types
  CHECK(flushed(s.types(), s.next()) == texts{"*"});
  s.run({"XA START 'y'", "INSERT INTO user (id, name) VALUES (2, 'a')",
         "XA END 'y'", "XA PREPARE 'y'", "XA ROLLBACK 'y'"});
  for (auto& c : s.all()) {
    CHECK(c.changes.empty());
    CHECK(c.flushes.empty());
  }
}

TEST_CASE("interrupt ends a waiting reader, and every later call for good") {
  followed_schema s{logging_server(), "feed", two_tables};
  std::thread other{[&] { s->interrupt(); }};
  auto r = s->next(milliseconds{60'000});
  while (r)
    r = s->next(milliseconds{60'000});
  other.join();
  CHECK(r.error().fault == stream_fault::interrupted);
  CHECK(s->next(milliseconds{0}).error().fault == stream_fault::interrupted);
  // Also when the reader was just about to connect.
  CHECK(s->connect(s->place()).error().fault == stream_fault::interrupted);
  CHECK(s->probe().error().fault == stream_fault::interrupted);
}

TEST_CASE("an account without the privilege is told so") {
  followed_schema s{logging_server(), "feed", two_tables};
  s.run({"CREATE OR REPLACE USER reader", "GRANT SELECT ON feed.* TO reader"});
  binlog_stream::settings o;
  o.database = logging_server().options("feed");
  o.database.user = "reader";
  binlog_stream bare{o, s.types()};
  CHECK(fault_of(bare.connect({})) == "privileges_missing");
  s.run({"GRANT BINLOG MONITOR ON *.* TO reader"});
  CHECK(fault_of(bare.connect({})) == "privileges_missing");
  s.run({"GRANT REPLICATION SLAVE ON *.* TO reader"});
  CHECK(fault_of(bare.connect({})) == "connected");
  s.run({"DROP USER reader"});
}

TEST_CASE("a server that writes no log is told apart") {
  mariadb_server server;
  server.create_schema("feed");
  server.run(two_tables, "feed");
  binlog_stream::settings o;
  o.database = server.options("feed");
  binlog_stream stream{o, learned(server, "feed")};
  CHECK(fault_of(stream.connect({})) == "log_off");
}

TEST_CASE("another server of the group goes on by transaction id") {
  mariadb_server first{{.binlog = true, .arguments = {}}};
  mariadb_server second{
      {.binlog = true, .arguments = {"--log-slave-updates", "--server-id=2"}}};
  followed_schema s{first, "feed", two_tables};
  s.run({"INSERT INTO user (id, name) VALUES (1, 'a')"});
  CHECK(told(s.next()) == "insert 1");
  auto place = s->place();
  // The same commits by id, as on a replica.
  auto commits = [&](const std::string& id, int row) {
    return texts{"SET SESSION gtid_domain_id = 0", "SET SESSION server_id = 1",
                 "SET SESSION gtid_seq_no = " + id,
                 "INSERT INTO feed.user (id, name) VALUES ("
                     + std::to_string(row) + ", 'a')"};
  };
  auto sequence
      = std::stoull(place.at.gtid.substr(place.at.gtid.rfind('-') + 1));
  second.run({"SET SESSION sql_log_bin = 0", "CREATE DATABASE feed"});
  texts quiet{"SET SESSION sql_log_bin = 0"};
  quiet.insert(quiet.end(), two_tables.begin(), two_tables.end());
  second.run(quiet, "feed");
  second.run(commits(std::to_string(sequence), 1));
  second.run(commits(std::to_string(sequence + 1), 2));
  binlog_stream::settings o;
  o.database = second.options("feed");
  binlog_stream stream{o, s.types()};
  CHECK(fault_of(stream.connect(place)) == "connected");
  auto c = stream.next(milliseconds{10'000});
  REQUIRE(c);
  REQUIRE(*c);
  CHECK(told(**c) == "insert 2");
  CHECK((*c)->end.at.source != place.at.source);
  CHECK((*c)->end.at.covers(place.at));
}

/// Not run by default: how many rows a second the stream decodes.
TEST_CASE("rows decoded per second", "[.speed]") {
  followed_schema s{logging_server(), "feed", two_tables};
  auto place = s->place();
  std::string values;
  for (int i = 0; i < 500; ++i)
    values += (i == 0 ? "" : ",") + std::string{"(@n + "} + std::to_string(i)
              + ", 'a name', 'some longer text about this user', 5)";
  for (int i = 0; i < 200; ++i)
    s.run({"SET @n = " + std::to_string(i * 500),
           "INSERT INTO user VALUES " + values});
  auto measure = [&](const char* what) {
    s.connect(place);
    auto begin = std::chrono::steady_clock::now();
    size_t rows = 0;
    auto commits = s.all();
    for (auto& c : commits)
      rows += c.changes.size();
    std::chrono::duration<double> took
        = std::chrono::steady_clock::now() - begin;
    WARN(what << ": " << rows << " rows in " << commits.size() << " commits, "
              << static_cast<size_t>(static_cast<double>(rows) / took.count())
              << " rows/s");
    place = s->place();
  };
  measure("inserts of 500 rows");
  s.run({"UPDATE user SET counted = counted + 1"});
  measure("one update of all rows");
  texts single{"SET GLOBAL sync_binlog = 0",
               "SET GLOBAL innodb_flush_log_at_trx_commit = 0"};
  for (int i = 0; i < 20000; ++i)
    single.push_back("UPDATE user SET counted = 0 WHERE id = "
                     + std::to_string(i));
  s.run(single);
  measure("commits of one row");
}
