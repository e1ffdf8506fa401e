// Interactive transactions: pinned workers of DB POOL.
#include "tests/catch.hpp"
#include "tests/support/pool_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using std::chrono::milliseconds;

namespace {

options pool_of(size_t count) {
  auto o = pool_test_options();
  o.pool.max_count = count;
  return o;
}

template <class T>
std::string text_of(const answer<T>& a) {
  return a.get() ? "" : a.get().error().what;
}

} // namespace

TEST_CASE("steps run inside one transaction that commits at the end") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  auto set = f.step(id, f.set_rank(1, 5));
  f.run();
  CHECK(set.value().result.rows.at(0).int_at(2) == 5);
  CHECK(f.rank_of(1) == 1);
  CHECK(f.tickets->seen.empty());
  auto done = f.end(id, true);
  f.run();
  CHECK(done.error() == errc::none);
  CHECK(f.rank_of(1) == 5);
  CHECK(f.tickets->seen.size() == 1);
  CHECK(f.told_how() == "committed");
  auto late = f.step(id, f.set_rank(1, 6));
  auto again = f.end(id, true);
  f.run();
  CHECK(late.error() == errc::invalid);
  CHECK(again.error() == errc::invalid);
}

TEST_CASE("rollback undoes every step") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  (void)f.step(id, f.set_rank(1, 5));
  auto done = f.end(id, false);
  f.run();
  CHECK(done.error() == errc::none);
  CHECK(f.rank_of(1) == 1);
  CHECK(f.told->seen.empty());
}

TEST_CASE("a failed step leaves the transaction open") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  auto none = f.step(id, f.set_rank(9, 5));
  auto twice = f.step(id, f.insert_user(1, "ann", 2));
  auto set = f.step(id, f.set_rank(1, 5));
  auto done = f.end(id, true);
  f.run();
  CHECK(none.error() == errc::not_found);
  CHECK(twice.error() == errc::duplicate);
  CHECK(set.error() == errc::none);
  CHECK(done.error() == errc::none);
  CHECK(f.rank_of(1) == 5);
}

TEST_CASE("a deadlock ends an interactive transaction, rolled back") {
  for (auto bug :
       {planted_bug::none, planted_bug::statement_retried_inside_transaction}) {
    auto o = pool_test_options();
    o.planted = planted_bugs{bug};
    pool_fixture f{o};
    f.put_user(1, "ann", 1);
    f.put_user(2, "bob", 1);
    auto id = f.begun();
    auto first = f.step(id, f.set_rank(1, 5));
    f.run();
    f.fail_calls("update", errc::deadlock);
    auto second = f.step(id, f.set_rank(2, 5));
    f.run();
    if (bug == planted_bug::none) {
      CHECK(second.error() == errc::deadlock);
      CHECK(f.rank_of(2) == 1);
      auto late = f.end(id, true);
      f.run();
      CHECK(late.error() == errc::invalid);
      auto next = f.begun();
      CHECK(next != id);
    } else {
      CHECK(second.error() == errc::none);
      CHECK(f.rank_of(2) == 5); // autocommitted
      CHECK(f.rank_of(1) == 1); // lost
    }
  }
}

TEST_CASE("a lost connection ends an interactive transaction") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  f.fail_calls("update", errc::unavailable);
  auto step = f.step(id, f.set_rank(1, 5));
  f.run();
  CHECK(step.error() == errc::unavailable);
  auto late = f.step(id, f.set_rank(1, 5));
  f.run();
  CHECK(late.error() == errc::invalid);
}

TEST_CASE("a duplicate inside an interactive transaction is read with a lock") {
  pool_fixture f;
  f.db->snapshots = true;
  auto id = f.begun();
  f.db->before = [&](const std::string& call) -> std::optional<failure> {
    if (call == "insert")
      f.put_item(50, "a", 9);
    return std::nullopt;
  };
  auto step = f.step(id, f.item_of("a", 1));
  f.run();
  CHECK_FALSE(step.value().result.created);
  CHECK(step.value().result.rows.at(0).int_at(2) == 9);
  auto unexplained = f.item_of("a", 1);
  unexplained.where = f.where(2, int64_t{77});
  auto twice = f.step(id, unexplained);
  f.run();
  CHECK(twice.error() == errc::duplicate);
}

TEST_CASE("an idle transaction rolls back by itself and says so") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  (void)f.step(id, f.set_rank(1, 5));
  f.advance(milliseconds{4900});
  auto kept = f.step(id, f.set_rank(1, 6));
  f.advance(milliseconds{4900});
  CHECK(kept.error() == errc::none);
  CHECK(f.db->count("rollback") == 0);
  f.advance(milliseconds{200});
  CHECK(f.db->count("rollback") == 1);
  auto late = f.step(id, f.set_rank(1, 7));
  f.run();
  CHECK(late.error() == errc::timeout);
  CHECK(text_of(late)
        == "transaction " + std::to_string(id) + " has ended (idle for 5 s)");
  CHECK(f.rank_of(1) == 1);
}

TEST_CASE("a busy transaction ends after its total time") {
  auto o = pool_test_options();
  o.pool.transaction_timeout = milliseconds{10500};
  pool_fixture f{o};
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  for (int i = 0; i < 5; ++i) {
    auto step = f.step(id, f.set_rank(1, 5 + i));
    f.advance(milliseconds{2000});
    CHECK(step.error() == errc::none);
  }
  f.advance(milliseconds{1000});
  auto late = f.end(id, true);
  f.run();
  CHECK(late.error() == errc::timeout);
  CHECK(text_of(late).find("(open for 10500 ms)") != std::string::npos);
  CHECK(f.rank_of(1) == 1);
}

TEST_CASE("a pool of one runs interactive transactions and the rest in turn") {
  pool_fixture f{pool_of(1)};
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  auto read = f.fetch_user(1);
  auto other = f.begin();
  auto second_read = f.fetch_user(1);
  f.run();
  CHECK_FALSE(read.ready());
  CHECK_FALSE(other.ready());
  auto done = f.end(id, true);
  f.run();
  CHECK(done.error() == errc::none);
  CHECK(read.ready()); // the queues take turns
  CHECK(other.ready());
  CHECK_FALSE(second_read.ready());
  (void)f.end(other.value().id, false);
  f.run();
  CHECK(second_read.ready());
  CHECK(f.db->most_sessions == 1);
}

TEST_CASE("one worker is always left for the rest; more begins wait") {
  pool_fixture f{pool_of(3)};
  f.put_user(1, "ann", 1);
  (void)f.begun();
  auto second = f.begun();
  auto third = f.begin(f.header(milliseconds{300}));
  auto fourth = f.begin();
  auto read = f.fetch_user(1);
  f.run();
  CHECK(read.ready());
  CHECK_FALSE(third.ready());
  f.advance(milliseconds{400});
  CHECK(third.error() == errc::timeout);
  (void)f.end(second, false);
  f.run();
  CHECK(fourth.error() == errc::none);
}

TEST_CASE("begin fails clearly without a database") {
  pool_fixture f;
  f.fail_calls("connect", errc::unavailable);
  auto none = f.begin();
  f.run();
  CHECK(none.error() == errc::unavailable);
  auto some = f.begin();
  f.run();
  CHECK(some.error() == errc::none);
}

TEST_CASE("a transaction begun too late is given up by both sides") {
  pool_fixture f{pool_of(1)};
  f.put_user(1, "ann", 1);
  f.db->foreign_change = true;
  f.told->hold = true; // BEGIN waits for a flush
  auto late = f.begin(f.header(milliseconds{200}));
  f.advance(milliseconds{300});
  CHECK(late.error() == errc::timeout);
  f.told->answer_held();
  f.advance(milliseconds{500});
  auto read = f.fetch_user(1);
  f.run();
  CHECK(read.ready());
  CHECK(f.db->count("rollback") == 1);
}

TEST_CASE("an end whose caches are late answers at its deadline") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  (void)f.step(id, f.set_rank(1, 5));
  f.run();
  f.tickets->hold = true;
  auto done = f.end(id, true, f.header(milliseconds{200}));
  f.advance(milliseconds{300});
  CHECK(done.error() == errc::timeout);
  f.tickets->answer_held();
  f.run();
  CHECK(f.rank_of(1) == 1);
  CHECK(f.told_how() == "rolled_back");
}

TEST_CASE("an interactive COMMIT may be lost or rolled back") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  (void)f.step(id, f.set_rank(1, 5));
  f.db->commits = {{outcome::unknown, errc::unavailable, true}};
  auto lost = f.end(id, true);
  f.run();
  CHECK(lost.error() == errc::outcome_unknown);
  CHECK(f.told_how() == "unknown resolved");
  id = f.begun();
  (void)f.step(id, f.set_rank(1, 6));
  f.db->commits = {{outcome::rolled_back, errc::deadlock, false}};
  auto rolled = f.end(id, true);
  f.run();
  CHECK(rolled.error() == errc::deadlock);
  CHECK(f.told_how() == "unknown resolved rolled_back");
}

TEST_CASE("steps of unknown transactions are refused") {
  pool_fixture f;
  auto step = f.step(12345, f.set_rank(1, 5));
  auto end = f.end(12345, true);
  f.run();
  CHECK(step.error() == errc::invalid);
  CHECK(text_of(end) == "transaction 12345 is not open");
}
