#include "actors/node.hpp"

#include <algorithm>
#include <stdexcept>

#include "actors/ask.hpp"
#include "actors/budget.hpp"
#include "actors/change_feed.hpp"
#include "actors/db_pool.hpp"
#include "actors/dispatcher.hpp"
#include "actors/entity_cache.hpp"
#include "actors/invalidation.hpp"
#include "actors/monitor.hpp"
#include "actors/persistence.hpp"
#include "actors/spawn_blocking.hpp"
#include "messages/errors.hpp"

namespace toadcache {

namespace {

// Stop ranks: who ends first.
constexpr size_t stop_callers = 0;   // DISPATCHER: no new requests
constexpr size_t stop_database = 1;  // DB POOL: the last transactions
constexpr size_t stop_coherence = 2; // INVALIDATION, ENTITY CACHEs
constexpr size_t stop_disk = 3;      // PERSISTENCE: what the caches sent last
constexpr size_t stop_rest = 4;
constexpr size_t ranks = 5;

} // namespace

node_self::behavior_type
node_state::start(shared_ptr_state shared,
                  std::shared_ptr<std::promise<void>> ready) {
  shared_ = std::move(shared);
  self_->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  self_->set_down_handler([this](caf::down_msg& msg) { on_down(msg); });
  build_table();
  for (size_t i = 0; i < children_.size(); ++i)
    bring_up(i);
  if (ready)
    ready->set_value();
  return {
      [this](const stop_all&) { return on_stop(); },
      [this](const std::string& role, const fail_now&) {
        for (auto& c : children_)
          if (c.role == role && c.fail && c.alive)
            c.fail();
      },
      [this](caf::tick_atom, uint8_t what, uint64_t argument) {
        on_tick(static_cast<node_tick>(what), argument);
      },
  };
}

// One row per actor: role, stop rank, how to spawn, forget, drain and fail it.
void node_state::build_table() {
  auto& system = self_->system();
  auto shared = shared_;
  auto self = self_;
  auto grace = shared_->config.node.shutdown_grace;
  auto& actors = shared_->actors;
  auto erased = [](auto handle) {
    return caf::actor_cast<caf::strong_actor_ptr>(handle);
  };
  // Asked to finish; ended by its own will or by the step's exit message.
  auto drained = [self, grace](auto handle) {
    auto strong = caf::actor_cast<caf::strong_actor_ptr>(handle);
    auto end = [strong] {
      caf::anon_send_exit(strong, caf::exit_reason::user_shutdown);
    };
    ask(self, handle, grace, drain{})
        .then([end](const stopped&) { end(); }, [end](caf::error&) { end(); });
  };
  auto failing = [self](auto handle) {
    if (handle)
      self->send(handle, fail_now{});
  };
  children_.push_back({"monitor",
                       stop_rest,
                       [&system, shared, &actors, erased](uint64_t) {
                         auto a = system.spawn(monitor, shared);
                         actors.set_monitor(a);
                         return erased(a);
                       },
                       [&actors] { actors.set_monitor({}); },
                       {},
                       {}});
  children_.push_back({"persistence", stop_disk,
                       [&system, shared, &actors, erased](uint64_t) {
                         auto a = spawn_blocking(system, persistence, shared);
                         actors.set_persistence(a);
                         return erased(a);
                       },
                       [&actors] { actors.set_persistence({}); },
                       [&actors, drained] { drained(actors.persistence()); },
                       [&actors, failing] { failing(actors.persistence()); }});
  children_.push_back({"db-pool", stop_database,
                       [&system, shared, &actors, erased](uint64_t) {
                         auto a = system.spawn(db_pool, shared);
                         actors.set_pool(a);
                         return erased(a);
                       },
                       [&actors] { actors.set_pool({}); },
                       [&actors, drained] { drained(actors.pool()); },
                       [&actors, failing] { failing(actors.pool()); }});
  for (cache_id id = 0; id < shared_->caches.size(); ++id) {
    auto type = shared_->caches.type_of(id);
    auto role = "entity-cache:" + (*shared_->types)[type].name;
    if (shared_->caches.count_of(type) > 1) // "…:0", "…:1"
      role += ":" + std::to_string(id - shared_->caches.of(type).front());
    children_.push_back(
        {std::move(role),
         stop_coherence,
         [&system, shared, &actors, erased, id](uint64_t incarnation) {
           entity_cache_actor a
               = system.spawn(entity_cache, shared, id, incarnation);
           actors.set_cache(id, a);
           return erased(a);
         },
         [&actors, shared, id, type] {
           shared->partitions[id]->close();
           actors.set_cache(id, {});
           shared->count.entities[type].restarts.fetch_add(
               1, std::memory_order_relaxed);
         },
         {},
         [&actors, failing, id] { failing(actors.cache(id)); }});
  }
  children_.push_back({"budget",
                       stop_callers,
                       [&system, shared, &actors, erased](uint64_t) {
                         budget_actor a
                             = spawn_blocking(system, budget, shared);
                         actors.set_budget(a);
                         return erased(a);
                       },
                       [&actors] { actors.set_budget({}); },
                       {},
                       [&actors, failing] { failing(actors.budget()); }});
  children_.push_back(
      {"invalidation",
       stop_coherence,
       [&system, shared, &actors, erased](uint64_t incarnation) {
         invalidation_actor a = system.spawn(invalidation, shared, incarnation);
         actors.set_invalidation(a);
         return erased(a);
       },
       [&actors] { actors.set_invalidation({}); },
       {},
       [&actors, failing] { failing(actors.invalidation()); }});
  children_.push_back({"dispatcher",
                       stop_callers,
                       [&system, shared, &actors, erased](uint64_t) {
                         auto a = system.spawn(dispatcher, shared);
                         actors.set_dispatcher(a);
                         return erased(a);
                       },
                       [&actors] { actors.set_dispatcher({}); },
                       [&actors, drained] { drained(actors.dispatcher()); },
                       {}});
  if (shared_->make_stream) {
    struct feed {
      change_feed_actor actor;
      std::weak_ptr<change_stream> stream; ///< it may be waiting in there
    };
    auto running = std::make_shared<feed>();
    children_.push_back(
        {"change-feed", stop_callers,
         [&system, shared, running, erased](uint64_t) {
           auto stream = shared->make_stream();
           running->stream = stream;
           running->actor
               = spawn_blocking(system, change_feed, shared, std::move(stream));
           return erased(running->actor);
         },
         [running] { running->actor = nullptr; },
         [running] {
           if (auto stream = running->stream.lock())
             stream->interrupt();
           caf::anon_send_exit(running->actor, caf::exit_reason::user_shutdown);
         },
         [running, failing] { failing(running->actor); }});
  }
  auto& o = shared_->config.node;
  for (size_t i = 0; i < children_.size(); ++i)
    children_[i].pause.emplace(o.restart_backoff_min, o.restart_backoff_max, i);
}

void node_state::bring_up(size_t i) {
  auto& c = children_[i];
  auto strong = c.spawn(c.incarnation);
  c.alive = caf::actor_cast<caf::actor_addr>(strong);
  self_->monitor(c.alive);
}

void node_state::on_down(const caf::down_msg& msg) {
  auto i = std::find_if(children_.begin(), children_.end(),
                        [&](const child& c) { return c.alive == msg.source; });
  if (i == children_.end())
    return;
  i->clear();
  i->alive = {};
  if (stopping_) {
    next_rank_if_done();
    return;
  }
  ++i->incarnation;
  shared_->count.actor_restarts.fetch_add(1, std::memory_order_relaxed);
  auto why = to_failure(msg.reason).what;
  shared_->log->error("{} failed and is started again: {}", i->role, why);
  self_->delayed_send(self_, i->pause->next(), caf::tick_atom::value,
                      static_cast<uint8_t>(node_tick::restart),
                      static_cast<uint64_t>(i - children_.begin()));
}

caf::result<stopped> node_state::on_stop() {
  stops_.push_back(self_->make_response_promise<stopped>());
  auto promise = stops_.back();
  if (!stopping_) {
    stopping_ = true;
    shared_->stopping.store(true, std::memory_order_release);
    stop_rank(0);
  }
  return promise;
}

void node_state::stop_rank(size_t rank) {
  rank_ = rank;
  for (auto& c : children_)
    if (c.stop_rank == rank && c.alive) {
      if (c.drain)
        c.drain();
      else if (auto a = caf::actor_cast<caf::strong_actor_ptr>(c.alive))
        caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    }
  // Twice the grace: an actor may use it up before its exit message arrives.
  self_->delayed_send(
      self_, 2 * shared_->config.node.shutdown_grace, caf::tick_atom::value,
      static_cast<uint8_t>(node_tick::grace_over), static_cast<uint64_t>(rank));
  next_rank_if_done();
}

void node_state::next_rank_if_done() {
  auto waiting
      = std::any_of(children_.begin(), children_.end(), [&](const child& c) {
          return c.stop_rank == rank_ && c.alive;
        });
  if (waiting)
    return;
  if (rank_ + 1 < ranks) {
    stop_rank(rank_ + 1);
    return;
  }
  shared_->actors.clear();
  for (auto& p : stops_)
    p.deliver(stopped{});
  stops_.clear();
  self_->quit();
}

void node_state::on_tick(node_tick what, uint64_t argument) {
  if (what == node_tick::restart) {
    if (!stopping_)
      bring_up(argument);
    return;
  }
  if (argument != rank_)
    return;
  for (auto& c : children_)
    if (c.stop_rank == rank_ && c.alive) {
      shared_->log->warn("{} did not end in time and is killed", c.role);
      if (auto a = caf::actor_cast<caf::strong_actor_ptr>(c.alive))
        caf::anon_send_exit(a, caf::exit_reason::kill);
    }
}

node_self::behavior_type node(node_self::stateful_pointer<node_state> self,
                              shared_ptr_state shared,
                              std::shared_ptr<std::promise<void>> ready) {
  return self->state.start(std::move(shared), std::move(ready));
}

} // namespace toadcache
