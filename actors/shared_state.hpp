// What the actors and the facade of one runtime share: the catalog, the
// options, the partitions, counters, switches, and the directory of current
// actor handles. Thread-safe; held by shared pointer; NODE clears the directory
// at the end, so that no actor keeps itself alive through it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include <spdlog/logger.h>

#include "actors/counters.hpp"
#include "messages/interfaces.hpp"
#include "policy/budget_shares.hpp"
#include "storage/cache_store.hpp"
#include "storage/change_stream.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"
#include "storage/partition.hpp"

namespace toadcache {

/// Position of an ENTITY CACHE, and of its partition, among all: those of a
/// type stand together (shared_state::caches_of).
using cache_id = uint16_t;

/// The current incarnation of each actor. An empty handle: restarting, or
/// stopped. Thread-safe; a look-up takes a short shared lock.
class directory {
public:
  explicit directory(size_t cache_count) : caches_(cache_count) {}

  [[nodiscard]] entity_cache_actor cache(cache_id id) const;
  [[nodiscard]] db_pool_actor pool() const;
  [[nodiscard]] persistence_actor persistence() const;
  [[nodiscard]] invalidation_actor invalidation() const;
  [[nodiscard]] dispatcher_actor dispatcher() const;
  [[nodiscard]] monitor_actor monitor() const;
  [[nodiscard]] budget_actor budget() const;

  void set_cache(cache_id id, entity_cache_actor a);
  void set_pool(db_pool_actor a);
  void set_persistence(persistence_actor a);
  void set_invalidation(invalidation_actor a);
  void set_dispatcher(dispatcher_actor a);
  void set_monitor(monitor_actor a);
  void set_budget(budget_actor a);
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
  budget_actor budget_;
};

/// How the entity types share the ENTITY CACHEs: one for each type, or
/// `memory.partitions_count`, each for the keys that it owns by their hash. All
/// of a type hear of every change of it. A type with primary keys that a
/// collation may take for one another has one: they must meet in one write
/// gate. Immutable.
class cache_map {
public:
  cache_map(const catalog& types, size_t partitions_count);

  [[nodiscard]] size_t size() const noexcept { return types_.size(); }
  [[nodiscard]] entity_id type_of(cache_id id) const noexcept {
    return types_[id];
  }
  /// The caches of a type, in order.
  [[nodiscard]] std::span<const cache_id> of(entity_id type) const noexcept {
    return {ids_.data() + first_[type], count_of(type)};
  }
  [[nodiscard]] size_t count_of(entity_id type) const noexcept {
    return static_cast<size_t>(first_[size_t{type} + 1] - first_[type]);
  }
  /// The one that may hold what stands under the key.
  [[nodiscard]] cache_id owner_of(const key& k) const noexcept {
    // Bits of the hash that neither the tables of a partition nor their words
    // are chosen by.
    auto n = count_of(k.type());
    return static_cast<cache_id>(first_[k.type()]
                                 + (n == 1 ? 0 : (k.hash() >> 32 & 0xff) % n));
  }

private:
  std::vector<cache_id> first_; ///< of each type, and one beyond the last
  std::vector<entity_id> types_;
  std::vector<cache_id> ids_; ///< 0, 1, 2, ...
};

/// How far the caches have applied the database's log: where a feed that starts
/// anew goes on. Empty: nothing of it. Thread-safe.
class applied_place {
public:
  [[nodiscard]] std::optional<resume_point> get() const {
    std::lock_guard guard{lock_};
    return place_;
  }
  void set(std::optional<resume_point> place) {
    std::lock_guard guard{lock_};
    place_ = std::move(place);
  }

private:
  mutable std::mutex lock_;
  std::optional<resume_point> place_;
};

/// What a change feed has followed since the process began, and so what the
/// entries on disk may count as.
enum class feed_history : uint8_t {
  unknown,   ///< nothing yet, or changes were missed just now
  replays,   ///< from the checkpoint that the earlier run left
  continues, ///< caught up from there: that run's entries are current
  begins,    ///< from the end of the log at some moment since
};

/// How the catalog and the options split the budget.
[[nodiscard]] std::vector<double> weights_of(const catalog& types);
[[nodiscard]] share_rules rules_of(const memory_options& o);

struct shared_state {
  shared_state(catalog_ptr c, options o, const clock& time);

  const catalog_ptr types;
  const options config;
  const clock& time;
  std::shared_ptr<spdlog::logger> log; ///< never null
  std::shared_ptr<database> source;    ///< the system of record
  /// Makes the cache file's store; empty: no disk tier.
  std::function<std::unique_ptr<cache_store>()> make_store;
  /// Makes the stream that CHANGE FEED follows; empty: no feed, and rows count
  /// as fresh by their times to live alone.
  std::function<std::shared_ptr<change_stream>()> make_stream;
  feed_options feed; ///< of the options; immutable after the start
  applied_place fed;
  std::atomic<feed_history> fed_from{feed_history::unknown}; ///< CHANGE FEED's
  /// Only the first opening of a process knows that nothing was lost since.
  std::atomic<bool> disk_was_opened{false};
  /// The system clock, for the disk edge; replaced in tests.
  std::function<wall_time()> wall_now;

  counters count;
  const cache_map caches;
  std::vector<std::shared_ptr<partition>> partitions; ///< by cache_id
  directory actors;
  /// Pass-through switches: all, and by type.
  std::atomic<bool> enabled{true};
  std::vector<std::atomic<bool>> type_enabled;
  std::vector<std::atomic<size_t>> shares; ///< share_of
  /// The budget as configured or asked for last; pressure may cut it.
  std::atomic<size_t> budget_wanted;
  /// Set at the start of the shutdown: new requests get shutting_down.
  std::atomic<bool> stopping{false};
  /// Requests whose DB POOL is gone while a worker still runs them; the next
  /// pool's barrier waits for them.
  std::atomic<size_t> orphans{0};

  [[nodiscard]] bool reads_cached(entity_id type) const noexcept {
    return enabled.load(std::memory_order_acquire)
           && type_enabled[type].load(std::memory_order_acquire);
  }
  /// The one that may hold what stands under the key.
  [[nodiscard]] partition& partition_of(const key& k) const noexcept {
    return *partitions[caches.owner_of(k)];
  }
  /// Bytes that a type may use. Stored by BUDGET; by weight at the start.
  [[nodiscard]] size_t share_of(entity_id type) const noexcept {
    return shares[type].load(std::memory_order_acquire);
  }
  /// What one of its caches may use of that.
  [[nodiscard]] size_t share_of_cache(cache_id id) const noexcept {
    auto type = caches.type_of(id);
    auto n = caches.count_of(type);
    auto first = caches.of(type).front();
    auto share = share_of(type);
    return share / n + (size_t{id} - first < share % n ? 1 : 0);
  }
  /// Unique within the process.
  [[nodiscard]] uint64_t next_id() noexcept {
    return ids_.fetch_add(1, std::memory_order_relaxed);
  }

private:
  std::atomic<uint64_t> ids_{1};
};

using shared_ptr_state = std::shared_ptr<shared_state>;

} // namespace toadcache
