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
  plan.feed = d.one_in(2);
  plan.second_feed = d.one_in(2);
  if (!plan.feed && !(plan.second_process && plan.second_feed))
    return plan;
  plan.max_staleness = milliseconds{d.pick({200, 500, 1000})};
  plan.silent_foreign = d.pick({5, 20, 60});
  plan.log_ahead = d.pick({0, 300, 900});
  db.max_log_ahead = plan.settle_time / 2;
  plan.starts = d.pick({60, 200, 500});
  family(plan.log_faults, 8);
  family(plan.hangs, 5);
  family(plan.log.partial_images, 300);
  family(plan.log.text, 100);
  family(plan.log.nothing, 200);
  family(plan.restores, 3);
  plan.checkpoint_period = milliseconds{d.pick({20, 200, 1000})};
  plan.away = d.pick({0, 500, 900});
  if (d.one_in(4))
    plan.restarts = 8;
  if (d.one_in(8))
    plan.max_replay_count = d.pick({0, 3, 20});
  return plan;
}

} // namespace toadcache::simulation
