// The actions of a simulation in the order of time, drawn from scenario,
// population and seed: equal inputs give equal workloads. Immutable.
#pragma once

#include <chrono>
#include <vector>

#include "tools/population.hpp"

namespace toadcache {

struct action {
  std::chrono::nanoseconds at{0}; ///< since the start of the run
  action_kind kind = action_kind::status;
  /// Of a poll: the position of the overlay; else unused.
  uint32_t overlay = 0;
  /// Of all others.
  population::speaker by{};
  uint32_t salt = 0; ///< what is written
};

/// O(actions log actions).
[[nodiscard]] std::vector<action>
make_workload(const scenario& s, const population& who, uint64_t seed);

} // namespace toadcache
