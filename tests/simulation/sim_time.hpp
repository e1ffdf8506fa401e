// Virtual time of one simulated run: the schedule's step and the clock's now.
// Owned by the run, advanced by it alone; everybody else reads. One thread.
#pragma once

#include <cstdint>

#include "storage/clock.hpp"

namespace toadcache::simulation {

struct sim_time {
  /// Grows with every message handled; orders all events of a run.
  uint64_t step = 0;
  /// The actor clock's now.
  time_point now{};
};

} // namespace toadcache::simulation
