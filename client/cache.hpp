// The facade: what an application includes. A cache is one running toadcache:
// its actors, its memory, its connections. Movable; every operation on it and
// on its handles is thread-safe, those that block say so.
//
//   auto cache = toadcache::cache::open(options);
//   auto user = cache->entity("user").find_by_pk(id).get();
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <type_traits>

#include <caf/fwd.hpp>
#include <spdlog/fwd.h>

#include "client/answer.hpp"
#include "client/entity_handle.hpp"
#include "client/executor.hpp"
#include "client/statistics.hpp"
#include "client/task.hpp"
#include "client/transaction.hpp"
#include "client/typed_handle.hpp"
#include "config/options.hpp"
#include "model/catalog.hpp"
#include "model/disk_entry.hpp"

namespace toadcache {

class cache_store;
class change_stream;
class clock;
class database;
class runtime;

/// What a host may bring along; whatever is empty is made from the options.
struct cache_parts {
  options config;
  /// A host's own actor system, made after `configure` (actors/runtime.hpp) was
  /// called on its configuration. Not owned; outlives the cache.
  caf::actor_system* host = nullptr;
  catalog_ptr types;
  std::shared_ptr<database> source;
  /// Makes the disk tier's store; empty: the SQLite store when
  /// config.persistence.enabled, else none.
  std::function<std::unique_ptr<cache_store>()> make_store;
  /// Makes the stream of the database's log that the change feed follows;
  /// empty: that of MySQL or MariaDB, by config.feed, unless `source` is given;
  /// else no feed, and what other programs write is seen when the times to live
  /// end.
  std::function<std::shared_ptr<change_stream>()> make_stream;
  const clock* time = nullptr; ///< not owned; coarse_clock() when null
  std::function<wall_time()> wall_now;
  executor_ptr where; ///< where coroutines and callbacks go on
  /// Null: to stderr, at config.log_level.
  std::shared_ptr<spdlog::logger> log;
  /// False: no disk tier, whatever else says so (tests).
  bool disk = true;
};

class cache {
public:
  /// Starts a cache of its own. Blocks until it is ready to serve. Errors: the
  /// catalog (errc::invalid), the database's address (invalid). A database that
  /// is down is none: reads and writes answer `unavailable` until it is up. But
  /// where config.feed.mode is required, opening fails unless the database's
  /// log can be followed (invalid, or `unavailable`).
  [[nodiscard]] static result<cache> open(const options& o);
  /// The same inside a host's actor system.
  [[nodiscard]] static result<cache> open(const options& o,
                                          caf::actor_system& host);
  [[nodiscard]] static result<cache> open(cache_parts parts);

  cache(cache&&) noexcept;
  cache& operator=(cache&&) noexcept;
  /// Stops; blocks as `stop` does.
  ~cache();

  [[nodiscard]] const catalog& types() const noexcept;

  /// Throws std::invalid_argument when the catalog has no entity of that name,
  /// which is a defect of the caller; `find_entity` asks.
  [[nodiscard]] entity_handle entity(std::string_view name) const;
  [[nodiscard]] result<entity_handle> find_entity(std::string_view name) const;

  /// The seven ToadOverlay entities. As `entity`; `bind_views`
  /// (model/views.hpp) tells whether a catalog has the columns that the views
  /// expect.
  [[nodiscard]] typed_handle<user_view> users() const;
  [[nodiscard]] typed_handle<guild_view> guilds() const;
  [[nodiscard]] typed_handle<channel_view> channels() const;
  [[nodiscard]] typed_handle<profile_view> profiles() const;
  [[nodiscard]] typed_handle<user_channel_view> user_channels() const;
  [[nodiscard]] typed_handle<guild_user_view> guild_users() const;
  [[nodiscard]] typed_handle<channel_profile_view> channel_profiles() const;

  // -- transactions -----------------------------------------------------------

  /// An interactive transaction.
  answer<transaction> begin() const;

  /// Runs `f(transaction&) -> result<R>`, then commits. Blocks; call from no
  /// executor thread. On errc::deadlock from `f` or the commit everything is
  /// rolled back and `f` runs again, up to pool_options::max_retries_count
  /// times; any other failure rolls back and is returned. `f` must bear being
  /// called again. An exception from `f` rolls back and goes on.
  template <class F>
  auto transact(F f) const -> std::invoke_result_t<F&, transaction&> {
    std::invoke_result_t<F&, transaction&> r = fail(errc::internal, "not run");
    auto ran = run_transaction([&](transaction& t) -> result<void> {
      r = f(t);
      if (r)
        return {};
      return fail(r.error());
    });
    if (!ran)
      return fail(ran.error());
    return r;
  }

  // -- invalidation -----------------------------------------------------------
  // Drops what is cached, here and on disk, before the answer comes; for rows
  // changed behind the cache's back.

  /// The row and everything hanging on it (profiles, user channels, ...).
  answer<void> invalidate_user(int64_t id) const;
  answer<void> invalidate_guild(int64_t id) const;
  answer<void> invalidate_channel(int64_t id) const;
  /// The row and the lists on both sides.
  answer<void> invalidate_user_channel(int64_t user_id,
                                       int64_t channel_id) const;
  answer<void> invalidate_guild_user(int64_t user_id, int64_t guild_id) const;
  /// One row and the lists it is in.
  answer<void> invalidate(std::string_view entity, const values& id) const;
  answer<void> invalidate_type(std::string_view entity) const;
  answer<void> clear_all() const;

  // -- operation --------------------------------------------------------------

  /// Creates the catalog's tables that the database does not have. Blocks.
  [[nodiscard]] result<void> create_schema() const;

  [[nodiscard]] toadcache::statistics statistics() const;

  /// Switches the cache off or on, for everything or one entity type. Off takes
  /// effect at once: everybody's reads pass through to the database. On takes
  /// effect when the answer comes: behind a barrier and a flush.
  answer<void> set_enabled(bool on) const;
  answer<void> set_enabled(std::string_view entity, bool on) const;
  [[nodiscard]] bool enabled() const noexcept;

  /// The memory budget from now on, instead of memory.budget_bytes and within
  /// its range (else errc::invalid). Every type's share changes in proportion;
  /// a smaller one is reached when the answer comes, whatever readers hold of
  /// it aside. Under memory pressure less is used.
  answer<void> set_memory_budget(size_t bytes) const;

  /// Ordered shutdown: answers every open request, flushes the disk tier.
  /// Blocks at most the grace times of the actors. Idempotent.
  void stop();

  /// The actors behind it, for tools and tests.
  [[nodiscard]] const std::shared_ptr<toadcache::runtime>& running() const;
  [[nodiscard]] client_core& core() const noexcept;
  [[nodiscard]] const executor_ptr& where() const noexcept;

private:
  struct parts_of_cache;
  explicit cache(std::unique_ptr<parts_of_cache> p);
  result<void>
  run_transaction(const std::function<result<void>(transaction&)>& f) const;

  std::unique_ptr<parts_of_cache> p_;
};

} // namespace toadcache
