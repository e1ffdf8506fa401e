// ENTITY CACHE of a type whose primary key is text under a collation: whoever
// names a row means it however it is spelled.
#include "actors/entity_cache.hpp"

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/held_pool.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

options memory_only() {
  options o;
  o.persistence.enabled = false;
  return o;
}

struct spelling_fixture : actor_fixture {
  std::shared_ptr<held_pool_script> db = std::make_shared<held_pool_script>();
  const entity_type& profile;
  entity_cache_actor cache;

  spelling_fixture()
      : actor_fixture(memory_only(), catalog::load("").value()),
        profile(*shared->types->find("profile")) {
    shared->actors.set_pool(own(system.spawn(held_pool, db)));
    cache = own(
        entity_cache_actor{system.spawn(entity_cache, shared, profile.id, 0)});
    shared->actors.set_cache(profile.id, cache);
    run();
  }

  key id(const char* text) const {
    std::vector<value> v{value{text}};
    return *profile.make_key(primary_index, v);
  }
  row make(const char* text) const {
    std::vector<value> v(profile.columns.size());
    for (size_t i = 0; i < v.size(); ++i)
      v[i] = is_fixed(profile.types[i]) ? value{1} : value{text};
    return *row::encode(profile.types, v);
  }
  void reply(row found) {
    db->answer({std::move(found)});
    send(shared->actors.pool(), fail_now{});
    run();
  }
  void read(const char* asked, const char* found) {
    ask<rows>(cache, get_rows{{id(asked)}, {}, {}});
    run();
    reply(make(found));
  }
  void invalidate(const char* asked) {
    apply_changes msg;
    msg.seq = 1;
    msg.source = change_source::admin;
    msg.drop = {id(asked)};
    ask<applied>(cache, msg);
    run();
  }
  bool resident(const char* text) const {
    return shared->partitions[profile.id]->find(id(text)) != nullptr;
  }
};

} // namespace

TEST_CASE_METHOD(spelling_fixture,
                 "an invalidation drops the row however it is spelled") {
  read("ABC", "ABC");
  read("xyz", "xyz");
  REQUIRE(resident("ABC"));
  SECTION("in other case") {
    invalidate("abc");
  }
  SECTION("with blanks") {
    invalidate("abc  ");
  }
  SECTION("beyond ASCII") {
    invalidate("\xc3\xa0"
               "bc");
  }
  CHECK_FALSE(resident("ABC"));
}

TEST_CASE_METHOD(spelling_fixture,
                 "an invalidation in other bytes keeps a fetch out") {
  ask<rows>(cache, get_rows{{id("ABC")}, {}, {}});
  run();
  invalidate("abc");
  reply(make("ABC"));
  CHECK_FALSE(resident("ABC"));
}

TEST_CASE_METHOD(spelling_fixture, "an invalidation leaves other rows alone") {
  read("xyz", "xyz");
  invalidate("abc");
  CHECK(resident("xyz"));
}
