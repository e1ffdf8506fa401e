// The options of each actor and store, as plain values. Filled from defaults,
// file, environment and command line by `load_config`; immutable afterwards.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "config/defaults.hpp"
#include "config/planted_bugs.hpp"

namespace toadcache {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Times to live of one entity type. All count from the fetch of the row.
struct ttl_options {
  milliseconds fresh = defaults::fresh_ttl;
  /// Beyond `fresh`: served marked stale while one refresh runs.
  milliseconds stale_while_revalidate = defaults::stale_while_revalidate_ttl;
  /// Beyond `fresh`: served marked stale while the database is unavailable.
  milliseconds stale_on_error = defaults::stale_on_error_ttl;
  milliseconds negative = defaults::negative_ttl;
  friend bool operator==(const ttl_options&, const ttl_options&) = default;
};

struct memory_options {
  size_t budget_bytes = defaults::memory_budget_bytes;
  /// Rows and lists over all types; 0: bounded by bytes only.
  size_t max_keys_count = defaults::max_keys_count;
  /// Cache actors of an entity type, each with its own partition.
  size_t partitions_count = defaults::partitions_count;
  double max_row_ratio = defaults::max_row_ratio;
  double ttl_jitter_ratio = defaults::ttl_jitter_ratio;
  milliseconds check_period = defaults::check_period;
  milliseconds budget_period = defaults::budget_period;
  double share_step_ratio = defaults::share_step_ratio;
  double min_share_ratio = defaults::min_share_ratio;
  double max_share_ratio = defaults::max_share_ratio;
  double max_group_ratio = defaults::max_group_ratio;
  /// Folder of the control group's memory files; empty: the process's own.
  std::string control_group;
  milliseconds pressure_period = defaults::pressure_period;
  double pressure_ratio = defaults::pressure_ratio;
  double stall_ratio = defaults::stall_ratio;
};

struct batch_options {
  size_t max_count = defaults::max_batch_count;
  size_t eager_count = defaults::eager_batch_count;
  milliseconds max_delay = defaults::max_batch_delay;
};

enum class database_kind : uint8_t { sqlite, mysql };

/// Where the system of record is and how to reach it.
struct database_options {
  database_kind kind = database_kind::sqlite;
  /// sqlite: path of the database file; ":memory:" is not shared, refused.
  std::string file = "toadcache-demo.db";
  /// mysql: host name, address, or path of a unix socket (contains '/').
  std::string host = "127.0.0.1";
  uint16_t port = 3306;
  std::string user;
  std::string password; // a secret: never printed
  std::string schema;
  bool tls = false;
  std::string tls_ca;
  bool tls_verify = true;
  milliseconds connect_timeout = defaults::connect_timeout;
  milliseconds read_timeout = defaults::read_timeout;
  milliseconds write_timeout = defaults::write_timeout;
  milliseconds statement_timeout = defaults::statement_timeout;
  milliseconds lock_wait_timeout = defaults::lock_wait_timeout;
};

struct pool_options {
  size_t max_count = defaults::pool_max_count;
  size_t min_count = defaults::pool_min_count;
  /// How long a request may wait for a worker.
  milliseconds acquire = defaults::pool_acquire;
  /// A connection unused for this long is closed, down to min_count.
  milliseconds idle = defaults::pool_idle;
  size_t queue_count = defaults::pool_queue_count;
  milliseconds transaction_idle_timeout = defaults::transaction_idle_timeout;
  milliseconds transaction_timeout = defaults::transaction_timeout;
  size_t max_retries_count = defaults::max_retries_count;
  milliseconds retry_backoff_min = defaults::retry_backoff_min;
  milliseconds retry_backoff_max = defaults::retry_backoff_max;
  milliseconds reconnect_backoff_min = defaults::reconnect_backoff_min;
  milliseconds reconnect_backoff_max = defaults::reconnect_backoff_max;
  size_t breaker_failures_count = defaults::breaker_failures_count;
  milliseconds breaker_open_time = defaults::breaker_open_time;
};

struct persistence_options {
  bool enabled = defaults::persistent_enabled;
  std::string file = defaults::cache_file;
  /// How long a row is kept on disk, counted from its fetch.
  milliseconds ttl = defaults::persistent_ttl;
  uint64_t max_bytes = defaults::cache_file_max_bytes;
  size_t compress_from_bytes = defaults::compress_from_bytes;
  milliseconds group_commit_delay = defaults::group_commit_delay;
  size_t group_commit_count = defaults::group_commit_count;
  size_t queue_count = defaults::persistence_queue_count;
};

/// auto: followed where the server and the account allow it, else the times to
/// live count; required: without it the cache does not open, and nothing counts
/// as fresh while the log cannot be followed.
enum class feed_mode : uint8_t { automatic, off, required };

/// The change feed: how the database's log is followed. MySQL and MariaDB only.
struct feed_options {
  feed_mode mode = feed_mode::automatic;
  milliseconds max_staleness = defaults::max_staleness;
  milliseconds probe_period = defaults::probe_period;
  milliseconds settle_time = defaults::settle_time;
  /// One look at the log.
  milliseconds wait = defaults::feed_wait;
  size_t window_count = defaults::feed_window_count;
  milliseconds checkpoint_period = defaults::checkpoint_period;
  size_t max_replay_count = defaults::max_replay_count;
  milliseconds reconnect_backoff_min = defaults::feed_reconnect_backoff_min;
  milliseconds reconnect_backoff_max = defaults::feed_reconnect_backoff_max;
  milliseconds retry_period = defaults::feed_retry_period;
};

struct node_options {
  milliseconds restart_backoff_min = defaults::restart_backoff_min;
  milliseconds restart_backoff_max = defaults::restart_backoff_max;
  milliseconds shutdown_grace = defaults::shutdown_grace;
};

struct client_options {
  milliseconds request_timeout = defaults::request_timeout;
  size_t max_requests_count = defaults::max_requests_count;
};

enum class profile_kind : uint8_t { production, development };

/// Everything a runtime needs. `validate` names the first value out of range.
struct options {
  /// development: replies carry debugging metadata.
  profile_kind profile = profile_kind::production;
  /// Path of a catalog file; empty: the shipped ToadOverlay catalog.
  std::string catalog_file;
  ttl_options ttl; // for types whose catalog entry names none
  memory_options memory;
  batch_options batch;
  database_options database;
  pool_options pool;
  persistence_options persistence;
  feed_options feed;
  node_options node;
  client_options client;
  std::string log_level = "info";
  planted_bugs planted; // tests only
};

} // namespace toadcache
