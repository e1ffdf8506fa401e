#include "config/validate.hpp"

#include <array>

#include "config/setting.hpp"

namespace toadcache {

namespace {

/// Two settings of one kind, the first of which must not exceed the second.
struct order_rule {
  std::string_view lower;
  std::string_view upper;
  bool strict; ///< they must not be equal either
};

constexpr std::array<order_rule, 15> order_rules{{
    {"pool.min_count", "pool.max_count", false},
    {"pool.retry_backoff_min", "pool.retry_backoff_max", false},
    {"pool.reconnect_backoff_min", "pool.reconnect_backoff_max", false},
    {"pool.transaction_idle_timeout", "pool.transaction_timeout", false},
    {"node.restart_backoff_min", "node.restart_backoff_max", false},
    {"batch.eager_count", "batch.max_count", false},
    {"feed.reconnect_backoff_min", "feed.reconnect_backoff_max", false},
    // Else the lease runs out between two probes, whatever the log does.
    {"feed.probe_period", "feed.max_staleness", true},
    {"feed.wait", "feed.max_staleness", true},
    // A statement that outlives its connection can still commit: the server
    // gives up first, then the socket.
    {"database.statement_timeout", "database.read_timeout", true},
    {"database.lock_wait_timeout", "database.read_timeout", true},
    {"database.lock_wait_timeout", "database.statement_timeout", false},
    // The caller waits longer than what it waits for.
    {"database.statement_timeout", "client.request_timeout", true},
    {"batch.max_delay", "client.request_timeout", true},
    {"database.statement_timeout", "pool.transaction_timeout", false},
}};

tl::unexpected<invalid_setting> invalid(std::string_view name,
                                        std::string what) {
  return tl::unexpected<invalid_setting>(
      invalid_setting{std::string{name}, std::move(what)});
}

tl::expected<void, invalid_setting> check_database(const database_options& o,
                                                   feed_mode feed) {
  if (o.kind == database_kind::sqlite) {
    if (feed == feed_mode::required)
      return invalid("feed.mode", "required, but an sqlite database has no log "
                                  "to follow; expected auto or off");
    if (o.file.empty() || o.file == ":memory:")
      return invalid("database.file",
                     "expected the path of a file; a database in memory "
                     "cannot be shared between connections");
    return {};
  }
  auto missing = [](std::string_view name, std::string_view variable) {
    return invalid(name, "not set; a mysql database needs it (environment "
                             + std::string{variable} + ")");
  };
  if (o.host.empty())
    return missing("database.host", "SQL_HOST");
  if (o.user.empty())
    return missing("database.user", "SQL_USER");
  if (o.schema.empty())
    return missing("database.schema", "SQL_NAME");
  if (!o.tls_ca.empty() && !o.tls)
    return invalid("database.tls_ca", "has no effect without database.tls");
  return {};
}

tl::expected<void, invalid_setting> check_files(const options& o) {
  if (!o.persistence.enabled)
    return {};
  if (o.persistence.file.empty())
    return invalid("persistence.file",
                   "expected the path of a file, or persistence.enabled false");
  if (o.database.kind == database_kind::sqlite
      && o.persistence.file == o.database.file)
    return invalid("persistence.file",
                   "is the database itself (database.file); expected a file "
                   "of its own");
  return {};
}

} // namespace

tl::expected<void, invalid_setting> validate(const options& o) {
  for (const auto& s : settings()) {
    auto v = s.get(o);
    if (!in_range(s, v))
      return invalid(s.name, "expected " + expectation(s) + ", got '"
                                 + format_value(s, v) + "'");
  }
  for (const auto& rule : order_rules) {
    const auto* lower = find_setting(rule.lower);
    const auto* upper = find_setting(rule.upper);
    auto low = lower->get(o);
    auto high = upper->get(o);
    if (low > high || (rule.strict && low == high))
      return invalid(
          rule.lower,
          "expected " + std::string{rule.strict ? "less than " : "at most "}
              + std::string{rule.upper} + " (" + format_value(*upper, high)
              + "), got '" + format_value(*lower, low) + "'");
  }
  if (auto ok = check_database(o.database, o.feed.mode); !ok)
    return ok;
  return check_files(o);
}

} // namespace toadcache
