// Runs of the whole actor system, each from one seed.
//
//   TOADCACHE_SEEDS=10000 test_simulation '[seeds]'     how many
//   TOADCACHE_FIRST_SEED=7 ...                          from where
//   TOADCACHE_SEED=42 test_simulation '[seeds]'         one, with its trace
//   TOADCACHE_BUG=3 ...                                 with planted bug 1 << 3
#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/catch.hpp"
#include "tests/simulation/simulation.hpp"

using namespace toadcache;
using namespace toadcache::simulation;

namespace {

uint64_t number_from(const char* variable, uint64_t otherwise) {
  auto text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

run_plan plan_of(uint64_t seed) {
  auto plan = run_plan::from_seed(seed);
  if (auto bug = std::getenv("TOADCACHE_BUG"))
    plan.bug = static_cast<planted_bug>(1u << std::strtoul(bug, nullptr, 10));
  return plan;
}

} // namespace

TEST_CASE("every seed keeps the contract", "[seeds]") {
  if (std::getenv("TOADCACHE_SEED") != nullptr) {
    auto plan = plan_of(number_from("TOADCACHE_SEED", 0));
    plan.trace = true;
    auto report = toadcache::simulation::simulation{plan}.run();
    for (auto& line : report.trace)
      std::cout << line << '\n';
    for (auto& line : report.violations)
      std::cout << "VIOLATION " << line << '\n';
    CHECK(report.violations.empty());
    return;
  }
  auto first = number_from("TOADCACHE_FIRST_SEED", 1);
  auto count = number_from("TOADCACHE_SEEDS", 300);
  run_report sum;
  size_t failed = 0;
  auto begin = std::chrono::steady_clock::now();
  for (auto seed = first; seed < first + count && failed < 5; ++seed) {
    auto report = toadcache::simulation::simulation{plan_of(seed)}.run();
    sum.steps += report.steps;
    sum.judged += report.judged;
    sum.commits += report.commits;
    sum.memory_answers += report.memory_answers;
    sum.disk_answers += report.disk_answers;
    sum.restarts += report.restarts;
    sum.logged += report.logged;
    sum.echoes += report.echoes;
    sum.unsettled += report.unsettled;
    sum.rewinds += report.rewinds;
    sum.losses += report.losses;
    sum.warm += report.warm;
    sum.warm_disk_answers += report.warm_disk_answers;
    sum.restored += report.restored;
    if (report.violations.empty())
      continue;
    ++failed;
    std::cout << "seed " << seed << " breaks the contract:\n";
    for (auto& line : report.violations)
      std::cout << "  " << line << '\n';
    std::cout << "replay: TOADCACHE_SEED=" << seed
              << " test_simulation '[seeds]'\n";
  }
  auto took = std::chrono::steady_clock::now() - begin;
  std::cout << count << " seeds, " << sum.steps << " steps, " << sum.judged
            << " answers judged (" << sum.memory_answers << " from memory, "
            << sum.disk_answers << " from disk), " << sum.commits
            << " commits, " << sum.restarts << " restarts, " << sum.logged
            << " logged changes (" << sum.echoes << " echoes), "
            << sum.unsettled << " unsettled fills, " << sum.rewinds
            << " rewinds, " << sum.losses << " places lost, " << sum.warm
            << " warm starts (" << sum.warm_disk_answers
            << " misses from disk), " << sum.restored << " backups restored, "
            << std::chrono::duration<double, std::milli>(took).count()
                   / static_cast<double>(count)
            << " ms each\n";
  CHECK(failed == 0);
  // The runs are of use only while they reach every tier.
  if (count >= 100) {
    CHECK(sum.memory_answers > count);
    CHECK(sum.disk_answers > 0);
    CHECK(sum.commits > count);
    CHECK(sum.logged > count);
    CHECK(sum.echoes > 0);
    CHECK(sum.unsettled > 0);
    CHECK(sum.rewinds > 0);
    CHECK(sum.losses > 0);
    CHECK(sum.warm > 0);
    CHECK(sum.warm_disk_answers > 0);
    CHECK(sum.restored > 0);
  }
}

TEST_CASE("a seed gives one run", "[seeds]") {
  auto run = [](uint64_t seed) {
    auto plan = run_plan::from_seed(seed);
    plan.trace = true;
    return toadcache::simulation::simulation{plan}.run().trace;
  };
  for (uint64_t seed = 1; seed <= 5; ++seed)
    CHECK(run(seed) == run(seed));
  CHECK(run(1) != run(2));
}
