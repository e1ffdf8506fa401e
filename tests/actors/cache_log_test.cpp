// ENTITY CACHE and the database's log on virtual time: what a logged change
// drops, what is installed shortly after it, echoes, and the trust lease.
#include "tests/support/cache_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

struct log_fixture : cache_fixture {
  void logged(row before, row after) {
    apply_changes msg;
    msg.source = change_source::feed;
    auto& image = before ? before : after;
    msg.rows.push_back({user.key_of(image), before, after, true});
    apply(std::move(msg));
  }
  /// Fetched and installed.
  void keep(const row& r) {
    get(r.int_at(0));
    reply({r});
    REQUIRE(resident(user.key_of(r)));
  }
  void trust_until(time_point t) {
    send(cache,
         extend_trust{std::chrono::nanoseconds{t.time_since_epoch()}.count()});
    run();
  }
};

} // namespace

TEST_CASE_METHOD(log_fixture, "a row read after its change was told, but older "
                              "than it, is answered and not kept") {
  keep(make(1, "ann", 1));
  logged(make(1, "ann", 1), make(1, "ann", 2));
  CHECK_FALSE(resident(id(1)));
  auto a = get(1);
  reply({make(1, "ann", 1)}); // the commit is not visible yet
  CHECK(a.value().replies[0].content == make(1, "ann", 1));
  CHECK_FALSE(resident(id(1)));
  CHECK(count.unsettled_fills == 1);
  SECTION("what the log told is kept") {
    keep(make(1, "ann", 2));
  }
  SECTION("anything is, after the settle time") {
    advance(shared->feed.settle_time);
    keep(make(1, "ann", 3));
  }
}

TEST_CASE_METHOD(log_fixture, "a fetch under way when the change is told is "
                              "not installed") {
  get(1);
  logged(make(1, "ann", 1), make(1, "ann", 2));
  reply({make(1, "ann", 1)});
  CHECK_FALSE(resident(id(1)));
}

TEST_CASE_METHOD(log_fixture, "a row that is gone: only its absence is kept") {
  logged(make(1, "ann", 1), {});
  get(1);
  reply({make(1, "ann", 1)});
  CHECK_FALSE(resident(id(1)));
  get(1);
  reply({});
  REQUIRE(resident(id(1)));
  logged({}, make(1, "ann", 1));
  CHECK_FALSE(resident(id(1)));
}

TEST_CASE_METHOD(log_fixture, "lists drop when their members change, and are "
                              "not kept before that has settled") {
  list("ann");
  reply({make(1, "ann", 1)});
  REQUIRE(resident(name("ann")));
  SECTION("not by a change that leaves the members") {
    logged(make(1, "ann", 1), make(1, "ann", 2));
    CHECK(resident(name("ann")));
  }
  SECTION("a row that enters") {
    logged({}, make(2, "ann", 1));
  }
  SECTION("a row that leaves") {
    logged(make(1, "ann", 1), make(1, "bob", 1));
  }
  if (!resident(name("ann"))) {
    list("ann");
    reply({make(1, "ann", 1)}); // as it was
    CHECK_FALSE(resident(name("ann")));
    advance(shared->feed.settle_time);
    list("ann");
    reply({make(1, "ann", 1)});
    CHECK(resident(name("ann")));
  }
}

TEST_CASE_METHOD(log_fixture, "an image that is not full drops the row and "
                              "every list of its type") {
  keep(make(1, "ann", 1));
  list("bob");
  reply({make(2, "bob", 1)});
  REQUIRE(resident(name("bob")));
  apply_changes msg;
  msg.source = change_source::feed;
  msg.rows.push_back({id(1), {}, {}, false});
  apply(msg);
  CHECK_FALSE(resident(id(1)));
  CHECK_FALSE(resident(name("bob")));
  CHECK(resident(id(2)));
  get(1);
  reply({make(1, "ann", 2)}); // nobody knows whether it is the new one
  CHECK_FALSE(resident(id(1)));
}

TEST_CASE_METHOD(log_fixture, "the echo of an own write costs no miss") {
  open(7, {id(1), name("ann")});
  SECTION("after the write's end") {
    commit(7, make(1, "ann", 1), make(1, "ann", 2));
    logged(make(1, "ann", 1), make(1, "ann", 2));
    CHECK(count.echoes == 1);
  }
  SECTION("before it") {
    logged(make(1, "ann", 1), make(1, "ann", 2));
    commit(7, make(1, "ann", 1), make(1, "ann", 2));
  }
  REQUIRE(resident(id(1)));
  CHECK(resident(id(1))->content() == make(1, "ann", 2));
  logged(make(1, "ann", 1), make(1, "ann", 2)); // again, after a rewind
  CHECK(resident(id(1)));
}

TEST_CASE_METHOD(log_fixture, "a foreign change is not taken for an echo") {
  open(7, {id(1), name("ann")});
  SECTION("told before the write's end") {
    logged(make(1, "ann", 1), make(1, "ann", 9));
    commit(7, make(1, "ann", 1), make(1, "ann", 2));
  }
  SECTION("told after it") {
    commit(7, make(1, "ann", 1), make(1, "ann", 2));
    logged(make(1, "ann", 2), make(1, "ann", 9));
  }
  SECTION("the echo first, then another") {
    logged(make(1, "ann", 1), make(1, "ann", 2));
    logged(make(1, "ann", 2), make(1, "ann", 9));
    commit(7, make(1, "ann", 1), make(1, "ann", 2));
  }
  CHECK_FALSE(resident(id(1)));
}

TEST_CASE_METHOD(log_fixture, "of a row that a commit changes twice the last "
                              "image counts") {
  keep(make(1, "ann", 3));
  apply_changes msg;
  msg.source = change_source::feed;
  msg.rows.push_back({id(1), make(1, "ann", 1), make(1, "ann", 2), true});
  msg.rows.push_back({id(1), make(1, "ann", 2), make(1, "ann", 3), true});
  apply(msg);
  CHECK(resident(id(1)));
  CHECK(count.echoes == 1);
}

TEST_CASE_METHOD(log_fixture, "a type whose changes are not known row by row "
                              "is emptied, and filled when it has settled") {
  keep(make(1, "ann", 1));
  apply_changes msg;
  msg.source = change_source::feed;
  SECTION("flushed") {
    msg.flush = true;
  }
  SECTION("changes were missed") {
    msg.unseen = true;
  }
  apply(msg);
  CHECK_FALSE(resident(id(1)));
  get(1);
  reply({make(1, "ann", 1)});
  CHECK_FALSE(resident(id(1)));
  advance(shared->feed.settle_time);
  keep(make(1, "ann", 1));
}

TEST_CASE_METHOD(log_fixture, "with a feed nothing is fresh beyond the lease, "
                              "and nothing is forgotten with it") {
  shared->make_stream = [] { return std::shared_ptr<change_stream>{}; };
  caf::anon_send_exit(cache, caf::exit_reason::kill);
  run();
  start(1);
  advance(shared->feed.settle_time); // of what the dead one may have heard
  keep(make(1, "ann", 1));
  get(1); // not trusted yet
  REQUIRE(db->fetches.size() == 1);
  reply({make(1, "ann", 1)});
  trust_until(time.now() + seconds{1});
  CHECK(get(1).value().replies[0].from == tier::memory);
  advance(seconds{1});
  auto late = get(1);
  REQUIRE(db->fetches.size() == 1);
  reply({make(1, "ann", 1)});
  CHECK(late.value().replies[0].from == tier::database);
  trust_until(time.now() + seconds{1});
  CHECK(get(1).value().replies[0].from == tier::memory);
}

namespace {

/// A cache with a feed, trusted and settled.
struct fed_fixture : log_fixture {
  fed_fixture() {
    shared->make_stream = [] { return std::shared_ptr<change_stream>{}; };
    caf::anon_send_exit(cache, caf::exit_reason::kill);
    run();
    start(1);
    advance(shared->feed.settle_time);
    trust_until(time_point::max());
  }
  /// The list is fetched, and kept.
  void keep_list(std::vector<row> members) {
    list("ann");
    reply(std::move(members));
    CHECK(resident(name("ann")));
  }
  const row first = make(1, "ann", 1);
  const row added = make(2, "ann", 1);
};

} // namespace

TEST_CASE_METHOD(fed_fixture, "the echo of an own write leaves the lists that "
                              "were fetched since") {
  keep_list({first});
  open(7, {id(2), name("ann")});
  SECTION("after the write's end") {
    commit(7, {}, added);
    CHECK_FALSE(resident(name("ann")));
    keep_list({first, added});
    logged({}, added);
  }
  SECTION("before it") {
    logged({}, added);
    commit(7, {}, added);
    keep_list({first, added});
  }
  CHECK(resident(name("ann")));
  CHECK(resident(id(2)));
  // And a foreign change does not pass for another echo.
  logged(added, {});
  CHECK_FALSE(resident(name("ann")));
  advance(shared->feed.settle_time);
  keep_list({first});
  logged({}, added);
  CHECK_FALSE(resident(name("ann")));
}

TEST_CASE_METHOD(fed_fixture, "an echo that is told again counts as foreign") {
  open(7, {id(2), name("ann")});
  commit(7, {}, added);
  keep_list({first, added});
  logged({}, added);
  logged({}, added); // again, after a rewind: nobody expects it
  CHECK_FALSE(resident(name("ann")));
  CHECK(resident(id(2)));
}

TEST_CASE_METHOD(fed_fixture, "a write whose echo may have been missed waits "
                              "for none") {
  open(7, {id(2), name("ann")});
  apply_changes gap;
  gap.source = change_source::feed;
  gap.unseen = true;
  apply(gap);
  commit(7, {}, added);
  advance(shared->feed.settle_time);
  keep_list({first, added});
  logged({}, added); // somebody else's: ours, and its undoing, were missed
  CHECK_FALSE(resident(name("ann")));
}

TEST_CASE_METHOD(fed_fixture, "a foreign change between a write and its echo "
                              "drops the lists") {
  open(7, {id(2), name("ann")});
  commit(7, {}, added);
  keep_list({first, added});
  logged(make(2, "bob", 1), {}); // what stood there before the write
  CHECK(resident(name("ann")));
  logged({}, added);
  CHECK_FALSE(resident(name("ann")));
}
