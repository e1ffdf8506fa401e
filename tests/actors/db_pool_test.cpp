// DB POOL with real workers, a fake database and fake caches on virtual time.
#include "tests/catch.hpp"
#include "tests/support/pool_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using std::chrono::milliseconds;

TEST_CASE("a fetch by key, index and filter answers rows") {
  pool_fixture f;
  f.put_user(1, "ann", 5);
  f.put_user(2, "bob", 6);
  auto one = f.fetch_user(1);
  auto none = f.fetch_user(3);
  auto name = f.type(user_type).make_key(1, std::vector<value>{"bob"}).value();
  auto by_name
      = f.ask<fetched>(f.pool, fetch{user_type, 1, {name}, {}, f.header()});
  auto by_rank = f.ask<fetched>(
      f.pool, fetch{user_type, 0, {}, f.where(2, int64_t{6}), f.header()});
  f.run();
  REQUIRE(one.value().rows.size() == 1);
  CHECK(one.value().rows[0].text_at(1) == "ann");
  CHECK(none.value().rows.empty());
  REQUIRE(by_name.value().rows.size() == 1);
  CHECK(by_name.value().rows[0].int_at(0) == 2);
  CHECK(by_rank.value().rows == by_name.value().rows);
  CHECK(f.db->most_sessions == 2);
  CHECK(f.shared->count.statements == 4);
}

TEST_CASE("a write opens tickets, commits, tells, then answers") {
  pool_fixture f;
  f.put_user(1, "Ann", 5);
  f.db->rounds = true; // what is stored differs from what was sent
  bool ticket_before_commit = false;
  bool told_after_commit = false;
  f.tickets->on_arrival
      = [&](auto&) { ticket_before_commit = f.db->count("commit") == 0; };
  f.told->on_arrival
      = [&](auto&) { told_after_commit = f.db->count("commit") == 1; };
  auto done = f.write({f.set_rank(1, 7)});
  f.run();
  REQUIRE(done.value().results.size() == 1);
  auto& r = done.value().results[0];
  REQUIRE(r.rows.size() == 1);
  CHECK(r.rows[0].int_at(2) == 1007);
  CHECK(r.matched == 1);
  CHECK(r.changed == 1);
  CHECK(ticket_before_commit);
  CHECK(told_after_commit);
  // The row, its lookup under the stored name and the folded one.
  REQUIRE(f.tickets->seen.size() == 1);
  CHECK(f.tickets->seen[0].keys.size() == 3);
  REQUIRE(f.told->seen.size() == 1);
  auto& c = f.told->seen[0];
  CHECK(c.how == outcome::committed);
  CHECK(c.source == change_source::write);
  CHECK(c.ticket == f.tickets->seen[0].ticket);
  CHECK(c.ticket_types == std::vector<entity_id>{user_type});
  REQUIRE(c.rows.size() == 1);
  CHECK(c.rows[0].id == f.user_key(1));
  CHECK(c.rows[0].complete);
  CHECK(c.rows[0].before.int_at(2) == 5);
  CHECK(c.rows[0].after == r.rows[0]);
  CHECK(f.shared->count.transactions == 1);
}

namespace {

options small_pool(size_t max_count) {
  auto o = pool_test_options();
  o.pool.max_count = max_count;
  return o;
}

/// A pool of one whose worker waits for a ticket until it is released.
struct busy_pool : pool_fixture {
  explicit busy_pool(options o = small_pool(1)) : pool_fixture(std::move(o)) {
    for (int64_t id = 1; id < 10; ++id)
      put_user(id, "user", 1);
    tickets->hold = true;
    blocker = write({set_rank(1, 5)}, header(milliseconds{60000}));
    run();
  }
  void release() {
    tickets->answer_held();
    run();
  }
  answer<transaction_done> blocker;
};

} // namespace

// -- the queue ----------------------------------------------------------------

TEST_CASE("waiting requests are served in turn by group") {
  busy_pool f;
  std::vector<answer<fetched>> all;
  for (auto [id, group] :
       {std::pair{1, 1}, {2, 1}, {3, 1}, {4, 2}, {5, 3}, {6, 2}})
    all.push_back(f.fetch_user(
        id, f.header(milliseconds{5000}, static_cast<uint64_t>(group))));
  f.run();
  CHECK(f.shared->count.pool_queue == 6);
  f.db->keys_read.clear();
  f.release();
  std::vector<key> order;
  for (auto id : {1, 4, 5, 2, 6, 3})
    order.push_back(f.user_key(id));
  CHECK(f.db->keys_read == order);
  for (auto& a : all)
    CHECK(a.error() == errc::none);
  CHECK(f.shared->count.pool_queue == 0);
}

TEST_CASE("a full queue sheds") {
  auto o = small_pool(1);
  o.pool.queue_count = 2;
  busy_pool f{o};
  auto a = f.fetch_user(1);
  auto b = f.begin();
  auto c = f.fetch_user(1);
  auto d = f.begin();
  f.run();
  CHECK(c.error() == errc::overloaded);
  CHECK(d.error() == errc::overloaded);
  CHECK_FALSE(a.ready());
  f.release();
  (void)f.end(b.value().id, false);
  f.run();
  CHECK(a.error() == errc::none);
}

TEST_CASE("a request waits no longer than its deadline or the pool's") {
  auto o = small_pool(1);
  o.pool.acquire = milliseconds{500};
  busy_pool f{o};
  auto brief = f.fetch_user(1, f.header(milliseconds{100}));
  auto patient = f.fetch_user(1, f.header(milliseconds{5000}));
  f.advance(milliseconds{150});
  CHECK(brief.error() == errc::timeout);
  CHECK_FALSE(patient.ready());
  f.advance(milliseconds{400});
  CHECK(patient.error() == errc::timeout);
  f.db->calls.clear();
  f.release();
  CHECK(f.db->count("read") == 0);
}

TEST_CASE("a request without a deadline takes the default") {
  busy_pool f;
  auto read = f.fetch_user(1, f.header(milliseconds{0}));
  f.advance(milliseconds{4900});
  CHECK_FALSE(read.ready());
  f.advance(milliseconds{200});
  CHECK(read.error() == errc::timeout);
}

TEST_CASE("a worker that is late is answered for") {
  busy_pool f{small_pool(1)};
  f.release();
  f.db->foreign_change = true;
  f.told->hold = true; // the read waits for a flush
  auto read = f.fetch_user(1, f.header(milliseconds{300}));
  f.advance(milliseconds{400});
  CHECK(read.error() == errc::timeout);
  auto next = f.fetch_user(1);
  f.told->answer_held();
  f.advance(milliseconds{300});
  CHECK(next.error() == errc::none);
}

// -- the breaker --------------------------------------------------------------

TEST_CASE("an unreachable database is refused at once, probed, and found "
          "again") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.fail_calls("connect", errc::unavailable, 4);
  for (int i = 0; i < 3; ++i) {
    auto read = f.fetch_user(1);
    f.run();
    CHECK(read.error() == errc::unavailable);
  }
  CHECK(f.shared->count.breaker_opened == 1);
  CHECK(f.shared->count.connect_failures == 3);
  auto refused = f.fetch_user(1);
  f.run();
  CHECK(refused.error() == errc::unavailable);
  CHECK(refused.get().error().what.find("scripted connect")
        != std::string::npos);
  CHECK(f.db->count("connect") == 3);
  f.advance(milliseconds{550});
  auto probe = f.fetch_user(1);
  auto beside = f.fetch_user(1);
  f.run();
  CHECK(probe.error() == errc::unavailable);
  CHECK(beside.error() == errc::unavailable);
  CHECK(f.db->count("connect") == 4);
  f.advance(milliseconds{600}); // the pause has doubled
  auto early = f.fetch_user(1);
  f.run();
  CHECK(early.error() == errc::unavailable);
  CHECK(f.db->count("connect") == 4);
  f.advance(milliseconds{600});
  auto found = f.fetch_user(1);
  f.run();
  CHECK(found.error() == errc::none);
  auto after = f.fetch_user(1);
  f.run();
  CHECK(after.error() == errc::none);
}

TEST_CASE("an opening breaker answers those who wait") {
  auto o = small_pool(1);
  o.pool.breaker_failures_count = 1;
  pool_fixture f{o};
  f.fail_calls("connect", errc::unavailable);
  auto a = f.fetch_user(1);
  auto b = f.fetch_user(1);
  auto c = f.begin();
  f.run();
  CHECK(a.error() == errc::unavailable);
  CHECK(b.error() == errc::unavailable);
  CHECK(c.error() == errc::unavailable);
  CHECK(f.db->count("connect") == 1);
}

TEST_CASE("a probe that says nothing about the database leaves it open to the "
          "next") {
  auto o = small_pool(1);
  o.pool.breaker_failures_count = 1;
  pool_fixture f{o};
  f.fail_calls("connect", errc::unavailable);
  (void)f.fetch_user(1);
  f.advance(milliseconds{600});
  auto bad = f.ask<fetched>(f.pool, fetch{99, 0, {}, {}, f.header()});
  f.run();
  CHECK(bad.error() == errc::invalid);
  auto next = f.fetch_user(1);
  f.run();
  CHECK(next.error() == errc::none);
}

// -- connections --------------------------------------------------------------

TEST_CASE("a read survives a lost connection once") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.fail_calls("read", errc::unavailable);
  auto once = f.fetch_user(1);
  f.run();
  CHECK(once.value().rows.size() == 1);
  CHECK(f.shared->count.connects == 2);
  f.fail_calls("read", errc::unavailable, 2);
  auto twice = f.fetch_user(1);
  f.run();
  CHECK(twice.error() == errc::unavailable);
}

TEST_CASE("fetches that do not fit the catalog are refused") {
  pool_fixture f;
  auto item = f.type(item_type).make_key(0, std::vector<value>{1}).value();
  for (auto& msg : {fetch{9, 0, {}, {}, f.header()},
                    fetch{user_type, 7, {}, {}, f.header()},
                    fetch{user_type, 0, {item}, {}, f.header()}}) {
    auto bad = f.ask<fetched>(f.pool, msg);
    f.run();
    CHECK(bad.error() == errc::invalid);
  }
  CHECK(f.db->calls.empty());
}

TEST_CASE("connections open on demand and close when idle, down to min") {
  auto o = small_pool(3);
  o.pool.min_count = 1;
  pool_fixture f{o};
  CHECK(f.shared->count.pool_connections == 1); // at the start
  f.put_user(1, "ann", 1);
  auto a = f.fetch_user(1);
  auto b = f.fetch_user(1);
  auto c = f.fetch_user(1);
  auto d = f.fetch_user(1);
  f.run();
  CHECK(f.shared->count.pool_connections == 3);
  CHECK(f.db->most_sessions == 3);
  f.advance(milliseconds{9900});
  CHECK(f.shared->count.pool_connections == 3);
  f.advance(milliseconds{200});
  CHECK(f.shared->count.pool_connections == 1);
  CHECK(f.db->open_sessions == 1);
  auto again = f.fetch_user(1);
  f.run();
  CHECK(again.error() == errc::none);
  CHECK(f.shared->count.connects == 3);
}

TEST_CASE("a rested connection is asked whether it lives") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  (void)f.fetch_user(1);
  (void)f.fetch_user(1);
  f.run();
  CHECK(f.db->count("ping") == 0);
  f.advance(milliseconds{2000});
  auto read = f.fetch_user(1);
  f.run();
  CHECK(f.db->count("ping") == 1);
  CHECK(f.shared->count.connects == 1);
  f.advance(milliseconds{2000});
  f.fail_calls("ping", errc::unavailable);
  auto lost = f.fetch_user(1);
  f.run();
  CHECK(lost.error() == errc::none);
  CHECK(f.shared->count.connects == 2);
}

TEST_CASE("a start without a database fails nobody but those who ask") {
  auto o = small_pool(2);
  o.pool.min_count = 2;
  pool_fixture* p = nullptr;
  pool_fixture f{o};
  p = &f;
  f.db->before = [](const std::string&) {
    return std::optional<failure>{{errc::unavailable, "down"}};
  };
  auto second = p->start_pool();
  f.run();
  auto read = f.ask<fetched>(
      second, fetch{user_type, 0, {f.user_key(1)}, {}, f.header()});
  f.run();
  CHECK(read.error() == errc::unavailable);
}

// -- barrier ------------------------------------------------------------------

TEST_CASE("a barrier passes when everything accepted earlier has ended") {
  busy_pool f;
  auto queued = f.fetch_user(2);
  auto passed = f.ask<barrier_passed>(f.pool, barrier{});
  auto later = f.fetch_user(3, f.header(milliseconds{60000}));
  f.run();
  CHECK_FALSE(passed.ready());
  f.release();
  CHECK(queued.ready());
  CHECK(passed.ready());
  CHECK(later.ready());
  auto idle = f.ask<barrier_passed>(f.pool, barrier{});
  f.run();
  CHECK(idle.ready());
}

TEST_CASE("a barrier waits for pinned transactions, not for later requests") {
  pool_fixture f;
  f.put_user(1, "ann", 1);
  auto id = f.begun();
  auto passed = f.ask<barrier_passed>(f.pool, barrier{});
  auto step = f.step(id, f.set_rank(1, 5));
  f.run();
  CHECK_FALSE(passed.ready());
  (void)f.end(id, true);
  f.tickets->hold = true;
  f.run();
  auto later = f.write({f.set_rank(1, 6)});
  f.run();
  f.tickets->answer(1);
  f.run();
  CHECK(passed.ready());
  CHECK_FALSE(later.ready());
}

// -- failures of actors -------------------------------------------------------

TEST_CASE("a worker that dies before COMMIT: nothing done, tickets closed") {
  busy_pool f;
  auto queued = f.fetch_user(2);
  auto passed = f.ask<barrier_passed>(f.pool, barrier{});
  f.run();
  f.kill(f.tickets->last_sender);
  f.run();
  CHECK(f.blocker.error() == errc::unavailable);
  CHECK(f.rank_of(1) == 1);
  CHECK(f.told_how() == "rolled_back");
  CHECK(f.told->seen[0].ticket == f.tickets->seen[0].ticket);
  CHECK(queued.error() == errc::none);
  CHECK(passed.ready());
  CHECK(f.shared->count.actor_restarts == 1);
}

TEST_CASE("a worker that dies after COMMIT: unknown to the caller, told by its "
          "successor") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.told->hold = true;
  auto done = f.write({f.set_rank(1, 5)});
  f.run();
  f.kill(f.told->last_sender);
  f.run();
  CHECK(done.error() == errc::outcome_unknown);
  CHECK(f.told_how() == "committed committed");
  CHECK(f.told->seen[0] == f.told->seen[1]);
  auto passed = f.ask<barrier_passed>(f.pool, barrier{});
  f.run();
  CHECK_FALSE(passed.ready());
  f.told->answer_held();
  f.run();
  CHECK(passed.ready());
}

TEST_CASE("a worker that dies while an outcome is unknown: its successor "
          "resolves it") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.db->commits = {{outcome::unknown, errc::unavailable, true}};
  f.fail_calls("gone c1", errc::none, 3);
  auto done = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(f.told_how() == "unknown");
  f.kill(f.told->last_sender);
  f.advance(milliseconds{3000});
  CHECK(done.error() == errc::outcome_unknown);
  CHECK(f.told_how() == "unknown unknown resolved");
}

TEST_CASE("a worker that dies with a read or a pinned transaction is answered "
          "for") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.db->foreign_change = true;
  f.told->hold = true;
  auto read = f.fetch_user(1);
  f.run();
  auto worker = f.told->last_sender;
  f.kill(worker);
  f.run();
  CHECK(read.error() == errc::unavailable);
  f.told->answer_held();
  f.db->foreign_change = true;
  auto id = f.begun(); // names its worker by the flush
  f.kill(f.told->last_sender);
  f.run();
  auto step = f.step(id, f.set_rank(1, 5));
  f.run();
  CHECK(step.error() == errc::unavailable);
  auto next = f.fetch_user(1);
  f.run();
  CHECK(next.error() == errc::none);
}

TEST_CASE("a pool that dies answers everybody, and its successor's barrier "
          "waits for its writes") {
  busy_pool f;
  auto queued = f.fetch_user(2);
  auto begin = f.begin();
  auto barrier_lost = f.ask<barrier_passed>(f.pool, barrier{});
  f.run();
  f.send(f.pool, fail_now{});
  f.run();
  CHECK(queued.error() == errc::unavailable);
  CHECK(begin.error() == errc::unavailable);
  CHECK(barrier_lost.error() == errc::unavailable);
  CHECK(f.blocker.error() == errc::unavailable); // cancelled before COMMIT
  CHECK(f.shared->orphans == 1);
  auto next = f.start_pool();
  auto passed = f.ask<barrier_passed>(next, barrier{});
  f.advance(milliseconds{500});
  CHECK_FALSE(passed.ready());
  f.tickets->answer_held();
  f.advance(milliseconds{500});
  CHECK(passed.ready());
  CHECK(f.shared->orphans == 0);
  CHECK(f.rank_of(1) == 1);
  CHECK(f.told_how() == "rolled_back");
}

TEST_CASE("a pool that dies after COMMIT leaves the telling to its worker") {
  pool_fixture f{small_pool(2)};
  f.put_user(1, "ann", 1);
  f.told->hold = true;
  auto done = f.write({f.set_rank(1, 5)});
  auto begun = f.begin();
  f.run();
  f.send(f.pool, fail_now{});
  f.run();
  CHECK(done.error() == errc::outcome_unknown);
  CHECK(f.db->count("rollback") == 1); // of the pinned one
  CHECK(f.shared->orphans == 1);
  f.told->answer_held();
  f.run();
  CHECK(f.shared->orphans == 0);
  CHECK(f.db->open_sessions == 0);
}

TEST_CASE("an orphaned worker gives up after the grace time") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.told->hold = true;
  (void)f.write({f.set_rank(1, 5)});
  f.run();
  f.send(f.pool, fail_now{});
  f.advance(milliseconds{6000});
  CHECK(f.shared->orphans == 0);
  CHECK(f.db->open_sessions == 0);
}

// -- drain --------------------------------------------------------------------

TEST_CASE("drain ends what runs, refuses the rest and closes the "
          "connections") {
  busy_pool f{small_pool(2)};
  auto id = f.begun();
  (void)f.step(id, f.set_rank(2, 5));
  f.run();
  auto queued = f.fetch_user(1);
  auto ended = f.ask<stopped>(f.pool, drain{});
  auto late = f.fetch_user(2);
  auto barrier_late = f.ask<barrier_passed>(f.pool, barrier{});
  auto twice = f.ask<stopped>(f.pool, drain{});
  auto step = f.step(id, f.set_rank(2, 6));
  f.run();
  CHECK(queued.error() == errc::shutting_down);
  CHECK(late.error() == errc::shutting_down);
  CHECK(barrier_late.error() == errc::shutting_down);
  CHECK(twice.error() == errc::shutting_down);
  CHECK(step.error() == errc::shutting_down);
  CHECK_FALSE(ended.ready());
  f.release();
  CHECK(f.blocker.error() == errc::none);
  CHECK(ended.error() == errc::none);
  CHECK(f.db->open_sessions == 0);
  CHECK(f.rank_of(1) == 5);
  CHECK(f.rank_of(2) == 1);
  auto dead = f.fetch_user(1);
  f.run();
  CHECK(dead.error() == errc::tier_closed);
}

TEST_CASE("drain of an idle pool ends at once") {
  pool_fixture f;
  auto ended = f.ask<stopped>(f.pool, drain{});
  f.run();
  CHECK(ended.error() == errc::none);
}

TEST_CASE("drain does not wait for ever") {
  busy_pool f;
  auto passed = f.ask<barrier_passed>(f.pool, barrier{});
  auto ended = f.ask<stopped>(f.pool, drain{});
  f.advance(milliseconds{3900});
  CHECK_FALSE(ended.ready());
  f.advance(milliseconds{300});
  CHECK(ended.error() == errc::none);
  CHECK(f.blocker.error() == errc::shutting_down);
  CHECK(passed.error() == errc::shutting_down);
  CHECK(f.rank_of(1) == 1);
}

TEST_CASE("drain abandons what can only be resolved by waiting") {
  pool_fixture f{small_pool(1)};
  f.put_user(1, "ann", 1);
  f.db->commits = {{outcome::unknown, errc::unavailable, true}};
  f.fail_calls("gone c1", errc::none, 1000);
  auto done = f.write({f.set_rank(1, 5)});
  f.run();
  CHECK(done.error() == errc::outcome_unknown);
  auto ended = f.ask<stopped>(f.pool, drain{});
  f.run();
  CHECK(ended.error() == errc::none);
  CHECK(f.db->open_sessions == 0);
}
