// One ENTITY CACHE on virtual time, with a database pool whose answers the test
// gives, and the words its tests use.
#pragma once

#include "actors/entity_cache.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/held_pool.hpp"
#include "tests/support/pool_fixture.hpp"

namespace toadcache::tests {

inline options cache_options() {
  options o;
  o.persistence.enabled = false;
  return o;
}

struct cache_fixture : actor_fixture {
  std::shared_ptr<held_pool_script> db = std::make_shared<held_pool_script>();
  entity_cache_actor cache;
  const entity_type& user;
  entity_counters& count;

  explicit cache_fixture(bool hold_barrier = false, options o = cache_options(),
                         catalog_ptr types = pool_catalog())
      : actor_fixture(std::move(o), std::move(types)),
        user((*shared->types)[user_type]),
        count(shared->count.entities[user_type]) {
    db->hold_barrier = hold_barrier;
    shared->actors.set_pool(own(system.spawn(held_pool, db)));
    start(0);
  }

  void start(uint64_t incarnation) {
    cache = own(entity_cache_actor{
        system.spawn(entity_cache, shared, user_type, incarnation)});
    shared->actors.set_cache(user_type, cache);
    run();
  }

  [[nodiscard]] key id(int64_t n) const {
    std::vector<value> v{value{n}};
    return *user.make_key(primary_index, v);
  }
  [[nodiscard]] key name(const char* text) const {
    std::vector<value> v{value{text}};
    return *user.make_key(1, v);
  }
  [[nodiscard]] row make(int64_t n, const char* text, int64_t rank) const {
    std::vector<value> v{value{n}, value{text}, value{rank}};
    return *row::encode(user.types, v);
  }
  tests::answer<rows> get(int64_t n, read_options o = {}) {
    auto a = ask<rows>(cache, get_rows{{id(n)}, o, {}});
    run();
    return a;
  }
  tests::answer<lists> list(const char* text) {
    auto a = ask<lists>(cache, get_lists{{name(text)}, {}, {}});
    run();
    return a;
  }
  /// The pool does what was ordered.
  void act() {
    send(shared->actors.pool(), fail_now{});
    run();
  }
  void reply(std::vector<row> found) {
    db->answer(std::move(found));
    act();
  }
  void open(uint64_t ticket, std::vector<key> keys) {
    REQUIRE(
        ask_now<ticket_opened>(cache, open_ticket{ticket, std::move(keys)}));
  }
  void apply(apply_changes msg) {
    REQUIRE(ask_now<applied>(cache, std::move(msg)));
  }
  void commit(uint64_t ticket, row before, row after) {
    apply_changes msg;
    msg.seq = ticket;
    msg.ticket = ticket;
    auto& image = before ? before : after;
    msg.rows.push_back({user.key_of(image), before, after, true});
    apply(std::move(msg));
  }
  [[nodiscard]] entry_ptr resident(const key& k) const {
    return shared->partitions[user_type]->find(k);
  }
};

} // namespace toadcache::tests
