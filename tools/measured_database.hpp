// A database that counts and times what another one does, so that a report can
// tell the database's share. As thread-safe as the one behind it.
#pragma once

#include <mutex>

#include "storage/database.hpp"
#include "tools/busy_time.hpp"

namespace toadcache {

/// What was done on all sessions of a measured database. Thread-safe.
class database_load {
public:
  struct totals {
    uint64_t statements = 0; ///< reads and writes, BEGIN and COMMIT not counted
    uint64_t commits = 0;
    int64_t busy_ns = 0;   ///< inside all calls, of all sessions
    int64_t commit_ns = 0; ///< of it inside COMMIT, the fsync included
  };
  enum class call_kind : uint8_t { statement, commit, other };

  void add(call_kind kind, interval when);
  [[nodiscard]] totals now() const;
  /// When any session was at work.
  [[nodiscard]] std::vector<interval> intervals() const;

private:
  mutable std::mutex lock_;
  totals totals_;
  std::vector<interval> intervals_;
};

/// Never null; `load` outlives nothing (shared).
[[nodiscard]] std::shared_ptr<database>
measure(std::shared_ptr<database> inner, std::shared_ptr<database_load> load);

} // namespace toadcache
