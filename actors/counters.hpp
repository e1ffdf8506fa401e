// Plain counters of one runtime, added to from any thread with relaxed atomics
// and read by MONITOR. When each one moves is written beside it.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "actors/striped_counter.hpp"
#include "model/error.hpp"

namespace toadcache {

/// Of one entity type. lookups = hits + misses (a waiter on a flight is a
/// miss); fills = cached + stale + rejected.
struct entity_counters {
  /// Rows or lists asked for.
  [[nodiscard]] uint64_t lookups() const { return hits.load() + misses.load(); }
  striped_counter hits;                    ///< answered from memory
  striped_counter misses;                  ///< not answered from memory
  std::atomic<uint64_t> stale_hits{0};     ///< of hits: marked stale
  std::atomic<uint64_t> negative_hits{0};  ///< of hits: "no such row"
  std::atomic<uint64_t> bypassed{0};       ///< asked of the database on purpose
  std::atomic<uint64_t> disk_hits{0};      ///< of misses: answered from disk
  std::atomic<uint64_t> fills_cached{0};   ///< fetched and installed
  std::atomic<uint64_t> fills_stale{0};    ///< overtaken by a change: the race
  std::atomic<uint64_t> fills_rejected{0}; ///< too big, alias, or closed
  std::atomic<uint64_t> waiters{0};        ///< joined a flight of another
  std::atomic<uint64_t> expirations{0};    ///< removed by age
  std::atomic<uint64_t> evictions{0};      ///< removed for space
  /// Of evictions: by a newcomer of their group, which was at its cap.
  std::atomic<uint64_t> group_evictions{0};
  /// Of evictions: because the type's share shrank.
  std::atomic<uint64_t> shrink_evictions{0};
  /// Not kept: too big for the type's share, or no room could be made.
  std::atomic<uint64_t> refused_oversize{0};
  /// Not kept: its group was at its cap, and none of its rows was found.
  std::atomic<uint64_t> refused_group{0};
  /// Misses of keys evicted so recently that one more step of the budget would
  /// have kept them (a sample, scaled).
  std::atomic<uint64_t> regained{0};
  /// Gauge: what the type occupies beyond its partition.
  std::atomic<uint64_t> bookkeeping_bytes{0};
  std::atomic<uint64_t> invalidations{
      0};                            ///< removed because the source changed
  std::atomic<uint64_t> removals{0}; ///< removed because somebody asked
  std::atomic<uint64_t> writes_installed{0};
  std::atomic<uint64_t> writes_dropped{0};
  std::atomic<uint64_t> quarantined{0};
  std::atomic<uint64_t> differing_reads{0}; ///< database contradicted memory
  std::atomic<uint64_t> parts_applied{0};   ///< of changes: its messages
  /// Changes of a row in the database's log, by whomever.
  std::atomic<uint64_t> logged_changes{0};
  /// Of these: the resident row was already as the log says.
  std::atomic<uint64_t> echoes{0};
  /// Of fills_stale: fetched within the settle time of a logged change, and not
  /// known to be its outcome.
  std::atomic<uint64_t> unsettled_fills{0};
  std::atomic<uint64_t> restarts{0};
};

/// Of the whole runtime.
struct counters {
  explicit counters(size_t type_count) : entities(type_count) {}

  std::vector<entity_counters> entities;
  std::atomic<uint64_t> statements{0};   ///< sent to the database
  std::atomic<uint64_t> transactions{0}; ///< committed
  std::atomic<uint64_t> rollbacks{0};
  std::atomic<uint64_t> retries{0}; ///< transactions rerun on deadlock
  std::atomic<uint64_t> unknown_outcomes{0};
  std::atomic<uint64_t> connects{0};
  std::atomic<uint64_t> connect_failures{0};
  std::atomic<uint64_t> breaker_opened{0};
  std::atomic<uint64_t> pool_queue{0};           ///< gauge
  std::atomic<uint64_t> pool_connections{0};     ///< gauge
  std::atomic<uint64_t> database_nanoseconds{0}; ///< inside statements
  std::atomic<uint64_t> disk_puts{0};
  std::atomic<uint64_t> disk_erases{0};
  std::atomic<uint64_t> disk_shed{0}; ///< puts refused by a full queue
  std::atomic<uint64_t> disk_commits{0};
  std::atomic<uint64_t> disk_nanoseconds{0}; ///< inside commits
  std::atomic<uint64_t> disk_closed{0};   ///< gauge: 1 while the tier is closed
  std::atomic<uint64_t> requests_shed{0}; ///< no permit
  std::atomic<uint64_t> requests_timed_out{0};
  std::atomic<uint64_t> changes_applied{0};
  /// A change has a part for every cache that it touches. Those that
  /// INVALIDATION holds for applied are at most as many as the caches have.
  std::atomic<uint64_t> parts_acknowledged{0};
  std::atomic<uint64_t> feed_commits{0};  ///< read from the log
  std::atomic<uint64_t> feed_connects{0}; ///< to the log
  std::atomic<uint64_t> feed_rewinds{0};  ///< changes told again: perhaps lost
  std::atomic<uint64_t> feed_losses{0};   ///< of the place in the log
  std::atomic<uint64_t> feed_lag_nanoseconds{0}; ///< gauge: of the last probe
  /// Gauge: 1 while the log can be followed, or is about to be.
  std::atomic<uint64_t> feed_followed{0};
  std::atomic<uint64_t> actor_restarts{0};
  std::atomic<uint64_t> budget_bytes{0};   ///< gauge: the budget of now
  std::atomic<uint64_t> shares_moved{0};   ///< bytes, from type to type
  std::atomic<uint64_t> budget_shrinks{0}; ///< under pressure: its steps
  std::atomic<uint64_t> pressure{0};       ///< gauge: 1 while the budget is cut
};

} // namespace toadcache
