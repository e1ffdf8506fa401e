// The one connection of this process that writes to a SQLite file, lent to one
// session at a time. Because it is alone, SQLite's data_version on it changes
// exactly when another process has written. Thread-safe; `acquire` waits.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "storage/sqlite_connection.hpp"

namespace toadcache {

class sqlite_writer {
public:
  explicit sqlite_writer(database_options o) : options_(std::move(o)) {}

  /// Waits for its turn for at most the lock wait timeout, then takes the
  /// file's write lock (BEGIN IMMEDIATE). errc::deadlock when either is not
  /// free in time, errc::unavailable. The connection is lent until `release`.
  result<sqlite_connection*> begin();
  /// Requires: the transaction has ended. A connection that is not usable any
  /// more is closed.
  void release() noexcept;

  /// Opens the connection, so that changes are noticed from now on.
  result<void> watch();

  /// Did another process write since the last call, by whichever session? Does
  /// not wait for a transaction of this process: what comes before it is seen
  /// at its begin, what comes after it by the next call.
  result<bool> take_foreign_change();

private:
  result<void> open_locked();
  result<void> look_locked();

  const database_options options_;
  std::mutex mutex_;
  std::condition_variable freed_;
  bool lent_ = false;
  std::unique_ptr<sqlite_connection> connection_;
  int64_t data_version_ = 0;
  bool opened_before_ = false;
  bool foreign_change_ = false;
};

} // namespace toadcache
