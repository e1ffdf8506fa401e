// ENTITY CACHE and the disk entries of an earlier run, which ended uncleanly.
#include "actors/entity_cache.hpp"

#include <deque>

#include "actors/persistence.hpp"

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"
#include "tests/support/held_pool.hpp"
#include "tests/support/memory_cache_store.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

// A PERSISTENCE that answers loads when the test says so.
struct held_disk_script {
  std::vector<disk_entry> held;
  std::deque<caf::typed_response_promise<loaded_entries>> loads;

  void answer(actor_fixture& f) {
    REQUIRE(loads.size() == 1);
    f.send(f.shared->actors.persistence(), fail_now{});
    f.run();
  }
};

persistence_actor::behavior_type held_disk(persistence_actor::pointer self,
                                           held_disk_script* script) {
  return {
      [](const put_entries&) {},
      [](const erase_entries&) {},
      [](const erase_type&) {},
      [self, script](const load_entries&) -> caf::result<loaded_entries> {
        script->loads.push_back(self->make_response_promise<loaded_entries>());
        return script->loads.back();
      },
      [script](const scan_keys& msg) {
        scanned_keys all;
        all.clean_start = false;
        for (auto& e : script->held)
          if (msg.after == 0)
            all.keys.emplace_back(e.id, false);
        all.last = 1;
        return all;
      },
      [](const read_checkpoint&) { return checkpoint_found{}; },
      [](const store_checkpoint&) {},
      [](const log_invalidation&) {},
      [](const read_log&) { return log_records{}; },
      [](const flush_disk&) { return flushed_disk{}; },
      [](const drain&) { return stopped{}; },
      [script](const fail_now&) {
        auto all = loaded_entries{script->held};
        for (auto& e : all.entries)
          e.current_run = true;
        script->loads.front().deliver(std::move(all));
        script->loads.pop_front();
      },
  };
}

struct cache_disk_fixture : actor_fixture {
  std::shared_ptr<cache_image> image = std::make_shared<cache_image>();
  std::shared_ptr<held_pool_script> db = std::make_shared<held_pool_script>();
  entity_cache_actor cache;

  cache_disk_fixture() : actor_fixture({}, shipped_catalog()) {
    shared->make_store = [this] { return store(); };
    REQUIRE(store()->open());
    cache_store::batch left;
    left.items.push_back({user(1, "ann", wall()), false});
    auto earlier = store();
    REQUIRE(earlier->open());
    REQUIRE(earlier->apply(left));
  }

  std::unique_ptr<cache_store> store() {
    return std::make_unique<memory_cache_store>(image,
                                                shared->config.persistence);
  }
  void start() {
    shared->actors.set_persistence(
        own(persistence_actor{system.spawn(persistence, shared)}));
    start_cache();
  }
  void start_cache() {
    shared->actors.set_pool(own(system.spawn(held_pool, db)));
    auto type = row_key("user", 1).type();
    cache
        = own(entity_cache_actor{system.spawn(entity_cache, shared, type, 0)});
    shared->actors.set_cache(type, cache);
    run();
  }
  /// The row is on disk, proven, and not in memory.
  void start_proven() {
    start();
    advance(milliseconds{20});
    REQUIRE(db->fetches.size() == 1);
    reply({user(1, "ann").content});
  }
  tests::answer<rows> get(read_options how = {}) {
    return ask<rows>(cache, get_rows{{row_key("user", 1)}, how, {}});
  }
  void reply(std::vector<row> rows) {
    db->answer(std::move(rows));
    send(shared->actors.pool(), fail_now{});
    run();
  }
};

} // namespace

TEST_CASE_METHOD(cache_disk_fixture,
                 "a row of an earlier run is as old as its revalidation") {
  start();
  advance(milliseconds{20});
  REQUIRE(db->fetches.size() == 1);
  advance(milliseconds{500}); // the database is slow
  reply({user(1, "ann").content});
  auto a = get();
  run();
  REQUIRE(a.ready());
  CHECK(a.value().replies[0].from == tier::disk);
  CHECK(a.value().replies[0].age >= milliseconds{500});
}

TEST_CASE_METHOD(cache_disk_fixture, "a tier that opens late is scanned then") {
  image->fail_opens = 1;
  start();
  CHECK(db->fetches.empty());
  advance(shared->config.memory.check_period + milliseconds{1000});
  CHECK(db->fetches.size() == 1);
}

TEST_CASE_METHOD(cache_disk_fixture,
                 "what the database has answered ends what is on disk only") {
  start_proven();
  auto id = row_key("user", 1);
  ask_now<ticket_opened>(cache, open_ticket{7, {id}});
  auto newer = get(); // of another program, and not installed: the ticket
  run();
  reply({user(1, "bob").content});
  CHECK(newer.value().replies[0].content == user(1, "bob").content);
  apply_changes rolled_back;
  rolled_back.ticket = 7;
  rolled_back.how = outcome::rolled_back;
  ask_now<applied>(cache, rolled_back);
  auto later = get();
  run();
  CHECK_FALSE(later.ready());
  CHECK(db->fetches.size() == 1);
}

TEST_CASE_METHOD(cache_disk_fixture,
                 "a reader with a limit of age joins no load from disk") {
  start_proven();
  advance(milliseconds{100});
  auto any = get();
  read_options young;
  young.max_age = milliseconds{10};
  auto limited = get(young);
  run();
  CHECK(any.value().replies[0].from == tier::disk);
  CHECK_FALSE(limited.ready());
  CHECK(db->fetches.size() == 1);
}

TEST_CASE_METHOD(cache_disk_fixture,
                 "what was loaded does not replace what was put meanwhile") {
  held_disk_script disk;
  shared->actors.set_persistence(own(system.spawn(held_disk, &disk)));
  disk.held.push_back(user(1, "ann", wall()));
  start_cache();
  advance(milliseconds{20});
  disk.answer(*this); // the load of the revalidation
  reply({user(1, "ann").content});
  advance(milliseconds{10});
  auto slow = get();
  run();
  REQUIRE(disk.loads.size() == 1);
  read_options young;
  young.max_age = milliseconds{0};
  auto newer = get(young);
  run();
  reply({user(1, "bob").content});
  CHECK(newer.value().replies[0].content == user(1, "bob").content);
  disk.answer(*this);
  CHECK_FALSE(slow.ready()); // asks the database
  reply({user(1, "bob").content});
  CHECK(slow.value().replies[0].content == user(1, "bob").content);
  auto later = get();
  run();
  CHECK(later.value().replies[0].content == user(1, "bob").content);
}
