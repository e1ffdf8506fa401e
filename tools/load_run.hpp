// Runs a workload against a backend at the times it names, with several
// clients at once, and gathers what they met. Blocks.
#pragma once

#include <atomic>
#include <functional>

#include "tools/bot.hpp"
#include "tools/measured_database.hpp"

namespace toadcache {

struct load_result {
  bot_log log;
  double seconds = 0;
  database_load::totals database; ///< of the run alone
  std::vector<interval> database_busy;
};

struct load_run {
  const std::vector<action>& actions;
  const population& who;
  size_t clients_count = 1;
  database_load& load;
  /// Called by each client's thread.
  std::function<result<std::unique_ptr<bot_backend>>()> connect;
  /// Called a few times a second with actions done.
  std::function<void(size_t)> progress;
  /// The run ends early once it is set.
  const std::atomic<bool>& stop;
};

/// Errors: a client cannot connect; `timeout` when the run takes more than
/// three times its planned time and ten seconds.
[[nodiscard]] result<load_result> run_load(const load_run& run);

} // namespace toadcache
