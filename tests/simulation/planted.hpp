// How the suite shows that it would notice a bug: runs with it planted, until
// one is not clean, and the same runs without.
#pragma once

#include <iostream>

#include "tests/catch.hpp"
#include "tests/simulation/simulation.hpp"

namespace toadcache::simulation {

/// Races of clients alone: no fault but the bug.
inline run_plan quiet_plan(uint64_t seed) {
  run_plan plan;
  plan.seed = seed;
  plan.clients = 8;
  plan.operations = 120;
  return plan;
}

/// `shape(plan)` puts the load where the bug lives, `plant(plan)` plants it.
/// It must be noticed within 100 seeds; and these are clean without it: it is
/// the bug that is noticed.
template <class Plant, class Shape>
void check_noticed(Plant plant, Shape shape) {
  uint64_t seed = 1;
  for (; seed <= 100; ++seed) {
    auto plan = quiet_plan(seed);
    shape(plan);
    plant(plan);
    auto report = simulation{plan}.run();
    if (report.violations.empty())
      continue;
    std::cout << "seed " << seed << ": "
              << report.violations.front().substr(0, 200) << '\n';
    break;
  }
  CHECK(seed <= 100);
  for (uint64_t i = 1; i <= seed; ++i) {
    auto plan = quiet_plan(i);
    shape(plan);
    auto report = simulation{plan}.run();
    INFO("seed " << i << " without the bug");
    CHECK(report.violations.empty());
  }
}

} // namespace toadcache::simulation
