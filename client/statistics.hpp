// The counters of a cache at one moment, as plain numbers for programs and
// people. What each counts is written in actors/counters.hpp and the glossary.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace toadcache {

struct shared_state;

struct entity_statistics {
  std::string name;
  bool enabled = true;
  uint64_t lookups = 0; ///< hits + misses
  uint64_t hits = 0;
  uint64_t stale_hits = 0;
  uint64_t negative_hits = 0;
  uint64_t misses = 0;
  uint64_t bypassed = 0;
  uint64_t disk_hits = 0;
  uint64_t fills_cached = 0;
  uint64_t fills_stale = 0;
  uint64_t fills_rejected = 0;
  uint64_t waiters = 0;
  uint64_t expirations = 0;
  uint64_t evictions = 0;
  uint64_t group_evictions = 0;
  uint64_t shrink_evictions = 0;
  uint64_t refused_oversize = 0;
  uint64_t refused_group = 0;
  uint64_t regained = 0;
  uint64_t invalidations = 0;
  uint64_t removals = 0;
  uint64_t writes_installed = 0;
  uint64_t writes_dropped = 0;
  uint64_t quarantined = 0;
  uint64_t differing_reads = 0;
  uint64_t logged_changes = 0;
  uint64_t echoes = 0;
  uint64_t unsettled_fills = 0;
  uint64_t restarts = 0;
  uint64_t rows = 0; ///< resident rows and lists
  uint64_t used_bytes = 0;
  uint64_t budget_bytes = 0; ///< the type's share of now
  /// hits / lookups; 0 before the first lookup.
  [[nodiscard]] double hit_ratio() const noexcept;
};

struct statistics {
  bool enabled = true;
  std::vector<entity_statistics> entities; ///< in catalog order
  uint64_t statements = 0;
  uint64_t transactions = 0;
  uint64_t rollbacks = 0;
  uint64_t retries = 0;
  uint64_t unknown_outcomes = 0;
  uint64_t connects = 0;
  uint64_t connect_failures = 0;
  uint64_t breaker_opened = 0;
  uint64_t pool_queue = 0;
  uint64_t pool_connections = 0;
  uint64_t database_nanoseconds = 0;
  uint64_t disk_puts = 0;
  uint64_t disk_erases = 0;
  uint64_t disk_shed = 0;
  uint64_t disk_commits = 0;
  uint64_t disk_nanoseconds = 0;
  bool disk_closed = false;
  uint64_t requests_shed = 0;
  uint64_t requests_timed_out = 0;
  uint64_t changes_applied = 0;
  uint64_t feed_commits = 0;
  uint64_t feed_connects = 0;
  uint64_t feed_rewinds = 0;
  uint64_t feed_losses = 0;
  uint64_t feed_lag_nanoseconds = 0;
  /// A log is to be followed; when it cannot be, `feed_followed` is false, and
  /// rows count as fresh by their times to live alone.
  bool feed_wanted = false;
  bool feed_followed = false;
  uint64_t actor_restarts = 0;
  uint64_t budget_bytes = 0; ///< of the process, now
  uint64_t shares_moved = 0; ///< bytes
  uint64_t budget_shrinks = 0;
  bool pressure = false;

  /// nullptr when there is none.
  [[nodiscard]] const entity_statistics* find(std::string_view name) const;
  /// Sums over the entities; hit_ratio over all.
  [[nodiscard]] entity_statistics total() const;
};

/// Reads the counters; they move on while it does. Any thread.
[[nodiscard]] statistics read_statistics(const shared_state& shared);

} // namespace toadcache
