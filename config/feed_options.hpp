// The options of the change feed and of what follows from it. Values.
#pragma once

#include <chrono>
#include <cstddef>

namespace toadcache {

struct feed_options {
  using milliseconds = std::chrono::milliseconds;

  /// No row is served as fresh when it may be older than that: the trust lease,
  /// counted from a probe of the log that the caches have caught up with.
  milliseconds max_staleness{1000};
  /// How often the log is probed: a few probes may be late or lost before the
  /// lease runs out.
  milliseconds probe_period{200};
  /// For how long after a change came from the log the database may still show
  /// the state before it (0.9 ms were measured), and nothing else is installed.
  milliseconds settle_time{100};
  /// How long one look at the log waits; what the caches have applied is noted
  /// between two looks. Far below max_staleness.
  milliseconds wait{100};
  /// Commits on their way to the caches; more are not read from the log.
  size_t window_count = 256;
  milliseconds reconnect_backoff_min{50};
  milliseconds reconnect_backoff_max{2000};
  /// How often a log that cannot be followed is tried again.
  milliseconds retry_period{10000};
};

} // namespace toadcache
