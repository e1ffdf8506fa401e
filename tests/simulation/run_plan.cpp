#include "tests/simulation/simulation.hpp"

namespace toadcache::simulation {

run_plan run_plan::from_seed(uint64_t seed) {
  run_plan plan;
  plan.seed = seed;
  dice d{seed * 2654435761u + 17};
  plan.clients = d.pick({2, 4, 8});
  plan.writes = d.pick({150, 400, 700});
  plan.pool_count = d.pick({1, 2, 4});
  plan.time_passes = d.pick({5, 40, 200});
  plan.disk = !d.one_in(4);
  // A few rows fit: the others are evicted, and come back from disk.
  plan.memory_bytes = d.pick({size_t{2000}, size_t{6000}, size_t{1} << 20});
  plan.invalidations = d.pick({0, 50, 150});
  auto family = [&](uint32_t& chance, uint32_t amount) {
    if (d.one_in(3))
      chance = amount;
  };
  family(plan.notified_foreign, 10);
  family(plan.silent_foreign, 10);
  family(plan.foreign_between, 40);
  family(plan.crashes, 6);
  family(plan.toggles, 4);
  family(plan.outages, 3);
  family(plan.restarts, 3);
  family(plan.disk_faults, 6);
  auto& db = plan.database;
  db.repeatable_read = d.one_in(2);
  family(db.connect_fails, 100);
  family(db.lost_in_statement, 20);
  family(db.lost_before_commit, 40);
  family(db.lost_in_commit, 40);
  family(db.lost_after_commit, 40);
  family(db.deadlock, 40);
  plan.second_process = d.one_in(6);
  plan.partitions_count = d.pick({1, 1, 2, 3});
  return plan;
}

} // namespace toadcache::simulation
