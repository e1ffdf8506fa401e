// ENTITY CACHE of a type whose primary key is text under a collation: whoever
// names a row means it however it is spelled.
#include "actors/entity_cache.hpp"

#include "policy/change_set.hpp"
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
  void open(uint64_t ticket, const char* text) {
    change_set changed{*shared->types};
    changed.add(profile.id, {}, make(text));
    ask_now<ticket_opened>(cache,
                           open_ticket{ticket, changed.keys().at(profile.id)});
  }
  void created(uint64_t ticket, const char* text) {
    apply_changes msg;
    msg.seq = ticket;
    msg.ticket = ticket;
    msg.rows.push_back({id(text), {}, make(text), true});
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

TEST_CASE_METHOD(spelling_fixture,
                 "a create drops what another spelling has left") {
  // Another program erased ABC and told nobody.
  read("ABC", "ABC");
  read("xyz", "xyz");
  SECTION("under the form that they share") {
    open(7, "abc");
    created(7, "abc");
    CHECK(resident("abc"));
    CHECK(resident("xyz"));
  }
  SECTION("under another one") {
    open(7, "Abc");
    created(7, "Abc");
    CHECK(resident("Abc"));
    CHECK(resident("xyz"));
  }
  SECTION("beyond ASCII, where it may be any") {
    open(7, "\xc3\xa0"
            "bc");
    created(7, "\xc3\xa0"
               "bc");
    CHECK_FALSE(resident("\xc3\xa0"
                         "bc"));
    CHECK_FALSE(resident("xyz"));
  }
  CHECK_FALSE(resident("ABC"));
}

TEST_CASE_METHOD(spelling_fixture,
                 "a fetch of one spelling waits out a ticket on another") {
  ask<rows>(cache, get_rows{{id("ABC")}, {}, {}});
  run();
  open(7, "abc");
  reply(make("ABC"));
  CHECK_FALSE(resident("ABC"));
  SECTION("nor is the write installed after what was read") {
    created(7, "abc");
    CHECK_FALSE(resident("abc"));
  }
}

TEST_CASE_METHOD(spelling_fixture, "a read after a write joins no older flight "
                                   "of another spelling") {
  ask<rows>(cache, get_rows{{id("ABC")}, {}, {}});
  run();
  open(7, "abc");
  created(7, "abc");
  ask<rows>(cache, get_rows{{id("ABC")}, {}, {}});
  run();
  reply({}); // to the first one, of before the write
  REQUIRE(db->fetches.size() == 1);
  reply({});
}

TEST_CASE_METHOD(spelling_fixture,
                 "what is found under other bytes ends what stood there") {
  read("ABC", "ABC");
  read_options anew;
  anew.max_age = milliseconds{0};
  advance(milliseconds{1});
  ask<rows>(cache, get_rows{{id("ABC")}, anew, {}});
  run();
  reply(make("abc"));
  CHECK_FALSE(resident("ABC"));
}

TEST_CASE_METHOD(spelling_fixture, "a row beyond ASCII is not cached: no "
                                   "change of another could name it") {
  read("\xc3\xa0"
       "bc",
       "\xc3\xa0"
       "bc");
  CHECK_FALSE(resident("\xc3\xa0"
                       "bc"));
}

TEST_CASE_METHOD(spelling_fixture,
                 "many spellings at once are dropped without a walk") {
  // All bits of case of a word of eight letters.
  for (int bits = 0; bits < 100; ++bits) {
    std::string text = "abcdefgh";
    for (size_t i = 0; i < text.size(); ++i)
      if (bits >> i & 1)
        text[i] = static_cast<char>(text[i] - 'a' + 'A');
    read(text.c_str(), text.c_str());
  }
  read("xyz", "xyz");
  SECTION("by a write") {
    open(7, "abcdefgH");
    created(7, "abcdefgH");
  }
  SECTION("by an invalidation") {
    invalidate("abcdefgH");
  }
  CHECK_FALSE(resident("Abcdefgh"));
  CHECK_FALSE(resident("xyz")); // the type was flushed
}

TEST_CASE_METHOD(spelling_fixture,
                 "what is not believed on disk is not kept by its spelling") {
  auto disk = system.spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](put_entries&) {}};
  });
  shared->actors.set_persistence(caf::actor_cast<persistence_actor>(own(disk)));
  disk_link link{shared, profile.id};
  disk_entry e;
  e.id = id("ABC");
  e.content = make("ABC");
  link.put(e);
  CHECK(link.spelling_count(id("abc")) == 1);
  SECTION("the whole index") {
    link.distrust(primary_index);
  }
  SECTION("everything") {
    link.distrust();
  }
  SECTION("the row alone") {
    link.erase(id("ABC"));
  }
  CHECK(link.spelling_count(id("abc")) == 0);
}
