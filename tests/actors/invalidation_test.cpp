// INVALIDATION on virtual time: what each change means for which cache, and
// that nobody is told "applied" before every cache, in its current incarnation,
// is.
#include "actors/invalidation.hpp"

#include <map>

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

struct cache_script {
  std::vector<apply_changes> seen;
  bool hold = false;
  std::vector<caf::typed_response_promise<applied>> held;
};

entity_cache_actor::behavior_type
scripted_cache(entity_cache_actor::pointer self,
               std::shared_ptr<cache_script> script) {
  return {
      [](const get_rows&) { return rows{}; },
      [](const get_lists&) { return lists{}; },
      [](const refresh&) {},
      [](const open_ticket&) { return ticket_opened{}; },
      [self, script](const apply_changes& msg) -> caf::result<applied> {
        script->seen.push_back(msg);
        if (!script->hold)
          return applied{msg.seq};
        script->held.push_back(self->make_response_promise<applied>());
        return script->held.back();
      },
      [](const extend_trust&) {},
      [](const erase_entries&) {},
      [](const set_enabled&) { return enabled_set{}; },
      [](const set_share& m) {
        return share_held{m.share_bytes, 0, 0};
      },
      [script](const fail_now&) { // promises are delivered inside their actor
        for (auto& p : std::exchange(script->held, {}))
          p.deliver(applied{1});
      },
  };
}

struct invalidation_fixture : actor_fixture {
  std::map<entity_id, std::shared_ptr<cache_script>> caches;
  invalidation_actor actor;

  explicit invalidation_fixture(planted_bugs planted = {})
      : actor_fixture([&] {
          options o;
          o.planted = planted;
          return o;
        }()) {
    for (auto& t : shared->types->types())
      start_cache(t.id);
    start(0);
  }
  void start_cache(entity_id type) {
    auto& script = caches[type];
    if (!script)
      script = std::make_shared<cache_script>();
    shared->actors.set_cache(type, own(system.spawn(scripted_cache, script)));
  }
  void start(uint64_t incarnation) {
    actor = own(
        invalidation_actor{system.spawn(invalidation, shared, incarnation)});
    run();
  }
  [[nodiscard]] const entity_type& type(const char* name) const {
    return *shared->types->find(name);
  }
  [[nodiscard]] cache_script& of(const char* name) {
    return *caches.at(type(name).id);
  }
  [[nodiscard]] key id(const char* name, int64_t n) const {
    return *type(name).make_key(primary_index, std::vector<value>{n});
  }
  tests::answer<applied> tell(changes msg) {
    auto a = ask<applied>(actor, std::move(msg));
    run();
    return a;
  }
};

} // namespace

TEST_CASE_METHOD(invalidation_fixture, "a write reaches the caches that hold "
                                       "its ticket, in order of sequence") {
  changes msg;
  msg.ticket = 5;
  msg.ticket_types = {type("user").id, type("guild").id};
  msg.rows.push_back({id("user", 1), {}, {}, true});
  auto a = tell(msg);
  REQUIRE(a.ready());
  REQUIRE(of("user").seen.size() == 1);
  REQUIRE(of("guild").seen.size() == 1);
  CHECK(of("user").seen[0].ticket == 5);
  CHECK(of("user").seen[0].rows.size() == 1);
  CHECK(of("guild").seen[0].rows.empty());
  CHECK(of("channel").seen.empty());
  CHECK(tell(msg).value().seq > a.value().seq);
}

TEST_CASE_METHOD(invalidation_fixture,
                 "no answer before the last cache has applied") {
  of("guild").hold = true;
  changes msg;
  msg.ticket_types = {type("user").id, type("guild").id};
  auto a = tell(msg);
  CHECK_FALSE(a.ready());
  send(shared->actors.cache(type("guild").id), fail_now{});
  run();
  CHECK(a.ready());
}

TEST_CASE_METHOD(invalidation_fixture,
                 "a cache that dies is asked again in its next incarnation") {
  of("guild").hold = true;
  changes msg;
  msg.ticket_types = {type("guild").id};
  auto a = tell(msg);
  caf::anon_send_exit(shared->actors.cache(type("guild").id),
                      caf::exit_reason::kill);
  shared->actors.set_cache(type("guild").id, {});
  advance(seconds{1});
  CHECK_FALSE(a.ready());
  of("guild").hold = false;
  start_cache(type("guild").id);
  advance(shared->config.client.request_timeout, milliseconds{100});
  CHECK(a.ready());
  CHECK(of("guild").seen.size() == 2);
}

TEST_CASE_METHOD(invalidation_fixture, "scopes of an explicit invalidation") {
  changes msg;
  msg.source = change_source::admin;
  SECTION("a key") {
    msg.scope = invalidation_scope::key;
    msg.target = id("user", 1);
    REQUIRE(tell(msg).ready());
    CHECK(of("user").seen.at(0).drop == std::vector<key>{id("user", 1)});
    CHECK(of("profile").seen.empty());
  }
  SECTION("a user and everything hanging on it") {
    msg.scope = invalidation_scope::dependents;
    msg.target = id("user", 1);
    REQUIRE(tell(msg).ready());
    CHECK(of("user").seen.at(0).drop.size() == 1);
    CHECK(of("profile").seen.at(0).drop_listed.size() == 1);
    CHECK(of("user_channel").seen.at(0).drop_listed.size() == 1);
    CHECK(of("guild_user").seen.at(0).drop_listed.size() == 1);
    CHECK(of("guild").seen.empty());
    CHECK(of("channel").seen.empty());
  }
  SECTION("a guild") {
    msg.scope = invalidation_scope::dependents;
    msg.target = id("guild", 1);
    REQUIRE(tell(msg).ready());
    CHECK(of("channel").seen.at(0).drop_listed.size() == 1);
    CHECK(of("guild_user").seen.at(0).drop_listed.size() == 1);
    CHECK(of("user").seen.empty());
  }
  SECTION("a type") {
    msg.scope = invalidation_scope::type;
    msg.type = type("profile").id;
    REQUIRE(tell(msg).ready());
    CHECK(of("profile").seen.at(0).flush);
    CHECK(of("user").seen.empty());
  }
  SECTION("all") {
    msg.scope = invalidation_scope::all;
    REQUIRE(tell(msg).ready());
    for (auto& [t, script] : caches)
      CHECK(script->seen.at(0).flush);
  }
}

TEST_CASE_METHOD(invalidation_fixture,
                 "a change of a parent's key flushes what the database "
                 "changes by cascade") {
  auto make = [&](int64_t n) {
    auto& t = type("guild");
    std::vector<value> v{value{n}, value{"g"}, value{"2026-01-01 00:00:00"},
                         value{"2026-01-01 00:00:00"}};
    std::vector<value> ordered(t.columns.size());
    ordered[*t.find_column("id")] = v[0];
    ordered[*t.find_column("name")] = v[1];
    ordered[*t.find_column("created")] = v[2];
    ordered[*t.find_column("updated")] = v[3];
    return *row::encode(t.types, ordered);
  };
  changes msg;
  msg.rows.push_back({id("guild", 1), make(1), make(2), true});
  SECTION("committed") {
    REQUIRE(tell(msg).ready());
    CHECK(of("channel").seen.at(0).flush);
    CHECK(of("guild_user").seen.at(0).flush);
    CHECK(of("user").seen.empty());
  }
  SECTION("but not when it was rolled back") {
    msg.how = outcome::rolled_back;
    REQUIRE(tell(msg).ready());
    CHECK(of("channel").seen.empty());
  }
}

TEST_CASE_METHOD(invalidation_fixture,
                 "a new incarnation flushes everything first") {
  start(1);
  for (auto& [t, script] : caches)
    CHECK(script->seen.at(0).flush);
}

TEST_CASE_METHOD(invalidation_fixture, "at its end it answers") {
  of("guild").hold = true;
  changes msg;
  msg.ticket_types = {type("guild").id};
  auto a = tell(msg);
  send(actor, fail_now{});
  run();
  REQUIRE(a.ready());
  CHECK(a.error() == errc::tier_closed);
}

TEST_CASE("the planted bugs of the fan-out show") {
  SECTION("acknowledge before install") {
    invalidation_fixture f{
        planted_bugs{planted_bug::acknowledge_before_install}};
    f.of("guild").hold = true;
    changes msg;
    msg.ticket_types = {f.type("guild").id};
    CHECK(f.tell(msg).ready());
  }
  SECTION("acknowledged past a dead incarnation") {
    invalidation_fixture f{
        planted_bugs{planted_bug::acknowledged_past_dead_incarnation}};
    f.of("guild").hold = true;
    changes msg;
    msg.ticket_types = {f.type("guild").id};
    auto a = f.tell(msg);
    caf::anon_send_exit(f.shared->actors.cache(f.type("guild").id),
                        caf::exit_reason::kill);
    f.advance(seconds{10}, seconds{1});
    CHECK(a.ready());
  }
}

TEST_CASE_METHOD(invalidation_fixture, "types that the log flushes go with "
                                       "what the database changes with them") {
  changes msg;
  msg.source = change_source::feed;
  msg.flushed = {type("guild").id};
  REQUIRE(tell(msg).ready());
  CHECK(of("guild").seen.at(0).flush);
  CHECK(of("guild").seen.at(0).source == change_source::feed);
  CHECK(of("channel").seen.at(0).flush);
  CHECK(of("user").seen.empty());
}

TEST_CASE_METHOD(invalidation_fixture, "missed changes concern every cache") {
  changes msg;
  msg.source = change_source::feed;
  msg.scope = invalidation_scope::unseen;
  REQUIRE(tell(msg).ready());
  for (auto& [t, script] : caches) {
    CHECK(script->seen.at(0).unseen);
    CHECK_FALSE(script->seen.at(0).flush);
  }
}
