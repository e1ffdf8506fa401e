// The system of record behind one interface: `database` makes connections,
// `session` is one connection. Implementations: MySQL/MariaDB (Connector/C++)
// and embedded SQLite; one contract test drives both.
//
// Every call may block. A session belongs to one thread at a time; a database
// is thread-safe. No call throws.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/operation.hpp"

namespace toadcache {

/// How a COMMIT ended.
struct commit_result {
  outcome how = outcome::committed;
  /// Set when `how` is not committed.
  failure why;
  /// The commit's place in the log, where the database tells it for free.
  std::optional<position> at;
};

/// One finding of `database::check`: what is wrong and the SQL that mends it.
struct setting_problem {
  std::string what;
  std::string remedy;
  bool fatal = false;
};

/// Errors after which a session has no open transaction any more: it has been
/// rolled back. After others the transaction goes on without the statement.
[[nodiscard]] constexpr bool ends_transaction(errc code) noexcept {
  return code == errc::deadlock || code == errc::timeout
         || code == errc::unavailable || code == errc::internal;
}

class session {
public:
  virtual ~session() = default;

  /// Rows of the primary keys, in any order, missing ones absent. Text keys may
  /// return rows whose own key bytes differ (collations): the caller compares.
  /// Requires: all keys are row keys of `type`. One statement.
  virtual result<std::vector<row>>
  read_keys(const entity_type& type, std::span<const key> keys, bool for_update)
      = 0;

  /// Rows whose columns of `index` equal one of the tuples, ordered by primary
  /// key. One statement.
  virtual result<std::vector<row>>
  read_index(const entity_type& type, index_id index,
             std::span<const key> tuples, bool for_update)
      = 0;

  /// Rows that satisfy the filter. One statement.
  virtual result<std::vector<row>>
  read_where(const entity_type& type, const filter& where, bool for_update) = 0;

  /// Starts an explicit transaction, READ COMMITTED (SQLite: BEGIN IMMEDIATE,
  /// so that it takes the writer lock at once). Requires: none is open.
  virtual result<void> begin() = 0;

  /// Requires: a transaction is open. Afterwards none is, whatever the outcome.
  virtual commit_result commit() = 0;
  /// Never fails: a lost connection has rolled back by itself.
  virtual void rollback() noexcept = 0;
  [[nodiscard]] virtual bool in_transaction() const noexcept = 0;

  /// Inserts one row; columns that `set` does not name take their defaults.
  /// Yields the primary key of the new row (generated ids included).
  /// errc::duplicate, errc::foreign_key. Requires: a transaction is open.
  virtual result<key> insert(const entity_type& type, const assignments& set)
      = 0;

  /// Updates one row by primary key; the count of rows matched (not merely
  /// changed). Requires: a transaction is open.
  virtual result<uint64_t> update(const entity_type& type, const key& id,
                                  const assignments& set)
      = 0;

  /// Deletes one row by primary key; the count deleted.
  virtual result<uint64_t> erase(const entity_type& type, const key& id) = 0;

  /// After errc::unavailable (connection lost) false: the owner drops the
  /// session and connects anew. Cheap, does not ask the server.
  [[nodiscard]] virtual bool usable() const noexcept = 0;
  /// Asks the server; for health checks of idle connections.
  virtual bool ping() = 0;

  /// Identity of this connection for `connection_gone`: its number on the
  /// server and the name of a user lock that it holds there until it ends.
  /// Empty where a lost connection cannot outlive its process (SQLite).
  [[nodiscard]] virtual std::string connection_id() const = 0;
  /// Asked on another session: has the connection ended on the server, so that
  /// it can commit nothing any more? May ask the server to kill it.
  virtual result<bool> connection_gone(const std::string& connection_id) = 0;

  /// True when another process changed the data since the last call on any
  /// session of the database (SQLite's data_version; MySQL: always false, other
  /// means exist). The caller that gets true flushes, on behalf of all.
  virtual result<bool> changed_by_others() = 0;
};

class database {
public:
  virtual ~database() = default;
  virtual result<std::unique_ptr<session>> connect() = 0;
  /// Creates the catalog's tables where they do not exist.
  virtual result<void> create_schema(const catalog& c) = 0;
  /// Reads the tables of the schema as a catalog; views and tables without a
  /// primary key are left out with a line in `notes`.
  virtual result<catalog_ptr> learn(std::vector<std::string>& notes) = 0;
  /// Where the live schema differs from the catalog, a line each.
  virtual result<std::vector<std::string>> compare(const catalog& c) = 0;
  /// Settings the contract needs (InnoDB, time zone, sql_mode, timeouts).
  virtual result<std::vector<setting_problem>> check() = 0;
  /// Identity of the data: the cache file is bound to it. Stable over restarts
  /// of the server.
  virtual result<std::string> identity() = 0;
  /// For logs: "mysql 127.0.0.1:3306/toad", never the password.
  [[nodiscard]] virtual std::string description() const = 0;
};

/// The implementation that `o.kind` names. Does not connect. The catalog must
/// outlive the database's sessions (shared by pointer).
[[nodiscard]] result<std::shared_ptr<database>>
make_database(const database_options& o, catalog_ptr c);

} // namespace toadcache
