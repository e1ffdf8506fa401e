// Events put together to commits: groups, rollbacks, places, tables.
#include "storage/binlog_commits.hpp"

#include "tests/storage/log_builder.hpp"

using namespace toadcache;
using namespace toadcache::testing;

namespace {

using kind_type = logged_change::kind_type;

/// A reader of a made-up log that has just begun.
struct reader {
  fake_layouts layouts;
  log_builder log;
  binlog_commits commits;

  explicit reader(size_t max_bytes = 1000, bool checksums = true)
      : log(checksums),
        commits(two_types(), {"shop", false, max_bytes, 2}, layouts) {
    commits.start({{"here", "0-1-1", "binlog.000001", 4}, {}}, false);
    CHECK(silent(log.rotate("binlog.000001", 4, log_builder::artificial)));
    CHECK(silent(log.format()));
    CHECK(commits.ready());
  }
  std::optional<logged_commit> take(const std::string& bytes) {
    auto c = commits.take(bytes);
    if (!c)
      FAIL(c.error().what);
    return std::move(*c);
  }
  bool silent(const std::string& bytes) { return !take(bytes).has_value(); }
  logged_commit commit(const std::string& bytes) {
    auto c = take(bytes);
    REQUIRE(c);
    return std::move(*c);
  }
  stream_failure fault(const std::string& bytes) {
    auto c = commits.take(bytes);
    REQUIRE_FALSE(c);
    return c.error();
  }
  /// A commit of one new user.
  logged_commit insert(uint64_t number, int64_t id) {
    CHECK(silent(log.gtid(number)));
    CHECK(silent(log.user_map()));
    CHECK(silent(log.insert(log_builder::user(id, "a"))));
    return commit(log.xid());
  }
  /// A statement alone in its group.
  logged_commit statement(uint64_t number, const std::string& text) {
    CHECK(silent(log.gtid(number, 1)));
    return commit(log.query(text));
  }
};

std::string flushed(const logged_commit& c) {
  std::string out;
  for (auto& f : c.flushes)
    out += (out.empty() ? "" : " ")
           + (f.type ? std::to_string(*f.type) : std::string{"*"});
  return out;
}

} // namespace

TEST_CASE("a group becomes one commit with its place") {
  reader r;
  auto c = r.insert(2, 7);
  REQUIRE(c.changes.size() == 1);
  CHECK(c.changes[0].kind == kind_type::insert);
  CHECK(c.changes[0].rows.after.int_at(0) == 7);
  CHECK(c.changes[0].rows.after.text_at(1) == "a");
  CHECK(c.changes[0].rows.complete);
  CHECK(c.gtid == "0-1-2");
  CHECK(c.timestamp == r.log.timestamp);
  CHECK(c.server_id == 1);
  CHECK(c.end.at == position{"here", "0-1-2", "binlog.000001", r.log.at});
  CHECK(c.end.last.file == "binlog.000001");
  CHECK(c.end.last.end == r.log.at);
  CHECK(c.end.last.begin < r.log.at);
  CHECK(r.commits.place() == c.end);
}

TEST_CASE("several statements, several rows, several tables") {
  reader r;
  r.silent(r.log.gtid(2));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(1, "a") + log_builder::user(2, "b")));
  r.silent(r.log.table_map(10, "shop", "guild", {{8, ""}}));
  r.silent(r.log.event(23, little(10, 6) + little(1, 2) + "\x01\x01" + '\0'
                               + little(5, 8)));
  r.silent(r.log.table_map(11, "other", "user", {{8, ""}}));
  r.silent(r.log.event(23, little(11, 6) + little(1, 2) + "\x01\x01" + '\0'
                               + little(5, 8)));
  r.silent(r.log.user_map());
  r.silent(r.log.update(log_builder::user(1, "a") + log_builder::user(3, "a")));
  r.silent(r.log.erase(log_builder::user(2, "b")));
  auto c = r.commit(r.log.xid());
  REQUIRE(c.changes.size() == 5);
  CHECK(c.changes[2].rows.id.type() == 1);
  CHECK(c.changes[3].kind == kind_type::update);
  CHECK(c.changes[3].rows.before.int_at(0) == 1);
  CHECK(c.changes[3].new_id);
  CHECK(c.changes[4].kind == kind_type::erase);
  CHECK(r.layouts.asked == 2);
  r.insert(3, 8);
  CHECK(r.layouts.asked == 2); // known by now
}

TEST_CASE("a MySQL group begins with BEGIN, and may have no id") {
  reader r;
  r.commits.start({{"here", "", "binlog.000001", 4}, {}}, false);
  r.silent(r.log.format());
  CHECK(r.silent(r.log.gtid_mysql(5)));
  CHECK(r.silent(r.log.query("BEGIN")));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(1, "a")));
  auto c = r.commit(r.log.xid());
  CHECK(c.changes.size() == 1);
  CHECK(c.end.at.gtid == "abababab-abab-abab-abab-abababababab:5");
  CHECK(r.silent(r.log.event(34, std::string(25, '\0'))));
  CHECK(r.silent(r.log.query("BEGIN")));
  c = r.commit(r.log.query("COMMIT"));
  CHECK(c.gtid.empty());
}

TEST_CASE("a group cut in half is forgotten, never delivered in halves") {
  reader r;
  auto before = r.insert(2, 1).end;
  r.silent(r.log.gtid(3));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(2, "a")));
  CHECK(r.commits.place() == before);
  // The connection was lost; the log comes again from the place.
  r.commits.start(before, false);
  r.log.at = before.at.offset;
  r.silent(r.log.rotate("binlog.000001", r.log.at, log_builder::artificial));
  auto at = r.log.at; // the format event is that of the file's begin
  r.silent(r.log.format());
  r.log.at = at;
  auto c = r.insert(3, 2);
  CHECK(c.changes.size() == 1);
  // A server that crashed has rolled back what it was writing.
  r.silent(r.log.gtid(4));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(3, "a")));
  r.silent(r.log.rotate("binlog.000002", 4, log_builder::artificial));
  r.log.at = 4;
  r.silent(r.log.format());
  c = r.insert(4, 4);
  REQUIRE(c.changes.size() == 1);
  CHECK(c.changes[0].rows.after.int_at(0) == 4);
  CHECK(c.end.at.file == "binlog.000002");
}

TEST_CASE("the last known event is looked for before anything is believed") {
  reader r;
  r.log.at = 4;
  r.commits.start({{"here", "0-1-1", "binlog.000001", 4}, {}}, false);
  r.silent(r.log.format());
  r.silent(r.log.gtid(2));
  auto begin = r.log.at;
  auto bytes = r.log.xid(5);
  auto place = r.commit(bytes).end;
  auto again = [&](const std::string& found) {
    r.commits.start(place, true);
    r.silent(r.log.rotate("binlog.000001", begin, log_builder::artificial));
    r.silent(r.log.format());
    CHECK(r.commits.verifying());
    return r.commits.take(found);
  };
  REQUIRE(again(bytes));
  CHECK_FALSE(r.commits.verifying());
  CHECK(r.commits.place() == place);
  r.log.at = begin;
  auto other = again(r.log.xid(6));
  REQUIRE_FALSE(other);
  CHECK(other.error().fault == stream_fault::position_lost);
  CHECK(other.error().what.find("history differs") != std::string::npos);
  auto nothing
      = again(r.log.event(27, "binlog.000001", log_builder::artificial));
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().fault == stream_fault::position_lost);
}

TEST_CASE("the place follows the log into its next file") {
  reader r;
  r.insert(2, 1);
  r.silent(r.log.rotate("binlog.000002", 4));
  CHECK(r.commits.place().at.file == "binlog.000002");
  CHECK(r.commits.place().at.offset == 4);
  CHECK(r.commits.place().last.file == "binlog.000001");
  r.silent(r.log.format());
  r.silent(r.log.event(163, little(0, 4)));
  CHECK(r.commits.place().last.file == "binlog.000002");
  CHECK(r.commits.place().at.gtid == "0-1-2");
  auto c = r.insert(3, 1);
  CHECK(c.end.at.file == "binlog.000002");
}

TEST_CASE("what is rolled back flushes at most") {
  reader r;
  r.silent(r.log.gtid(2));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(1, "a")));
  r.silent(r.log.query("SAVEPOINT `p`"));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(2, "a")));
  r.silent(r.log.query("ROLLBACK TO `p`"));
  auto c = r.commit(r.log.query("COMMIT"));
  REQUIRE(c.changes.size() == 1);
  CHECK(c.changes[0].rows.after.int_at(0) == 1);
  CHECK(flushed(c) == "0");
  r.silent(r.log.gtid(3));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(3, "a")));
  c = r.commit(r.log.query("ROLLBACK"));
  CHECK(c.changes.empty());
  CHECK(flushed(c) == "0");
  r.silent(r.log.gtid(4));
  c = r.commit(r.log.query("ROLLBACK"));
  CHECK(flushed(c).empty());
}

TEST_CASE("definitions flush their tables and are learned anew") {
  reader r;
  r.insert(2, 1);
  CHECK(r.layouts.asked == 1);
  CHECK(flushed(r.statement(3, "ALTER TABLE user ADD x INT")) == "0");
  r.insert(4, 1);
  CHECK(r.layouts.asked == 2);
  CHECK(flushed(r.statement(5, "DROP TABLE `shop`.`guild`, nothing")) == "1");
  CHECK(flushed(r.statement(6, "ALTER TABLE other.user ADD x INT")).empty());
  CHECK(flushed(r.statement(7, "DROP DATABASE shop")) == "*");
  CHECK(flushed(r.statement(8, "GRANT ALL ON *.* TO x")).empty());
  CHECK(flushed(r.statement(9, "SELECT f()")) == "*");
  CHECK(flushed(r.statement(10, "RENAME TABLE user TO a, guild TO user"))
        == "0 1");
}

TEST_CASE("a table that is not what the log says is flushed") {
  reader r;
  r.layouts.tables["user"].columns.pop_back();
  auto c = r.insert(2, 1);
  CHECK(c.changes.empty());
  CHECK(flushed(c) == "0");
  CHECK(c.flushes[0].why.find("the log has 2 columns, the table 1")
        != std::string::npos);
  r.insert(3, 1);
  CHECK(r.layouts.asked == 1); // not asked again for the same
  r.layouts.lost = true;
  r.silent(r.log.gtid(4));
  CHECK(r.fault(r.log.user_map(10)).fault == stream_fault::connection_lost);
}

TEST_CASE("a commit that is too big flushes its types") {
  reader r{100};
  r.silent(r.log.gtid(2));
  r.silent(r.log.user_map());
  for (int i = 0; i < 20; ++i)
    r.silent(r.log.insert(log_builder::user(i, "a")));
  auto c = r.commit(r.log.xid());
  CHECK(c.changes.empty());
  CHECK(flushed(c) == "0");
  CHECK(r.insert(3, 1).changes.size() == 1);
}

TEST_CASE("prepared transactions wait for their COMMIT") {
  reader r;
  auto prepare = [&](uint64_t number, const std::string& xid) {
    r.silent(r.log.gtid(number, 0x40));
    r.silent(r.log.query("XA START X'" + xid + "',X'',1"));
    r.silent(r.log.user_map());
    r.silent(r.log.insert(log_builder::user(1, "a")));
    r.silent(r.log.query("XA END X'" + xid + "',X'',1"));
    auto name = static_cast<char>(std::stoi(xid, nullptr, 16));
    return r.commit(r.log.event(38, little(0, 1) + little(1, 4) + little(1, 4)
                                        + little(0, 4) + name));
  };
  auto c = prepare(2, "6a");
  CHECK(c.changes.empty());
  CHECK(flushed(c).empty());
  CHECK(flushed(r.statement(3, "XA COMMIT X'6A',X'',1")) == "0");
  CHECK(flushed(r.statement(4, "XA COMMIT X'6A',X'',1")) == "*");
  prepare(5, "6b");
  CHECK(flushed(r.statement(6, "XA ROLLBACK X'6b',X'',1")).empty());
  prepare(7, "61");
  prepare(8, "62");
  prepare(9, "63"); // more than are remembered
  CHECK(flushed(r.statement(10, "XA COMMIT X'61',X'',1")) == "*");
}

TEST_CASE("gaps and unknown events are told apart") {
  reader r;
  r.silent(r.log.gtid(2, 1));
  CHECK(flushed(r.commit(r.log.event(26, little(1, 2) + "\x04lost"))) == "*");
  auto f = r.fault(r.log.event(40, "xx"));
  CHECK(f.fault == stream_fault::not_decodable);
  CHECK(f.remedy.find("binlog_transaction_compression") != std::string::npos);
  CHECK(r.fault(r.log.event(99, "xx")).fault == stream_fault::not_decodable);
  CHECK(
      r.fault(r.log.insert(log_builder::user(1, "a"))).what.find("no table map")
      != std::string::npos);
}

TEST_CASE("partial images keep what is known apart from rows") {
  reader r;
  r.silent(r.log.gtid(2));
  r.silent(r.log.user_map());
  // MINIMAL: the key before, the name after.
  r.silent(r.log.event(
      24, log_builder::rows_body(9, '\0' + little(1, 8) + '\0' + "\x01z",
                                 "\x01\x02")));
  r.silent(
      r.log.event(25, log_builder::rows_body(9, '\0' + little(1, 8), "\x01")));
  // No key at all: which row it was, nobody knows.
  r.silent(r.log.event(
      25, log_builder::rows_body(9, std::string{"\0\x01z", 3}, "\x02")));
  auto c = r.commit(r.log.xid());
  REQUIRE(c.changes.size() == 2);
  auto& update = c.changes[0];
  CHECK_FALSE(update.rows.complete);
  CHECK_FALSE(update.rows.before);
  CHECK(update.known_before == assignments{{0, value{1}}});
  REQUIRE(update.rows.after); // what was not written is as before
  CHECK(update.rows.after.text_at(1) == "z");
  CHECK_FALSE(c.changes[1].rows.complete);
  CHECK(c.changes[1].known_before == assignments{{0, value{1}}});
  CHECK(flushed(c) == "0");
}

TEST_CASE("a value that the catalog excludes flushes the type") {
  reader r;
  r.silent(r.log.gtid(2));
  r.silent(r.log.user_map());
  r.silent(r.log.insert(log_builder::user(1, std::string(51, 'x'))));
  auto c = r.commit(r.log.xid());
  CHECK(c.changes.empty());
  CHECK(flushed(c) == "0");
  CHECK(c.flushes[0].why.find("at most 50 characters") != std::string::npos);
}
