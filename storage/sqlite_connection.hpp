// One SQLite connection with its prepared statements, errors mapped to the
// product's. Owned by one object and used by one thread at a time; every call
// may block on the file.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <sqlite3.h>

#include "config/options.hpp"
#include "model/error.hpp"
#include "model/value.hpp"
#include "storage/statement_cache.hpp"

namespace toadcache {

/// A prepared statement. Between `step` and `reset` it holds a read snapshot.
class sqlite_statement {
public:
  explicit sqlite_statement(sqlite3_stmt* s) : statement_(s) {}
  sqlite_statement(const sqlite_statement&) = delete;
  sqlite_statement& operator=(const sqlite_statement&) = delete;
  ~sqlite_statement() { sqlite3_finalize(statement_); }

  /// `index` counts from 1. The value must stay unchanged until `reset`.
  /// Unsigned integers are stored by their bits. A code of sqlite3.
  int bind(int index, column_type type, value_view v);
  int step() { return sqlite3_step(statement_); }
  void reset() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  /// A column of the current row as a value of `type`; `ok` turns false when
  /// the file holds something else there.
  [[nodiscard]] value column(int index, column_type type, bool& ok) const;
  [[nodiscard]] std::string text(int index) const;
  [[nodiscard]] int64_t integer(int index) const {
    return sqlite3_column_int64(statement_, index);
  }

private:
  sqlite3_stmt* statement_;
};

/// Resets a statement at the end of a scope.
class sqlite_reset {
public:
  explicit sqlite_reset(sqlite_statement& s) : statement_(s) {}
  sqlite_reset(const sqlite_reset&) = delete;
  sqlite_reset& operator=(const sqlite_reset&) = delete;
  ~sqlite_reset() { statement_.reset(); }

private:
  sqlite_statement& statement_;
};

class sqlite_connection {
public:
  /// Prepared statements held per connection; texts are few (padding).
  static constexpr size_t statements_count = 256;

  /// Opens or creates the file in WAL mode with synchronous=FULL and
  /// foreign_keys=ON. errc::unavailable names the file.
  [[nodiscard]] static result<std::unique_ptr<sqlite_connection>>
  open(const database_options& o);
  sqlite_connection(const sqlite_connection&) = delete;
  sqlite_connection& operator=(const sqlite_connection&) = delete;
  ~sqlite_connection();

  /// From the cache, or prepared. Valid until the next call. Starts the
  /// statement's time limit: later steps end with errc::timeout.
  [[nodiscard]] result<sqlite_statement*> prepare(const std::string& text);
  /// Runs a statement without parameters or rows.
  result<void> execute(const std::string& text);
  /// The first column of the first row, as an integer.
  result<int64_t> integer(const std::string& text);
  /// The same as text.
  result<std::string> text(const std::string& text);

  /// The last error of this connection. `where` begins its line.
  [[nodiscard]] failure error(std::string_view where) const;
  /// False once the file could not be read or written.
  [[nodiscard]] bool usable() const noexcept { return usable_; }
  /// True outside an explicit transaction; an error may have ended it.
  [[nodiscard]] bool autocommit() const noexcept {
    return sqlite3_get_autocommit(db_) != 0;
  }
  [[nodiscard]] int64_t last_insert_id() const noexcept {
    return sqlite3_last_insert_rowid(db_);
  }
  [[nodiscard]] int64_t changes() const noexcept {
    return sqlite3_changes64(db_);
  }

private:
  sqlite_connection(sqlite3* db, const database_options& o);
  result<void> configure(milliseconds lock_wait);
  static int on_progress(void* self);

  sqlite3* db_;
  milliseconds statement_timeout_;
  std::chrono::steady_clock::time_point deadline_;
  statement_cache<sqlite_statement> statements_{statements_count};
  mutable bool usable_ = true;
};

} // namespace toadcache
