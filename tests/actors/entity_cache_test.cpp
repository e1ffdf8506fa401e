// ENTITY CACHE on virtual time, with a database pool whose answers the test
// gives: what may be installed, what is dropped, who is answered with what.
#include "tests/support/cache_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

TEST_CASE_METHOD(cache_fixture, "a miss is fetched once and installed") {
  auto a = get(1);
  auto b = get(1);
  CHECK(db->fetches.size() == 1);
  CHECK_FALSE(resident(id(1)));
  reply({make(1, "ann", 5)});
  CHECK(a.value().replies[0].content == make(1, "ann", 5));
  CHECK(a.value().replies[0].from == tier::database);
  CHECK(b.value().replies[0].content == make(1, "ann", 5));
  REQUIRE(resident(id(1)));
  CHECK(count.waiters == 1);
  CHECK(count.fills_cached == 1);
  auto c = get(1);
  CHECK(c.value().replies[0].from == tier::memory);
  CHECK(db->fetches.empty());
}

TEST_CASE_METHOD(cache_fixture, "stale fill: an invalidation during a fetch") {
  auto a = get(1);
  apply_changes msg;
  msg.drop = {id(1)};
  apply(msg);
  auto b = get(1); // does not join the sealed flight
  REQUIRE(db->fetches.size() == 1);
  reply({make(1, "old", 1)});
  CHECK(a.value().replies[0].content == make(1, "old", 1));
  CHECK_FALSE(resident(id(1)));
  CHECK(count.fills_stale == 1);
  REQUIRE(db->fetches.size() == 1);
  reply({make(1, "new", 2)});
  CHECK(b.value().replies[0].content == make(1, "new", 2));
  CHECK(resident(id(1))->content() == make(1, "new", 2));
}

TEST_CASE_METHOD(cache_fixture, "a write installs what it read back, and seals "
                                "the fills that began before it") {
  auto a = get(1);
  open(7, {id(1), name("ann"), name("bob")});
  commit(7, make(1, "ann", 1), make(1, "bob", 1));
  CHECK(resident(id(1))->content() == make(1, "bob", 1));
  reply({make(1, "ann", 1)}); // the database's answer of before the commit
  CHECK(a.ready());
  // It differs from what is resident, so nobody may say which one is newer.
  CHECK_FALSE(resident(id(1)));
}

TEST_CASE_METHOD(cache_fixture, "a written row is as old as its ticket") {
  open(7, {id(1), name("ann")});
  auto opened = time.now();
  advance(milliseconds{40}); // COMMIT is slow, and others write meanwhile
  commit(7, {}, make(1, "ann", 1));
  REQUIRE(resident(id(1)));
  CHECK(resident(id(1))->fetched() == std::chrono::floor<milliseconds>(opened));
}

TEST_CASE_METHOD(cache_fixture, "nothing is installed while a ticket is open") {
  open(7, {id(1)});
  auto a = get(1);
  reply({make(1, "ann", 1)});
  CHECK(a.ready());
  CHECK_FALSE(resident(id(1)));
  SECTION("a read answered meanwhile keeps the write's image out") {
    commit(7, {}, make(1, "ann", 1));
    CHECK_FALSE(resident(id(1)));
  }
  SECTION("a rollback leaves the door open for the next fill") {
    apply_changes msg;
    msg.ticket = 7;
    msg.how = outcome::rolled_back;
    apply(msg);
    get(1);
    reply({make(1, "ann", 1)});
    CHECK(resident(id(1)));
  }
}

TEST_CASE_METHOD(cache_fixture, "writes that overlap are both dropped") {
  std::vector<key> keys{id(1), name("a"), name("b"), name("c")};
  open(7, keys);
  open(8, keys);
  commit(8, make(1, "a", 1), make(1, "c", 3));
  CHECK_FALSE(resident(id(1)));
  commit(7, make(1, "a", 1), make(1, "b", 2));
  CHECK_FALSE(resident(id(1)));
  CHECK(count.writes_dropped == 2);
}

TEST_CASE_METHOD(cache_fixture, "a create ends the absence") {
  get(1);
  reply({});
  REQUIRE(resident(id(1)));
  CHECK_FALSE(resident(id(1))->has_content());
  open(7, {id(1), name("ann")});
  commit(7, {}, make(1, "ann", 1));
  CHECK(resident(id(1))->content() == make(1, "ann", 1));
}

TEST_CASE_METHOD(cache_fixture, "a list is cached, and dropped by the writes "
                                "that enter or leave it") {
  auto a = list("ann");
  reply({make(1, "ann", 1), make(2, "ann", 2)});
  CHECK(a.value().replies[0].keys == key_list{id(1), id(2)});
  CHECK(a.value().replies[0].rows.size() == 2);
  CHECK(resident(name("ann")));
  CHECK(resident(id(1)));
  CHECK(list("ann").value().replies[0].from == tier::memory);
  SECTION("a row leaves it") {
    open(7, {id(1), name("ann"), name("bob")});
    commit(7, make(1, "ann", 1), make(1, "bob", 1));
  }
  SECTION("a row enters it, written by an unknown ticket") {
    commit(9, {}, make(3, "ann", 1));
  }
  SECTION("one of its rows is invalidated") {
    apply_changes msg;
    msg.drop = {id(1)};
    apply(msg);
  }
  SECTION("an image is missing") {
    apply_changes msg;
    msg.rows.push_back({id(9), {}, {}, false});
    apply(msg);
  }
  CHECK_FALSE(resident(name("ann")));
}

TEST_CASE_METHOD(cache_fixture,
                 "text under a collation is cached under its own bytes only") {
  SECTION("neither a list asked for in capitals") {
    auto a = list("ANN");
    reply({make(1, "ann", 1)});
    CHECK(a.value().replies[0].keys == key_list{id(1)});
    CHECK_FALSE(resident(name("ANN")));
  }
  SECTION("nor one that found other bytes") {
    list("ann");
    reply({make(1, "ANN", 1)});
    CHECK_FALSE(resident(name("ann")));
    CHECK(resident(id(1)));
  }
  SECTION("and a write in other bytes drops the folded list") {
    list("ann");
    reply({});
    REQUIRE(resident(name("ann")));
    commit(9, {}, make(1, "ANN  ", 1));
    CHECK_FALSE(resident(name("ann")));
  }
  SECTION("a write beyond ASCII drops every list of the index") {
    list("ann");
    reply({});
    commit(9, {}, make(1, "\xc3\xa0nn", 1));
    CHECK_FALSE(resident(name("ann")));
  }
  SECTION("a batch in which a collation found other bytes is asked again, "
          "key by key") {
    auto first = get(9); // under way: what follows gathers
    auto a = ask<lists>(cache, get_lists{{name("ann"), name("bob")}, {}, {}});
    run();
    reply({});
    REQUIRE(db->fetches.size() == 1);
    CHECK(db->fetches.front().message.keys.size() == 2);
    reply({make(1, "BOB", 1)});
    REQUIRE(db->fetches.size() == 2);
    reply({});
    reply({make(1, "BOB", 1)});
    CHECK(a.value().replies[0].keys.empty());
    CHECK(a.value().replies[1].keys == key_list{id(1)});
    CHECK(first.ready());
  }
}

TEST_CASE_METHOD(cache_fixture, "misses gather while a fetch is under way") {
  get(1);
  for (int64_t n = 2; n <= 50; ++n)
    get(n);
  CHECK(db->fetches.size() == 1);
  reply({make(1, "x", 1)});
  REQUIRE(db->fetches.size() == 1);
  CHECK(db->fetches.front().message.keys.size() == 49);
  SECTION("but not for longer than the delay of a batch") {
    get(60);
    CHECK(db->fetches.size() == 1);
    advance(shared->config.batch.max_delay);
    CHECK(db->fetches.size() == 2);
  }
  SECTION("nor beyond an eager batch") {
    for (int64_t n = 100; n < 100 + 128; ++n)
      get(n);
    CHECK(db->fetches.size() == 2);
  }
}

TEST_CASE_METHOD(cache_fixture,
                 "a database read contradicts the resident row") {
  get(1);
  reply({make(1, "old", 1)});
  read_options fresh;
  fresh.max_age = milliseconds{0};
  advance(milliseconds{5});
  auto a = get(1, fresh);
  REQUIRE(db->fetches.size() == 1);
  reply({make(1, "new", 2)});
  CHECK(a.value().replies[0].content == make(1, "new", 2));
  CHECK(resident(id(1))->content() == make(1, "new", 2));
  CHECK(count.differing_reads == 1);
}

TEST_CASE_METHOD(cache_fixture, "an unknown outcome quarantines its keys") {
  get(1);
  reply({make(1, "ann", 1)});
  open(7, {id(1)});
  apply_changes unknown;
  unknown.ticket = 7;
  unknown.how = outcome::unknown;
  unknown.rows.push_back({id(1), {}, {}, false});
  apply(unknown);
  CHECK_FALSE(resident(id(1)));
  get(1);
  reply({make(1, "ann", 1)});
  CHECK_FALSE(resident(id(1))); // passes through
  SECTION("until it is resolved") {
    unknown.resolved = true;
    apply(unknown);
    get(1);
    reply({make(1, "bob", 1)});
    CHECK(resident(id(1))->content() == make(1, "bob", 1));
  }
  SECTION("in a new incarnation too") {
    anon_send_exit(cache, caf::exit_reason::kill);
    run();
    start(1);
    apply(unknown);
    get(1);
    reply({make(1, "ann", 1)});
    CHECK_FALSE(resident(id(1)));
  }
}

TEST_CASE_METHOD(cache_fixture, "with the database down, what is known is "
                                "served, marked stale") {
  get(1);
  reply({make(1, "ann", 1)});
  advance(user.ttl.fresh * 2, seconds{60});
  auto a = get(1);
  db->fail_oldest(errc::unavailable);
  act();
  CHECK(a.value().replies[0].content == make(1, "ann", 1));
  CHECK(a.value().replies[0].state == freshness::stale);
  CHECK(a.value().replies[0].from == tier::memory);
  SECTION("unless the caller refuses") {
    read_options strict;
    strict.accept_stale = false;
    auto b = get(1, strict);
    db->fail_oldest(errc::unavailable);
    act();
    CHECK(b.error() == errc::unavailable);
  }
  SECTION("and what is not known fails") {
    auto b = get(2);
    db->fail_oldest(errc::unavailable);
    act();
    CHECK(b.error() == errc::unavailable);
  }
  SECTION("not beyond its window") {
    advance(user.ttl.stale_on_error * 2, seconds{600});
    auto b = get(1);
    db->fail_oldest(errc::unavailable);
    act();
    CHECK(b.error() == errc::unavailable);
  }
}

TEST_CASE_METHOD(cache_fixture, "expired entries are swept") {
  get(1);
  reply({make(1, "ann", 1)});
  advance(user.ttl.fresh * 2 + user.ttl.stale_on_error, seconds{30});
  CHECK(shared->partitions[user_type]->row_count() == 0);
  CHECK(count.expirations == 1);
}

TEST_CASE_METHOD(cache_fixture, "a refresh fetches once for nobody") {
  get(1);
  reply({make(1, "ann", 1)});
  send(cache, refresh{id(1)});
  send(cache, refresh{id(1)});
  run();
  CHECK(db->fetches.size() == 1);
  reply({make(1, "ann", 2)});
  CHECK(resident(id(1))->content() == make(1, "ann", 2));
}

TEST_CASE("a new incarnation installs nothing before the barrier") {
  cache_fixture f{true};
  CHECK(f.shared->partitions[user_type]->closed());
  auto a = f.get(1);
  f.reply({f.make(1, "ann", 1)});
  CHECK(a.value().replies[0].content == f.make(1, "ann", 1));
  f.db->pass_barriers();
  f.act();
  CHECK_FALSE(f.shared->partitions[user_type]->closed());
  CHECK_FALSE(f.resident(f.id(1)));
  f.get(1);
  f.reply({f.make(1, "ann", 1)});
  CHECK(f.resident(f.id(1)));
}

TEST_CASE_METHOD(cache_fixture, "a failed incarnation answers, hides its "
                                "entries and is not trusted by the next") {
  get(1);
  reply({make(1, "ann", 1)});
  auto waiting = get(2);
  send(cache, fail_now{});
  run();
  CHECK(waiting.error() == errc::tier_closed);
  CHECK(shared->partitions[user_type]->closed());
  start(1);
  CHECK_FALSE(resident(id(1)));
  run();
  CHECK(shared->partitions[user_type]->row_count() == 0);
}

TEST_CASE_METHOD(cache_fixture, "switched on again, it starts anew") {
  get(1);
  reply({make(1, "ann", 1)});
  REQUIRE(ask_now<enabled_set>(cache, set_enabled{false}));
  REQUIRE(ask_now<enabled_set>(cache, set_enabled{true}));
  CHECK_FALSE(shared->partitions[user_type]->closed());
  CHECK_FALSE(resident(id(1)));
}

TEST_CASE_METHOD(cache_fixture, "dependents: the rows of a dropped list leave "
                                "with it") {
  list("ann");
  reply({make(1, "ann", 1)});
  get(2);
  reply({make(2, "bob", 1)});
  apply_changes msg;
  msg.drop_listed = {name("ann")};
  apply(msg);
  CHECK_FALSE(resident(name("ann")));
  CHECK_FALSE(resident(id(1)));
  CHECK(resident(id(2)));
}

TEST_CASE_METHOD(cache_fixture, "a flush hides everything and refuses the "
                                "fills under way") {
  get(1);
  reply({make(1, "ann", 1)});
  get(2);
  apply_changes msg;
  msg.flush = true;
  apply(msg);
  CHECK_FALSE(resident(id(1)));
  reply({make(2, "bob", 1)});
  CHECK_FALSE(resident(id(2)));
  CHECK(shared->partitions[user_type]->row_count() == 0);
}

TEST_CASE_METHOD(cache_fixture, "a key of another type is refused") {
  auto a = ask<rows>(cache, get_rows{{key{item_type, 0, "x"}}, {}, {}});
  run();
  CHECK(a.error() == errc::invalid);
}
