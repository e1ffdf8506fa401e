// Every default of the product: number, unit and reason, in one place.
// An options struct takes its initializer from here, the loader its key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace toadcache::defaults {

using namespace std::chrono_literals;

// -- memory -------------------------------------------------------------------

/// Bytes of all cached rows and lists of a process (the users' requirement).
inline constexpr size_t memory_budget_bytes = 256u << 20;
/// Rows and lists over all types; 0 is no extra bound (CACHE_MAX_KEYS).
inline constexpr size_t max_keys_count = 0;
/// Cache actors of an entity type: one keeps up with 10 000 misses and writes
/// a second, and hears of every change.
inline constexpr size_t partitions_count = 1;
/// Share of a type's budget above which a single row is refused: a row that
/// big would push out too many others.
inline constexpr double max_row_ratio = 0.25;
/// How often an idle cache actor frees what readers held up, and asks a closed
/// disk tier again (CACHE_CHECK_PERIOD). Expired entries leave at their time.
inline constexpr auto check_period = 60s;
/// How far an entry may outlive its last use: the step of the expiry wheel.
inline constexpr auto expiry_step = 1s;
/// How often bytes may move between entity types: hits must add up to a
/// difference first.
inline constexpr auto budget_period = 10s;
/// What a type gives up at most in one period: a wrong move costs little, and
/// half the budget moves within five minutes.
inline constexpr double share_step_ratio = 0.02;
/// Of what its weight gives a type: it keeps that much, so that a quiet hour
/// does not cost it everything.
inline constexpr double min_share_ratio = 0.25;
/// Of the budget: no type gets more, unless it is the only one.
inline constexpr double max_share_ratio = 0.75;
/// Of its type's share: what the rows of one group (guild) may occupy.
inline constexpr double max_group_ratio = 0.5;
/// Hits that the receiver of bytes would have gained, at least: fewer are
/// chance.
inline constexpr uint64_t least_regained_count = 16;
/// How often the control group is asked for its memory.
inline constexpr auto pressure_period = 1s;
/// Of the control group's limit: above this the budget shrinks.
inline constexpr double pressure_ratio = 0.9;
/// Below the ratio by this much, the pressure is over.
inline constexpr double pressure_margin_ratio = 0.05;
/// Share of the time in which all tasks stand still for want of memory, above
/// which the budget shrinks, too.
inline constexpr double stall_ratio = 0.1;
/// Under pressure the budget loses this share of itself per pressure_period,
inline constexpr double pressure_shrink_ratio = 0.2;
/// down to this share of what was configured;
inline constexpr double least_budget_ratio = 0.1;
/// after so many quiet periods
inline constexpr size_t quiet_periods_count = 10;
/// it gets back this share of what was configured per period.
inline constexpr double pressure_grow_ratio = 0.05;

// -- time to live -------------------------------------------------------------

/// Fresh time of types whose catalog entry names none (CACHE_MEMORY_TTL).
inline constexpr auto fresh_ttl = 300s;
/// After the fresh time: served marked stale while one refresh runs. Zero:
/// types that do not ask for it never see a stale row.
inline constexpr auto stale_while_revalidate_ttl = 0s;
/// After the fresh time: served marked stale while the database is down.
inline constexpr auto stale_on_error_ttl = 3600s;
/// How long "no such row" is remembered.
inline constexpr auto negative_ttl = 60s;
/// TTLs vary by this share, so that rows read together expire apart.
inline constexpr double ttl_jitter_ratio = 0.1;

// -- requests -----------------------------------------------------------------

/// Deadline of a call that names none; above the statement limit.
inline constexpr auto request_timeout = 5s;
/// Requests a process may have under way; one more fails with `overloaded`.
inline constexpr size_t max_requests_count = 16384;
/// A fetch carries at most this many keys (`IN (...)`; 2.6 us per key).
inline constexpr size_t max_batch_count = 512;
/// A crowd of waiting misses leaves at this size even while a fetch runs.
inline constexpr size_t eager_batch_count = 128;
/// A waiting miss leaves after this time even while a fetch runs.
inline constexpr auto max_batch_delay = 1ms;

// -- database pool ------------------------------------------------------------

inline constexpr size_t pool_max_count = 10;  // SQL_POOL_MAX
inline constexpr size_t pool_min_count = 0;   // SQL_POOL_MIN
inline constexpr auto pool_acquire = 30000ms; // SQL_POOL_ACQUIRE: in queue
inline constexpr auto pool_idle = 10000ms;    // SQL_POOL_IDLE
/// Requests that wait for a worker; one more fails with `overloaded`.
inline constexpr size_t pool_queue_count = 16384;
/// A connection unused for this long is asked whether it lives before it is
/// used (6 us): servers close idle ones.
inline constexpr auto pool_ping_after = 1s;
inline constexpr auto connect_timeout = 2s;
/// Socket read timeout; above the statement and lock limits (rule 6).
inline constexpr auto read_timeout = 10s;
inline constexpr auto write_timeout = 10s;
/// A statement runs at most this long on the server (max_statement_time).
inline constexpr auto statement_timeout = 4s;
/// A statement waits for a row lock at most this long.
inline constexpr auto lock_wait_timeout = 2s;
/// A pinned (interactive) transaction that sends nothing is rolled back.
inline constexpr auto transaction_idle_timeout = 5s;
/// A pinned transaction as a whole; bounds what a barrier waits for.
inline constexpr auto transaction_timeout = 30s;
/// Deadlocked transactions are rerun this often (the users' requirement).
inline constexpr size_t max_retries_count = 7;
inline constexpr auto retry_backoff_min = 5ms;
inline constexpr auto retry_backoff_max = 200ms;
inline constexpr auto reconnect_backoff_min = 50ms;
inline constexpr auto reconnect_backoff_max = 2s;
/// How soon an actor asks again for one that is being restarted.
inline constexpr auto ask_again_min = 2ms;
inline constexpr auto ask_again_max = 100ms;
/// Consecutive connection failures that open the circuit breaker.
inline constexpr size_t breaker_failures_count = 3;
/// How long an open breaker refuses before it lets one probe through.
inline constexpr auto breaker_open_time = 500ms;

// -- disk tier ----------------------------------------------------------------

inline constexpr bool persistent_enabled = true; // CACHE_PERSISTENT_ENABLED
inline constexpr auto persistent_ttl = 3600s;    // CACHE_PERSISTENT_TTL
inline constexpr auto cache_file = "app_data/db/cache.db"; // CACHE_DB_PATH
/// Bound of the cache file; the rows fetched longest ago leave first.
inline constexpr uint64_t cache_file_max_bytes = 1ull << 30;
/// Rows of at least this size are stored zstd-compressed.
inline constexpr size_t compress_from_bytes = 1024;
/// Puts and erases are committed together after this time at the latest.
inline constexpr auto group_commit_delay = 20ms;
inline constexpr size_t group_commit_count = 1024;
/// Unwritten puts the actor holds; beyond that they are shed (as erases).
inline constexpr size_t persistence_queue_count = 65536;
/// Keys in one answer while a cache learns what is on disk (about 0.2 MB).
inline constexpr size_t scan_slice_count = 4096;
/// Records that the invalidation log keeps; older ones are removed.
inline constexpr size_t invalidation_log_count = 10000;
/// How soon a closed tier tries its file again; doubled up to the second.
inline constexpr auto disk_reopen_min = 100ms;
inline constexpr auto disk_reopen_max = 30s;
/// Corrupt cache files kept beside the new one, for examination.
inline constexpr size_t corrupt_files_count = 3;

// -- change feed --------------------------------------------------------------

/// No row is served as fresh when it may be older than that: the trust lease,
/// counted from a probe of the log that the caches have caught up with. A stall
/// of the server or of this process shorter than that costs no hit.
inline constexpr auto max_staleness = 1s;
/// How often the log is probed: a few probes may be late or lost before the
/// lease runs out.
inline constexpr auto probe_period = 200ms;
/// For how long after a change came from the log the database may still show
/// the state before it (0.9 ms were measured), and nothing else is installed.
inline constexpr auto settle_time = 100ms;
/// How long one look at the log waits; what the caches have applied is noted
/// between two looks. Far below max_staleness.
inline constexpr auto feed_wait = 100ms;
/// Commits on their way to the caches; more are not read from the log.
inline constexpr size_t feed_window_count = 256;
/// How often the place that the caches have applied is stored in the cache
/// file: what a restart has to read again.
inline constexpr auto checkpoint_period = 1s;
/// Commits between a checkpoint and its use, at most: reading more would take
/// longer (some 20 000 a second) than filling the caches anew hurts.
inline constexpr size_t max_replay_count = 100'000;
inline constexpr auto feed_reconnect_backoff_min = 50ms;
inline constexpr auto feed_reconnect_backoff_max = 2s;
/// How often a log that cannot be followed is tried again.
inline constexpr auto feed_retry_period = 10s;
/// A server that is silent for so long on a connection of the feed is given
/// up: it bounds how long a shutdown waits for it. Signs of life come every
/// 100 ms.
inline constexpr auto feed_read_timeout = 2s;

// -- supervision --------------------------------------------------------------

inline constexpr auto restart_backoff_min = 10ms;
inline constexpr auto restart_backoff_max = 1s;
/// Time an actor gets at shutdown to end by itself.
inline constexpr auto shutdown_grace = 5s;

} // namespace toadcache::defaults
