// The writes of DB WORKER, seen through DB POOL: operations, retries, tickets,
// COMMIT and what follows it.
#include "tests/catch.hpp"
#include "tests/support/pool_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using std::chrono::milliseconds;
using kind = operation::kind_type;

namespace {

options with_bug(planted_bug bug) {
  auto o = pool_test_options();
  o.planted = planted_bugs{bug};
  return o;
}

operation_result first(const answer<transaction_done>& a) {
  return a.value().results.at(0);
}

} // namespace

// -- operations ---------------------------------------------------------------

TEST_CASE("insert yields the stored row with its generated key") {
  pool_fixture f;
  operation op;
  op.kind = kind::insert;
  op.type = item_type;
  op.set = {{1, "x1"}, {2, 7}};
  auto done = f.write({op});
  f.run();
  REQUIRE(first(done).rows.size() == 1);
  CHECK(first(done).created);
  CHECK(first(done).rows[0].int_at(0) == 1);
  CHECK(first(done).rows[0].text_at(1) == "x1");
  REQUIRE(f.told->seen.size() == 1);
  CHECK_FALSE(f.told->seen[0].rows[0].before);
  CHECK(f.told->seen[0].rows[0].after == first(done).rows[0]);
}

TEST_CASE("an update of no row rolls the whole transaction back") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto done = f.write({f.set_rank(1, 2), f.set_rank(9, 2)});
  f.run();
  CHECK(done.error() == errc::not_found);
  CHECK(f.rank_of(1) == 1);
  CHECK(f.told->seen.empty());
  CHECK(f.tickets->seen.empty());
  CHECK(f.shared->count.rollbacks == 1);
}

TEST_CASE("an update that changes nothing is told like any other") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto done = f.write({f.set_rank(1, 1)});
  f.run();
  CHECK(first(done).matched == 1);
  CHECK(first(done).changed == 0);
  CHECK(first(done).rows.size() == 1);
  // A cache may know an older content than the one found.
  REQUIRE(f.told->seen.size() == 1);
  CHECK(f.told->seen[0].rows.at(0).after == first(done).rows[0]);
  CHECK(f.tickets->seen.size() == 1);
}

TEST_CASE("upsert updates or inserts by primary key") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  operation op;
  op.kind = kind::upsert;
  op.type = user_type;
  op.set = {{0, 1}, {2, 5}};
  auto old = f.write({op});
  op.set = {{0, 2}, {1, "bob"}, {2, 6}};
  auto made = f.write({op});
  op.set = {{0, 2}};
  auto same = f.write({op});
  op.set = {{2, 6}};
  auto keyless = f.write({op});
  f.run();
  CHECK_FALSE(first(old).created);
  CHECK(first(old).rows[0].text_at(1) == "ann");
  CHECK(f.rank_of(1) == 5);
  CHECK(first(made).created);
  CHECK(f.rank_of(2) == 6);
  CHECK(first(same).changed == 0);
  CHECK(keyless.error() == errc::invalid);
}

TEST_CASE("erase locks, erases and tells the image before") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto gone = f.write({f.erase_user(1)});
  auto none = f.write({f.erase_user(2)});
  f.run();
  CHECK(first(gone).matched == 1);
  CHECK(f.rank_of(1) == -1);
  CHECK(first(none).matched == 0);
  REQUIRE(f.told->seen.size() == 1);
  CHECK(f.told->seen[0].rows[0].before.text_at(1) == "ann");
  CHECK_FALSE(f.told->seen[0].rows[0].after);
}

TEST_CASE("writes by condition lock the rows, then write by key") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.put_user(2, "bob", 1);
  f.put_user(3, "cid", 2);
  operation op;
  op.kind = kind::update_where;
  op.type = user_type;
  op.where = f.where(2, int64_t{1});
  op.set = {{2, 8}};
  auto set = f.write({op});
  f.run();
  CHECK(first(set).matched == 2);
  CHECK(first(set).changed == 2);
  CHECK(first(set).rows.size() == 2);
  CHECK(f.rank_of(2) == 8);
  CHECK(f.rank_of(3) == 2);
  CHECK(f.told->seen[0].rows.size() == 2);
  op.kind = kind::erase_where;
  op.where = f.where(2, int64_t{8});
  op.set = {};
  auto erased = f.write({op});
  f.run();
  CHECK(first(erased).changed == 2);
  CHECK(f.rank_of(1) == -1);
}

TEST_CASE("a changed primary key is read back under the new one") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  operation op;
  op.kind = kind::update_where;
  op.type = user_type;
  op.where = f.where(0, int64_t{1});
  op.set = {{0, 5}};
  auto done = f.write({op});
  f.run();
  CHECK(first(done).rows.at(0).int_at(0) == 5);
  CHECK(f.rank_of(1) == -1);
  CHECK(f.rank_of(5) == 1);
  CHECK(f.told->seen.at(0).rows.at(0).id == f.user_key(1));
}

TEST_CASE("several changes of a row are told as one") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto done = f.write({f.set_rank(1, 2), f.set_rank(1, 3)});
  f.run();
  CHECK(done.value().results.size() == 2);
  REQUIRE(f.told->seen.at(0).rows.size() == 1);
  CHECK(f.told->seen[0].rows[0].before.int_at(2) == 1);
  CHECK(f.told->seen[0].rows[0].after.int_at(2) == 3);
}

TEST_CASE("reads within a transaction see its own writes") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  operation by_key;
  by_key.kind = kind::read_keys;
  by_key.type = user_type;
  by_key.keys = {f.user_key(1)};
  auto by_index = by_key;
  by_index.kind = kind::read_index;
  by_index.keys
      = {f.type(user_type).make_key(1, std::vector<value>{"ann"}).value()};
  auto by_filter = by_key;
  by_filter.kind = kind::read_where;
  by_filter.keys = {};
  by_filter.where = f.where(2, int64_t{4});
  auto nothing = by_key;
  nothing.keys = {};
  auto done = f.write({f.set_rank(1, 4), by_key, by_index, by_filter, nothing});
  f.run();
  auto& results = done.value().results;
  REQUIRE(results.size() == 5);
  for (size_t i = 1; i < 4; ++i) {
    REQUIRE(results[i].rows.size() == 1);
    CHECK(results[i].rows[0].int_at(2) == 4);
  }
  CHECK(results[4].rows.empty());
}

TEST_CASE("what does not fit the catalog is refused by name") {
  pool_fixture f;
  auto foreign = f.set_rank(1, 2);
  foreign.type = item_type;
  auto column = f.set_rank(1, 2);
  column.set = {{99, 1}};
  auto typed = f.set_rank(1, 2);
  typed.set = {{2, "many"}};
  auto unknown = f.set_rank(1, 2);
  unknown.type = 77;
  auto empty = f.set_rank(1, 2);
  empty.set = {};
  auto keyless = f.set_rank(1, 2);
  keyless.keys = {};
  auto lock = f.item_of("a", 1);
  lock.lock_first
      = f.type(user_type).make_key(1, std::vector<value>{"ann"}).value();
  for (auto& op : {foreign, column, typed, unknown, empty, keyless, lock}) {
    auto done = f.write({op});
    f.run();
    CHECK(done.error() == errc::invalid);
  }
  auto done = f.write({typed});
  f.run();
  CHECK(done.get().error().what.find("user.rank") != std::string::npos);
  CHECK(f.shared->count.transactions == 0);
}

TEST_CASE("what is installed was read back") {
  for (auto bug : {planted_bug::none, planted_bug::install_without_read_back}) {
    pool_fixture f{with_bug(bug)};
    f.put_user(1, "ann", 1);
    f.db->rounds = true;
    auto set = f.write({f.set_rank(1, 7)});
    auto made = f.write({f.insert_user(2, "bob", 7)});
    f.run();
    auto stored = bug == planted_bug::none ? 1007 : 7; // 1007 in the database
    CHECK(first(set).rows[0].int_at(2) == stored);
    CHECK(f.told->seen.at(0).rows[0].after.int_at(2) == stored);
    CHECK(first(made).rows[0].int_at(2) == stored);
    CHECK(f.rank_of(1) == 1007);
  }
}

// -- find_or_create -----------------------------------------------------------

TEST_CASE("find_or_create finds, or creates") {
  pool_fixture f;
  f.put_item(7, "a", 1);
  auto found = f.write({f.item_of("a", 2)});
  auto made = f.write({f.item_of("b", 2)});
  f.run();
  CHECK_FALSE(first(found).created);
  CHECK(first(found).rows.at(0).int_at(0) == 7);
  CHECK(first(made).created);
  CHECK(first(made).rows.at(0).text_at(1) == "b");
}

TEST_CASE("find_or_create locks the row it is told to") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto op = f.item_of("a", 1);
  op.lock_first = f.user_key(1);
  auto made = f.write({op});
  f.run();
  CHECK(first(made).created);
  CHECK(f.db->calls.at(2) == "lock");
  op.where = f.where(1, "b");
  op.lock_first = f.user_key(9);
  auto orphan = f.write({op});
  f.run();
  CHECK(orphan.error() == errc::foreign_key);
}

TEST_CASE("a duplicate is read in a new transaction") {
  for (auto bug :
       {planted_bug::none, planted_bug::duplicate_read_in_same_snapshot}) {
    pool_fixture f{with_bug(bug)};
    f.db->snapshots = true;
    f.db->before = [&](const std::string& call) -> std::optional<failure> {
      if (call == "insert")
        f.put_item(50, "a", 9); // another process is faster
      return std::nullopt;
    };
    auto done = f.write({f.item_of("a", 1)});
    f.run();
    CHECK_FALSE(first(done).created);
    if (bug == planted_bug::none) {
      REQUIRE(first(done).rows.size() == 1);
      CHECK(first(done).rows[0].int_at(2) == 9);
      CHECK(f.db->count("begin") == 2);
    } else {
      CHECK(first(done).rows.empty());
    }
  }
}

TEST_CASE("a duplicate that no find explains ends as such") {
  pool_fixture f;
  f.put_item(50, "a", 9);
  auto op = f.item_of("a", 1);
  op.where = f.where(2, int64_t{1});
  auto done = f.write({op});
  f.run();
  CHECK(done.error() == errc::duplicate);
  CHECK(f.db->count("begin") == 3);
}

// -- deadlocks ----------------------------------------------------------------

TEST_CASE("a deadlocked transaction is rerun whole") {
  for (auto bug :
       {planted_bug::none, planted_bug::statement_retried_inside_transaction}) {
    pool_fixture f{with_bug(bug)};
    f.put_user(1, "ann", 1);
    f.put_user(2, "bob", 1);
    f.db->before
        = [&, updates
              = 0](const std::string& call) mutable -> std::optional<failure> {
      if (call == "update" && ++updates == 2)
        return failure{errc::deadlock, "scripted"};
      return std::nullopt;
    };
    auto done = f.write({f.set_rank(1, 5), f.set_rank(2, 5)});
    f.advance(milliseconds{500});
    CHECK(done.value().results.size() == 2);
    CHECK(f.rank_of(2) == 5);
    // The planted bug loses the first update and autocommits the second.
    CHECK(f.rank_of(1) == (bug == planted_bug::none ? 5 : 1));
    CHECK(f.shared->count.retries == (bug == planted_bug::none ? 1 : 0));
  }
}

TEST_CASE("deadlocks end after the last retry, or at the deadline") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.fail_calls("lock", errc::deadlock, 1000);
  auto done = f.write({f.set_rank(1, 5)});
  f.advance(milliseconds{4000});
  CHECK(done.error() == errc::deadlock);
  CHECK(f.db->count("begin") == 8);
  CHECK(f.shared->count.retries == 7);
  auto brief = f.write({f.set_rank(1, 5)}, f.header(milliseconds{20}));
  f.advance(milliseconds{30}, milliseconds{1});
  CHECK(brief.error() == errc::deadlock);
  CHECK(f.db->count("begin") < 16);
  CHECK(f.rank_of(1) == 1);
}

TEST_CASE("a deadlock in COMMIT closes the tickets and reruns") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.db->commits = {{outcome::rolled_back, errc::deadlock, false}};
  auto done = f.write({f.set_rank(1, 5)});
  f.advance(milliseconds{100});
  CHECK(done.value().results.size() == 1);
  CHECK(f.told_how() == "rolled_back committed");
  CHECK(f.told->seen[0].ticket == f.tickets->seen[0].ticket);
  CHECK(f.told->seen[0].ticket != f.told->seen[1].ticket);
}

// -- lost connections ---------------------------------------------------------

TEST_CASE("a connection lost before COMMIT leaves the write undone") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.fail_calls("update", errc::unavailable);
  auto done = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(done.error() == errc::unavailable);
  CHECK(f.told->seen.empty());
  auto next = f.write({f.set_rank(1, 6)});
  f.run();
  CHECK(next.error() == errc::none);
  CHECK(f.rank_of(1) == 6);
  CHECK(f.shared->count.connects == 2);
}

TEST_CASE("a connection found lost at BEGIN is replaced once") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.fail_calls("begin", errc::unavailable);
  auto done = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(done.error() == errc::none);
  f.fail_calls("begin", errc::unavailable, 2);
  auto twice = f.write({f.set_rank(1, 6)});
  f.run();
  CHECK(twice.error() == errc::unavailable);
}

TEST_CASE("a lost COMMIT is quarantined, then resolved when the connection is "
          "gone") {
  for (auto applied : {true, false}) {
    pool_fixture f;
    f.put_user(1, "ann", 1);
    f.db->commits = {{outcome::unknown, errc::unavailable, applied}};
    f.fail_calls("gone c1", errc::none, 2); // not yet, not yet
    auto done = f.write({f.set_rank(1, 5)});
    auto passed = f.ask<barrier_passed>(f.pool, barrier{});
    f.run();
    CHECK(done.error() == errc::outcome_unknown);
    CHECK(f.told_how() == "unknown");
    CHECK(f.shared->count.unknown_outcomes == 1);
    CHECK_FALSE(passed.ready());
    f.advance(milliseconds{3000});
    CHECK(f.told_how() == "unknown resolved");
    CHECK(passed.ready());
    for (auto& c : f.told->seen) {
      CHECK(c.ticket == f.tickets->seen[0].ticket);
      CHECK(c.ticket_types == std::vector<entity_id>{user_type});
      REQUIRE(c.rows.size() == 1);
      CHECK(c.rows[0].id == f.user_key(1));
      CHECK_FALSE(c.rows[0].complete);
      CHECK_FALSE(c.rows[0].after);
    }
    CHECK(f.db->count("gone c1") == 3);
    CHECK(f.db->count("commit") == 1);
    CHECK(f.rank_of(1) == (applied ? 5 : 1));
  }
}

TEST_CASE("a lost COMMIT is resolved through connection failures") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.db->commits = {{outcome::unknown, errc::unavailable, true}};
  auto done = f.write({f.set_rank(1, 5)});
  f.db->before = [&](const std::string& call) -> std::optional<failure> {
    if (call == "connect" && f.db->connections > 0)
      return failure{errc::unavailable, "down"};
    return std::nullopt;
  };
  f.advance(milliseconds{5000});
  CHECK(done.error() == errc::outcome_unknown);
  CHECK(f.told_how() == "unknown");
  f.db->before = nullptr;
  f.fail_calls("gone c1", errc::unavailable);
  f.advance(milliseconds{5000});
  CHECK(f.told_how() == "unknown resolved");
}

TEST_CASE("a moved row is quarantined under both keys") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.db->connection_prefix = ""; // a lost connection can commit nothing
  f.db->commits = {{outcome::unknown, errc::unavailable, true}};
  auto op = f.set_rank(1, 5);
  op.set = {{0, 2}};
  auto done = f.write({op});
  f.run();
  CHECK(done.error() == errc::outcome_unknown);
  CHECK(f.told_how() == "unknown resolved");
  REQUIRE(f.told->seen[1].rows.size() == 2);
  CHECK(f.told->seen[1].rows[0].id == f.user_key(1));
  CHECK(f.told->seen[1].rows[1].id == f.user_key(2));
}

TEST_CASE("planted: a write rerun after a lost connection is done twice") {
  pool_fixture f{with_bug(planted_bug::write_rerun_after_lost_connection)};
  f.put_user(1, "ann", 1);
  f.db->commits = {{outcome::unknown, errc::unavailable, true}};
  auto done = f.write({f.insert_user(2, "bob", 5)});
  f.run();
  // It was done: the rerun finds its own row.
  CHECK(done.error() == errc::duplicate);
  CHECK(f.rank_of(2) == 5);
  CHECK(f.db->count("begin") == 2);
}

TEST_CASE("a lost COMMIT of nothing is no unknown outcome") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.db->commits = {{outcome::unknown, errc::unavailable, false}};
  auto done = f.write({f.erase_user(9)});
  f.run();
  CHECK(done.error() == errc::unavailable);
  CHECK(f.told->seen.empty());
}

TEST_CASE("a session that throws is answered for") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto throws_at = [&](const std::string& name) {
    f.db->before = [name](const std::string& call) -> std::optional<failure> {
      if (call == name)
        return failure{errc::internal, "throw"};
      return std::nullopt;
    };
  };
  throws_at("read");
  auto read = f.fetch_user(1);
  f.run();
  CHECK(read.error() == errc::internal);
  throws_at("update");
  auto write = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(write.error() == errc::internal);
  throws_at("connect");
  auto connect = f.fetch_user(1);
  f.run();
  CHECK(connect.error() == errc::internal);
  throws_at("commit");
  auto commit = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(commit.error() == errc::outcome_unknown);
  f.db->before = nullptr;
  auto after = f.fetch_user(1);
  f.run();
  CHECK(after.error() == errc::none);
}

// -- tickets ------------------------------------------------------------------

TEST_CASE("COMMIT waits for every ticket") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.tickets->hold = true;
  auto done = f.write({f.set_rank(1, 5), f.item_of("a", 1)});
  f.run();
  REQUIRE(f.tickets->held.size() == 2);
  CHECK(f.db->count("commit") == 0);
  f.tickets->answer(1);
  f.run();
  CHECK(f.db->count("commit") == 0);
  f.tickets->answer_held();
  f.run();
  CHECK(done.error() == errc::none);
  CHECK(f.told->seen.at(0).ticket_types.size() == 2);
}

TEST_CASE("a restarting cache is asked again in its new incarnation") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.tickets->failures_left = 1;
  auto done = f.write({f.set_rank(1, 5)});
  f.advance(milliseconds{100});
  CHECK(done.error() == errc::none);
  f.shared->actors.set_cache(user_type, entity_cache_actor{});
  auto next = f.write({f.set_rank(1, 6)});
  f.advance(milliseconds{300});
  CHECK_FALSE(next.ready());
  f.start_cache(user_type);
  f.advance(milliseconds{200});
  CHECK(next.error() == errc::none);
  CHECK(f.rank_of(1) == 6);
}

TEST_CASE("without a ticket in time the write is rolled back") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.shared->actors.set_cache(user_type, entity_cache_actor{});
  auto done = f.write({f.set_rank(1, 5)}, f.header(milliseconds{300}));
  f.advance(milliseconds{1000});
  CHECK(done.error() == errc::timeout);
  CHECK(f.db->count("commit") == 0);
  CHECK(f.rank_of(1) == 1);
  CHECK(f.told_how() == "rolled_back");
}

TEST_CASE("a ticket that opens late is closed after it") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.tickets->hold = true;
  auto done = f.write({f.set_rank(1, 5)}, f.header(milliseconds{300}));
  f.advance(milliseconds{400});
  CHECK(done.error() == errc::timeout);
  CHECK(f.db->count("rollback") == 1);
  CHECK(f.told->seen.empty());
  f.tickets->answer_held();
  f.run();
  CHECK(f.told_how() == "rolled_back");
  CHECK(f.told->seen[0].ticket == f.tickets->seen[0].ticket);
  CHECK(f.told->seen[0].rows.empty());
  auto next = f.fetch_user(1);
  f.run();
  CHECK(next.ready());
}

TEST_CASE("a cache that dies while a rolled back write waits ends the wait") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.tickets->hold = true;
  auto done = f.write({f.set_rank(1, 5)}, f.header(milliseconds{300}));
  f.advance(milliseconds{400});
  CHECK(done.error() == errc::timeout);
  auto cache = f.shared->actors.cache(user_type);
  f.shared->actors.set_cache(user_type, entity_cache_actor{});
  f.kill(cache.address());
  f.advance(milliseconds{6000});
  CHECK(f.told_how() == "rolled_back");
}

// -- INVALIDATION -------------------------------------------------------------

TEST_CASE("nothing is acknowledged before every cache has confirmed") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.told->failures_left = 2;
  f.told->hold = true;
  auto done = f.write({f.set_rank(1, 5)});
  f.advance(milliseconds{500});
  CHECK(f.told->seen.size() == 3);
  CHECK(f.rank_of(1) == 5);
  CHECK_FALSE(done.ready());
  f.told->answer_held();
  f.run();
  CHECK(done.error() == errc::none);
}

TEST_CASE("a restarting INVALIDATION is told in its new incarnation") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.shared->actors.set_invalidation(invalidation_actor{});
  auto done = f.write({f.set_rank(1, 5)});
  f.advance(milliseconds{500});
  CHECK_FALSE(done.ready());
  f.start_invalidation();
  f.advance(milliseconds{200});
  CHECK(done.error() == errc::none);
  CHECK(f.told->seen.size() == 1);
}

TEST_CASE("past its deadline a committed write is unknown to its caller, but "
          "still told") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.shared->actors.set_invalidation(invalidation_actor{});
  auto done = f.write({f.set_rank(1, 5)}, f.header(milliseconds{300}));
  auto passed = f.ask<barrier_passed>(f.pool, barrier{});
  f.advance(milliseconds{1000});
  CHECK(done.error() == errc::outcome_unknown);
  CHECK_FALSE(passed.ready());
  f.start_invalidation();
  f.advance(milliseconds{300});
  CHECK(f.told_how() == "committed");
  CHECK(passed.ready());
}

// -- changes by other processes -----------------------------------------------

TEST_CASE("another process's change flushes before an answer") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.db->foreign_change = true;
  f.told->hold = true;
  auto read = f.fetch_user(1);
  f.run();
  CHECK(f.told_how() == "foreign");
  CHECK(f.told->seen[0].scope == invalidation_scope::all);
  CHECK_FALSE(read.ready());
  f.told->answer_held();
  f.run();
  CHECK(read.value().rows.size() == 1);
  f.db->foreign_change = true;
  auto write = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(write.error() == errc::none);
  CHECK(f.told_how() == "foreign foreign committed");
}

TEST_CASE("a flush that is not confirmed is owed by the next request") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  f.db->foreign_change = true;
  f.shared->actors.set_invalidation(invalidation_actor{});
  auto read = f.fetch_user(1, f.header(milliseconds{200}));
  f.advance(milliseconds{400});
  CHECK(read.error() == errc::timeout);
  f.start_invalidation();
  auto write = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(write.error() == errc::none);
  CHECK(f.told_how() == "foreign committed");
}
