// Stand-ins for ENTITY CACHE, DB POOL and INVALIDATION that answer as a test
// says and note what they were asked, around the real DISPATCHER, in virtual
// time.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "actors/dispatcher.hpp"
#include "client/client_core.hpp"
#include "client/entity_handle.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/client/manual_executor.hpp"

namespace toadcache::tests {

template <class Reply, class Request>
using script_of = std::function<result<Reply>(const Request&)>;

struct cache_script {
  script_of<rows, get_rows> on_rows;
  script_of<lists, get_lists> on_lists;
  bool silent = false; ///< takes requests and never answers
  std::vector<get_rows> row_asks;
  std::vector<get_lists> list_asks;
  std::vector<key> refreshes;
  std::vector<bool> switches;
};

struct pool_script {
  script_of<fetched, fetch> on_fetch;
  script_of<transaction_done, run_transaction> on_run;
  script_of<transaction_begun, begin_transaction> on_begin;
  script_of<step_done, transaction_step> on_step;
  script_of<transaction_done, end_transaction> on_end;
  bool silent = false;
  std::vector<fetch> fetches;
  std::vector<run_transaction> runs;
  std::vector<transaction_step> steps;
  std::vector<end_transaction> ends;
};

struct invalidation_script {
  std::vector<changes> all;
};

/// An answer as a handler returns it.
template <class Reply>
caf::result<Reply> as_caf(result<Reply> r) {
  if (r)
    return std::move(*r);
  return to_caf(r.error());
}

inline entity_cache_actor::behavior_type
scripted_cache(entity_cache_actor::pointer self,
               std::shared_ptr<cache_script> s) {
  return {
      [self, s](const get_rows& m) -> caf::result<rows> {
        s->row_asks.push_back(m);
        if (s->silent)
          return self->make_response_promise<rows>();
        return as_caf(s->on_rows(m));
      },
      [self, s](const get_lists& m) -> caf::result<lists> {
        s->list_asks.push_back(m);
        if (s->silent)
          return self->make_response_promise<lists>();
        return as_caf(s->on_lists(m));
      },
      [s](const refresh& m) { s->refreshes.push_back(m.id); },
      [](const open_ticket&) { return ticket_opened{}; },
      [](const apply_changes& m) { return applied{m.seq}; },
      [](const extend_trust&) {},
      [](const erase_entries&) {},
      [s](const set_enabled& m) {
        s->switches.push_back(m.on);
        return enabled_set{};
      },
      [](const set_share& m) {
        return share_held{m.share_bytes, 0, 0};
      },
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
  };
}

inline db_pool_actor::behavior_type
scripted_pool(db_pool_actor::pointer self, std::shared_ptr<pool_script> s) {
  return {
      [self, s](const fetch& m) -> caf::result<fetched> {
        s->fetches.push_back(m);
        if (s->silent)
          return self->make_response_promise<fetched>();
        return as_caf(s->on_fetch(m));
      },
      [self, s](const run_transaction& m) -> caf::result<transaction_done> {
        s->runs.push_back(m);
        if (s->silent)
          return self->make_response_promise<transaction_done>();
        return as_caf(s->on_run(m));
      },
      [s](const begin_transaction& m) { return as_caf(s->on_begin(m)); },
      [s](const transaction_step& m) {
        s->steps.push_back(m);
        return as_caf(s->on_step(m));
      },
      [s](const end_transaction& m) {
        s->ends.push_back(m);
        return as_caf(s->on_end(m));
      },
      [](const barrier&) { return barrier_passed{}; },
      [](const drain&) { return stopped{}; },
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
  };
}

inline invalidation_actor::behavior_type
scripted_invalidation(invalidation_actor::pointer,
                      std::shared_ptr<invalidation_script> s) {
  return {
      [s](const changes& m) {
        s->all.push_back(m);
        return applied{s->all.size()};
      },
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
  };
}

class scripted_fixture : public actor_fixture {
public:
  explicit scripted_fixture(options o = {}) : actor_fixture(std::move(o)) {
    shared->actors.set_dispatcher(
        own(system.spawn(toadcache::dispatcher, shared)));
    start_caches();
    start_pool();
    start_invalidation();
    core = std::make_shared<client_core>(shared, where);
    for (auto& t : shared->types->types())
      set_lifetimes(t.name, seconds{60}, milliseconds{0});
    run();
  }
  ~scripted_fixture() {
    core.reset();
    run();
  }

  void start_caches() {
    for (auto& t : shared->types->types())
      shared->actors.set_cache(t.id, own(system.spawn(scripted_cache, caches)));
  }
  void start_pool() {
    shared->actors.set_pool(own(system.spawn(scripted_pool, pool)));
  }
  void start_invalidation() {
    shared->actors.set_invalidation(
        own(system.spawn(scripted_invalidation, invalidation)));
  }

  [[nodiscard]] const entity_type& type(std::string_view name) const {
    return *shared->types->find(name);
  }
  [[nodiscard]] entity_handle handle(std::string_view name) const {
    return {*core, type(name)};
  }

  /// A row with these values, the rest zero, "" or NULL.
  [[nodiscard]] row make_row(std::string_view entity,
                             std::vector<value> first) const {
    auto& t = type(entity);
    for (size_t i = first.size(); i < t.columns.size(); ++i)
      first.push_back(t.columns[i].nullable  ? value{}
                      : is_fixed(t.types[i]) ? value{0}
                                             : value{""});
    return row::encode(t.types, first).value();
  }

  /// An empty, open partition for the type's entries, which live so long.
  void set_lifetimes(std::string_view entity, milliseconds fresh,
                     milliseconds stale_while_revalidate) {
    auto& t = type(entity);
    ttl_options ttl;
    ttl.fresh = fresh;
    ttl.stale_while_revalidate = stale_while_revalidate;
    ttl.stale_on_error = stale_while_revalidate;
    shared->partitions[t.id]
        = std::make_shared<partition>(t.id, lifetimes{ttl, 0});
    shared->partitions[t.id]->open();
  }

  /// Puts an entry as ENTITY CACHE would.
  entry_ptr put(const key& id, row content, key_list list = {}) {
    return shared->partitions[id.type()]->put(
        {id, std::move(content), std::move(list), time.now()});
  }
  entry_ptr put_row(std::string_view entity, row content) {
    auto id = type(entity).key_of(content);
    return put(id, std::move(content));
  }

  /// Handles messages and executor work until nothing is left.
  void settle() {
    do
      run();
    while (where->run() > 0);
  }
  /// The answer's value once everything has settled. Requires: it is there.
  template <class Answer>
  auto finish(Answer a) {
    settle();
    if (!a.ready())
      throw std::logic_error("no answer yet");
    return a.get();
  }

  std::shared_ptr<manual_executor> where = std::make_shared<manual_executor>();
  std::shared_ptr<cache_script> caches = std::make_shared<cache_script>();
  std::shared_ptr<pool_script> pool = std::make_shared<pool_script>();
  std::shared_ptr<invalidation_script> invalidation
      = std::make_shared<invalidation_script>();
  client_core_ptr core;
};

} // namespace toadcache::tests
