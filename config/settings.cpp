// The table of settings: one line each.
#include <type_traits>

#include "config/setting.hpp"

namespace toadcache {

namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono_literals::operator""h;

constexpr milliseconds day = 24h;

/// `member` maps options& to the member's reference, const or not.
template <class Member>
setting duration(std::string_view name, std::string_view variable,
                 std::string_view unit, milliseconds min, milliseconds max,
                 Member member, std::string_view doc) {
  setting s;
  s.name = name;
  s.variable = variable;
  s.kind = setting_kind::duration;
  s.unit = unit;
  s.min = static_cast<double>(min.count());
  s.max = static_cast<double>(max.count());
  s.doc = doc;
  s.get = [member](const options& o) { return setting_value{member(o)}; };
  s.set = [member](options& o, const setting_value& v) {
    member(o) = std::get<milliseconds>(v);
  };
  return s;
}

/// Counts and bytes: members of any unsigned type.
template <class Member>
setting number(setting_kind kind, std::string_view name,
               std::string_view variable, uint64_t min, uint64_t max,
               Member member, std::string_view doc) {
  setting s;
  s.name = name;
  s.variable = variable;
  s.kind = kind;
  s.min = static_cast<double>(min);
  s.max = static_cast<double>(max);
  s.doc = doc;
  s.get = [member](const options& o) {
    return setting_value{uint64_t{member(o)}};
  };
  s.set = [member](options& o, const setting_value& v) {
    auto& target = member(o);
    target = static_cast<std::remove_reference_t<decltype(target)>>(
        std::get<uint64_t>(v));
  };
  return s;
}

template <class Member>
setting count(std::string_view name, std::string_view variable, uint64_t min,
              uint64_t max, Member member, std::string_view doc) {
  return number(setting_kind::count, name, variable, min, max, member, doc);
}

template <class Member>
setting bytes(std::string_view name, uint64_t min, uint64_t max, Member member,
              std::string_view doc) {
  return number(setting_kind::bytes, name, "", min, max, member, doc);
}

template <class Member>
setting ratio(std::string_view name, double min, double max, Member member,
              std::string_view doc) {
  setting s;
  s.name = name;
  s.kind = setting_kind::ratio;
  s.min = min;
  s.max = max;
  s.doc = doc;
  s.get = [member](const options& o) { return setting_value{member(o)}; };
  s.set = [member](options& o, const setting_value& v) {
    member(o) = std::get<double>(v);
  };
  return s;
}

template <class Member>
setting boolean(std::string_view name, std::string_view variable, Member member,
                std::string_view doc) {
  setting s;
  s.name = name;
  s.variable = variable;
  s.kind = setting_kind::boolean;
  s.doc = doc;
  s.get = [member](const options& o) { return setting_value{member(o)}; };
  s.set = [member](options& o, const setting_value& v) {
    member(o) = std::get<bool>(v);
  };
  return s;
}

/// Text, paths and secrets.
template <class Member>
setting string(setting_kind kind, std::string_view name,
               std::string_view variable, Member member, std::string_view doc) {
  setting s;
  s.name = name;
  s.variable = variable;
  s.kind = kind;
  s.doc = doc;
  s.get = [member](const options& o) { return setting_value{member(o)}; };
  s.set = [member](options& o, const setting_value& v) {
    member(o) = std::get<std::string>(v);
  };
  return s;
}

/// An enum whose values are the positions of their names in `choices`.
template <class Member>
setting choice(std::string_view name, std::string_view variable,
               std::vector<std::string_view> choices, Member member,
               std::string_view doc) {
  setting s;
  s.name = name;
  s.variable = variable;
  s.kind = setting_kind::choice;
  s.choices = choices;
  s.doc = doc;
  s.get = [member, choices](const options& o) {
    return setting_value{
        std::string{choices.at(static_cast<size_t>(member(o)))}};
  };
  s.set = [member, choices](options& o, const setting_value& v) {
    auto& target = member(o);
    for (size_t i = 0; i < choices.size(); ++i)
      if (choices[i] == std::get<std::string>(v))
        target = static_cast<std::remove_reference_t<decltype(target)>>(i);
  };
  return s;
}

/// A string that is one of `choices`.
template <class Member>
setting one_of(std::string_view name, std::vector<std::string_view> choices,
               Member member, std::string_view doc) {
  auto s = string(setting_kind::choice, name, "", member, doc);
  s.choices = std::move(choices);
  return s;
}

std::vector<setting> make_settings() {
  constexpr auto text = setting_kind::text;
  constexpr auto path = setting_kind::path;
  constexpr uint64_t mib = 1u << 20;
  constexpr uint64_t gib = 1u << 30;
  return {
      choice(
          "profile", "ENVIRONMENT", {"production", "development"},
          [](auto& o) -> auto& { return o.profile; },
          "In development replies carry debugging metadata."),
      string(
          path, "catalog_file", "",
          [](auto& o) -> auto& { return o.catalog_file; },
          "Catalog of the entity types; empty: the shipped one of "
          "ToadOverlay."),
      one_of(
          "log_level",
          {"trace", "debug", "info", "warning", "error", "critical", "off"},
          [](auto& o) -> auto& { return o.log_level; },
          "Least severe message that is logged."),

      duration(
          "ttl.fresh", "CACHE_MEMORY_TTL", "s", 1ms, 365 * day,
          [](auto& o) -> auto& { return o.ttl.fresh; },
          "How long a row is served as fresh, for types whose catalog entry "
          "names no time."),
      duration(
          "ttl.stale_while_revalidate", "", "s", 0ms, 365 * day,
          [](auto& o) -> auto& { return o.ttl.stale_while_revalidate; },
          "After the fresh time: how long a row is served, marked stale, while "
          "it is refreshed."),
      duration(
          "ttl.stale_on_error", "", "s", 0ms, 365 * day,
          [](auto& o) -> auto& { return o.ttl.stale_on_error; },
          "After the fresh time: how long a row is served, marked stale, while "
          "the database is down."),
      duration(
          "ttl.negative", "", "s", 0ms, 365 * day,
          [](auto& o) -> auto& { return o.ttl.negative; },
          "How long 'no such row' is remembered."),

      bytes(
          "memory.budget_bytes", mib, 1024 * gib,
          [](auto& o) -> auto& { return o.memory.budget_bytes; },
          "Memory of all cached rows and lists of the process."),
      count(
          "memory.max_keys_count", "CACHE_MAX_KEYS", 0, 1'000'000'000,
          [](auto& o) -> auto& { return o.memory.max_keys_count; },
          "Rows and lists over all types; 0: bounded by bytes only."),
      count(
          "memory.partitions_count", "", 1, 64,
          [](auto& o) -> auto& { return o.memory.partitions_count; },
          "Cache actors of an entity type, by key hash; types with a "
          "primary key of case-insensitive text always have one."),
      ratio(
          "memory.max_row_ratio", 0.001, 1,
          [](auto& o) -> auto& { return o.memory.max_row_ratio; },
          "Share of its type's budget above which one row is not cached."),
      ratio(
          "memory.ttl_jitter_ratio", 0, 0.5,
          [](auto& o) -> auto& { return o.memory.ttl_jitter_ratio; },
          "Share by which times to live vary, so that rows expire apart."),
      duration(
          "memory.check_period", "CACHE_CHECK_PERIOD", "s", 10ms, day,
          [](auto& o) -> auto& { return o.memory.check_period; },
          "How often an idle cache frees what was still being read when it "
          "left."),
      duration(
          "memory.budget_period", "", "s", 100ms, day,
          [](auto& o) -> auto& { return o.memory.budget_period; },
          "How often memory may move between entity types."),
      ratio(
          "memory.share_step_ratio", 0, 1,
          [](auto& o) -> auto& { return o.memory.share_step_ratio; },
          "Share of the budget that a type gives up at most in one period; 0: "
          "shares stay as the weights say."),
      ratio(
          "memory.min_share_ratio", 0, 1,
          [](auto& o) -> auto& { return o.memory.min_share_ratio; },
          "What a type keeps of the memory that its weight gives it."),
      ratio(
          "memory.max_share_ratio", 0.01, 1,
          [](auto& o) -> auto& { return o.memory.max_share_ratio; },
          "Share of the budget that one entity type gets at most, unless it is "
          "the only one."),
      ratio(
          "memory.max_group_ratio", 0.001, 1,
          [](auto& o) -> auto& { return o.memory.max_group_ratio; },
          "Share of its type's memory that the rows of one group (guild) may "
          "occupy."),
      string(
          path, "memory.control_group", "",
          [](auto& o) -> auto& { return o.memory.control_group; },
          "Folder with the control group's memory files; empty: the process's "
          "own group."),
      duration(
          "memory.pressure_period", "", "ms", 100ms, 1h,
          [](auto& o) -> auto& { return o.memory.pressure_period; },
          "How often the control group is asked for its memory."),
      ratio(
          "memory.pressure_ratio", 0.1, 1,
          [](auto& o) -> auto& { return o.memory.pressure_ratio; },
          "Share of the control group's limit above which the budget shrinks; "
          "1: never."),
      ratio(
          "memory.stall_ratio", 0, 1,
          [](auto& o) -> auto& { return o.memory.stall_ratio; },
          "Share of the time in which all tasks stand still for want of "
          "memory, "
          "above which the budget shrinks; 1: never."),

      count(
          "batch.max_count", "", 1, 10'000,
          [](auto& o) -> auto& { return o.batch.max_count; },
          "Keys that one statement fetches at most."),
      count(
          "batch.eager_count", "", 1, 10'000,
          [](auto& o) -> auto& { return o.batch.eager_count; },
          "Waiting misses that leave for the database at once."),
      duration(
          "batch.max_delay", "", "ms", 0ms, 1s,
          [](auto& o) -> auto& { return o.batch.max_delay; },
          "How long a miss waits for company while another fetch runs."),

      choice(
          "database.kind", "", {"sqlite", "mysql"},
          [](auto& o) -> auto& { return o.database.kind; },
          "The system of record; mysql when a host is set and no kind is."),
      string(
          path, "database.file", "",
          [](auto& o) -> auto& { return o.database.file; },
          "sqlite: the database file."),
      string(
          text, "database.host", "SQL_HOST",
          [](auto& o) -> auto& { return o.database.host; },
          "mysql: host name, address, or path of a unix socket."),
      count(
          "database.port", "", 1, 65535,
          [](auto& o) -> auto& { return o.database.port; }, "mysql: TCP port."),
      string(
          text, "database.user", "SQL_USER",
          [](auto& o) -> auto& { return o.database.user; },
          "mysql: user name."),
      string(
          setting_kind::secret, "database.password", "SQL_PASS",
          [](auto& o) -> auto& { return o.database.password; },
          "mysql: password; never printed or logged."),
      string(
          text, "database.schema", "SQL_NAME",
          [](auto& o) -> auto& { return o.database.schema; },
          "mysql: name of the schema."),
      boolean(
          "database.tls", "", [](auto& o) -> auto& { return o.database.tls; },
          "mysql: encrypt the connection."),
      string(
          path, "database.tls_ca", "",
          [](auto& o) -> auto& { return o.database.tls_ca; },
          "mysql: file of the certificates trusted to sign the server's."),
      boolean(
          "database.tls_verify", "",
          [](auto& o) -> auto& { return o.database.tls_verify; },
          "mysql: refuse a server whose certificate does not check."),
      duration(
          "database.connect_timeout", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.database.connect_timeout; },
          "How long connecting may take."),
      duration(
          "database.read_timeout", "", "ms", 100ms, 600s,
          [](auto& o) -> auto& { return o.database.read_timeout; },
          "How long the server may stay silent before the connection counts as "
          "lost."),
      duration(
          "database.write_timeout", "", "ms", 100ms, 600s,
          [](auto& o) -> auto& { return o.database.write_timeout; },
          "How long sending a statement may take."),
      duration(
          "database.statement_timeout", "", "ms", 10ms, 600s,
          [](auto& o) -> auto& { return o.database.statement_timeout; },
          "How long a statement may run; below the read timeout."),
      duration(
          "database.lock_wait_timeout", "", "ms", 10ms, 600s,
          [](auto& o) -> auto& { return o.database.lock_wait_timeout; },
          "How long a statement may wait for a row lock; below the read "
          "timeout."),

      count(
          "pool.max_count", "SQL_POOL_MAX", 1, 1000,
          [](auto& o) -> auto& { return o.pool.max_count; },
          "Connections at most."),
      count(
          "pool.min_count", "SQL_POOL_MIN", 0, 1000,
          [](auto& o) -> auto& { return o.pool.min_count; },
          "Connections kept open while idle."),
      duration(
          "pool.acquire", "SQL_POOL_ACQUIRE", "ms", 1ms, 1h,
          [](auto& o) -> auto& { return o.pool.acquire; },
          "How long a request may wait for a connection."),
      duration(
          "pool.idle", "SQL_POOL_IDLE", "ms", 1ms, day,
          [](auto& o) -> auto& { return o.pool.idle; },
          "A connection unused for this long is closed."),
      count(
          "pool.queue_count", "", 1, 1'000'000,
          [](auto& o) -> auto& { return o.pool.queue_count; },
          "Requests that may wait for a connection; one more is refused."),
      duration(
          "pool.transaction_idle_timeout", "", "ms", 1ms, 1h,
          [](auto& o) -> auto& { return o.pool.transaction_idle_timeout; },
          "An interactive transaction that sends nothing for this long is "
          "rolled back."),
      duration(
          "pool.transaction_timeout", "", "ms", 1ms, 1h,
          [](auto& o) -> auto& { return o.pool.transaction_timeout; },
          "How long an interactive transaction may last."),
      count(
          "pool.max_retries_count", "", 0, 100,
          [](auto& o) -> auto& { return o.pool.max_retries_count; },
          "How often a deadlocked transaction is run again."),
      duration(
          "pool.retry_backoff_min", "", "ms", 0ms, 60s,
          [](auto& o) -> auto& { return o.pool.retry_backoff_min; },
          "First pause before a deadlocked transaction is run again."),
      duration(
          "pool.retry_backoff_max", "", "ms", 0ms, 60s,
          [](auto& o) -> auto& { return o.pool.retry_backoff_max; },
          "Longest such pause."),
      duration(
          "pool.reconnect_backoff_min", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.pool.reconnect_backoff_min; },
          "First pause before a lost connection is made again."),
      duration(
          "pool.reconnect_backoff_max", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.pool.reconnect_backoff_max; },
          "Longest such pause."),
      count(
          "pool.breaker_failures_count", "", 1, 1000,
          [](auto& o) -> auto& { return o.pool.breaker_failures_count; },
          "Failed connections in a row after which requests fail at once."),
      duration(
          "pool.breaker_open_time", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.pool.breaker_open_time; },
          "How long they do, before one is let through as a probe."),

      boolean(
          "persistence.enabled", "CACHE_PERSISTENT_ENABLED",
          [](auto& o) -> auto& { return o.persistence.enabled; },
          "Keep cached rows in a file, too."),
      string(
          path, "persistence.file", "CACHE_DB_PATH",
          [](auto& o) -> auto& { return o.persistence.file; },
          "The cache file; its folder is made when missing."),
      duration(
          "persistence.ttl", "CACHE_PERSISTENT_TTL", "s", 1ms, 365 * day,
          [](auto& o) -> auto& { return o.persistence.ttl; },
          "How long a row is kept in the file, counted from its fetch."),
      bytes(
          "persistence.max_bytes", mib, 1024 * gib,
          [](auto& o) -> auto& { return o.persistence.max_bytes; },
          "Size of the file; the rows fetched longest ago leave first."),
      bytes(
          "persistence.compress_from_bytes", 0, gib,
          [](auto& o) -> auto& { return o.persistence.compress_from_bytes; },
          "Rows of at least this size are stored compressed."),
      duration(
          "persistence.group_commit_delay", "", "ms", 0ms, 10s,
          [](auto& o) -> auto& { return o.persistence.group_commit_delay; },
          "How long changes of the file are gathered before they are "
          "committed."),
      count(
          "persistence.group_commit_count", "", 1, 1'000'000,
          [](auto& o) -> auto& { return o.persistence.group_commit_count; },
          "Changes that are committed without waiting longer."),
      count(
          "persistence.queue_count", "", 1, 10'000'000,
          [](auto& o) -> auto& { return o.persistence.queue_count; },
          "Unwritten rows held; further ones are not kept in the file."),

      choice(
          "feed.mode", "CACHE_FEED", {"auto", "off", "required"},
          [](auto& o) -> auto& { return o.feed.mode; },
          "Follow the log of MySQL or MariaDB: auto, where it can be; "
          "required, else the cache does not open."),
      duration(
          "feed.max_staleness", "CACHE_MAX_STALENESS", "ms", 50ms, 600s,
          [](auto& o) -> auto& { return o.feed.max_staleness; },
          "With the feed: how old a row that is served as fresh may be at "
          "most."),
      duration(
          "feed.probe_period", "", "ms", 10ms, 60s,
          [](auto& o) -> auto& { return o.feed.probe_period; },
          "How often the server is asked for the end of its log; below "
          "feed.max_staleness."),
      duration(
          "feed.settle_time", "", "ms", 1ms, 60s,
          [](auto& o) -> auto& { return o.feed.settle_time; },
          "How long after a change came from the log the database may still "
          "show what was before it."),
      duration(
          "feed.wait", "", "ms", 1ms, 10s,
          [](auto& o) -> auto& { return o.feed.wait; },
          "How long one look at a silent log waits; below "
          "feed.max_staleness."),
      count(
          "feed.window_count", "", 1, 1'000'000,
          [](auto& o) -> auto& { return o.feed.window_count; },
          "Commits on their way to the caches; more are not read from the "
          "log."),
      duration(
          "feed.checkpoint_period", "", "ms", 10ms, 600s,
          [](auto& o) -> auto& { return o.feed.checkpoint_period; },
          "How often the place that the caches have followed is stored in the "
          "cache file, for the next start."),
      count(
          "feed.max_replay_count", "", 0, 1'000'000'000,
          [](auto& o) -> auto& { return o.feed.max_replay_count; },
          "Commits since then that a start reads again, at most; after more "
          "the rows on disk count as doubtful."),
      duration(
          "feed.reconnect_backoff_min", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.feed.reconnect_backoff_min; },
          "First pause before a lost connection to the log is made again."),
      duration(
          "feed.reconnect_backoff_max", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.feed.reconnect_backoff_max; },
          "Longest such pause."),
      duration(
          "feed.retry_period", "", "ms", 10ms, day,
          [](auto& o) -> auto& { return o.feed.retry_period; },
          "How often a log that cannot be followed is tried again."),

      duration(
          "node.restart_backoff_min", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.node.restart_backoff_min; },
          "First pause before a failed actor is started again."),
      duration(
          "node.restart_backoff_max", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.node.restart_backoff_max; },
          "Longest such pause."),
      duration(
          "node.shutdown_grace", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.node.shutdown_grace; },
          "How long actors may take to end at shutdown."),

      duration(
          "client.request_timeout", "", "ms", 1ms, 600s,
          [](auto& o) -> auto& { return o.client.request_timeout; },
          "Deadline of a call that names none; above the statement timeout."),
      count(
          "client.max_requests_count", "", 1, 10'000'000,
          [](auto& o) -> auto& { return o.client.max_requests_count; },
          "Requests under way at most; one more is refused."),
  };
}

} // namespace

std::span<const setting> settings() {
  static const std::vector<setting> all = make_settings();
  return all;
}

} // namespace toadcache
