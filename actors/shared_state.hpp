// What the actors and the facade of one runtime share: the catalog, the
// options, the partitions, counters, switches, and the directory of current
// actor handles. Thread-safe; held by shared pointer; NODE clears the directory
// at the end, so that no actor keeps itself alive through it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include <spdlog/logger.h>

#include "actors/counters.hpp"
#include "messages/interfaces.hpp"
#include "storage/cache_store.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"
#include "storage/partition.hpp"

namespace toadcache {

/// The current incarnation of each actor. An empty handle: restarting, or
/// stopped. Thread-safe; a look-up takes a short shared lock.
class directory {
public:
  explicit directory(size_t type_count) : caches_(type_count) {}

  [[nodiscard]] entity_cache_actor cache_of(entity_id type) const;
  [[nodiscard]] db_pool_actor pool() const;
  [[nodiscard]] persistence_actor persistence() const;
  [[nodiscard]] invalidation_actor invalidation() const;
  [[nodiscard]] dispatcher_actor dispatcher() const;
  [[nodiscard]] monitor_actor monitor() const;

  void set_cache(entity_id type, entity_cache_actor a);
  void set_pool(db_pool_actor a);
  void set_persistence(persistence_actor a);
  void set_invalidation(invalidation_actor a);
  void set_dispatcher(dispatcher_actor a);
  void set_monitor(monitor_actor a);
  /// Drops every handle.
  void clear();

private:
  mutable std::shared_mutex lock_;
  std::vector<entity_cache_actor> caches_;
  db_pool_actor pool_;
  persistence_actor persistence_;
  invalidation_actor invalidation_;
  dispatcher_actor dispatcher_;
  monitor_actor monitor_;
};

struct shared_state {
  shared_state(catalog_ptr c, options o, const clock& time);

  const catalog_ptr types;
  const options config;
  const clock& time;
  std::shared_ptr<spdlog::logger> log; ///< never null
  std::shared_ptr<database> source;    ///< the system of record
  /// Makes the cache file's store; empty: no disk tier.
  std::function<std::unique_ptr<cache_store>()> make_store;
  /// The system clock, for the disk edge; replaced in tests.
  std::function<wall_time()> wall_now;

  counters count;
  std::vector<std::shared_ptr<partition>> partitions; ///< by entity_id
  directory actors;
  /// Pass-through switches: all, and by type.
  std::atomic<bool> enabled{true};
  std::vector<std::atomic<bool>> type_enabled;
  /// Set at the start of the shutdown: new requests get shutting_down.
  std::atomic<bool> stopping{false};
  /// Requests whose DB POOL is gone while a worker still runs them; the next
  /// pool's barrier waits for them.
  std::atomic<size_t> orphans{0};

  [[nodiscard]] bool reads_cached(entity_id type) const noexcept {
    return enabled.load(std::memory_order_acquire)
           && type_enabled[type].load(std::memory_order_acquire);
  }
  /// Bytes that a type's partition may use: its share by weight.
  [[nodiscard]] size_t budget_of(entity_id type) const;
  /// Unique within the process.
  [[nodiscard]] uint64_t next_id() noexcept {
    return ids_.fetch_add(1, std::memory_order_relaxed);
  }

private:
  std::atomic<uint64_t> ids_{1};
};

using shared_ptr_state = std::shared_ptr<shared_state>;

} // namespace toadcache
