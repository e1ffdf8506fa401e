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
