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
/// How often an idle cache actor removes what has expired (CACHE_CHECK_PERIOD).
inline constexpr auto check_period = 60s;

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

// -- supervision --------------------------------------------------------------

inline constexpr auto restart_backoff_min = 10ms;
inline constexpr auto restart_backoff_max = 1s;
/// Time an actor gets at shutdown to end by itself.
inline constexpr auto shutdown_grace = 5s;

} // namespace toadcache::defaults
