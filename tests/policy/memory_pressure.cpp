// What the budget does while the control group is short of memory.
#include "policy/memory_pressure.hpp"

#include <cmath>

#include "config/defaults.hpp"
#include "tests/catch.hpp"

using namespace toadcache;
using step = memory_pressure::step;

namespace {

constexpr pressure_rules rules{0.9, 0.1};

bool is_near(double a, double b) {
  return std::abs(a - b) < 1e-9;
}

memory_load used(double ratio) {
  return {ratio, 0};
}

} // namespace

TEST_CASE("pressure: above the ratio it shrinks in steps, down to the least") {
  memory_pressure p{rules};
  CHECK(p.on_period(used(0.89)) == step::none);
  CHECK(p.budget_ratio() == 1);
  CHECK(p.on_period(used(0.91)) == step::shrink);
  CHECK(is_near(p.budget_ratio(), 0.8));
  CHECK(p.on_period(used(0.95)) == step::shrink);
  CHECK(is_near(p.budget_ratio(), 0.64));
  for (int i = 0; i < 30; ++i)
    (void)p.on_period(used(1.2));
  CHECK(p.budget_ratio() == defaults::least_budget_ratio);
  CHECK(p.on_period(used(1.2)) == step::none);
}

TEST_CASE("pressure: it grows slowly, after a time of quiet, up to the whole") {
  memory_pressure p{rules};
  for (int i = 0; i < 3; ++i)
    (void)p.on_period(used(0.95));
  auto low = p.budget_ratio();
  // Just below the ratio is not quiet: growing would bring it back.
  for (int i = 0; i < 100; ++i)
    CHECK(p.on_period(used(0.88)) == step::none);
  CHECK(p.budget_ratio() == low);
  for (size_t i = 0; i < defaults::quiet_periods_count; ++i)
    CHECK(p.on_period(used(0.7)) == step::none);
  CHECK(p.on_period(used(0.7)) == step::grow);
  CHECK(is_near(p.budget_ratio(), low + defaults::pressure_grow_ratio));
  for (int i = 0; i < 30; ++i)
    (void)p.on_period(used(0.7));
  CHECK(p.budget_ratio() == 1);
  CHECK(p.on_period(used(0.7)) == step::none);
}

TEST_CASE("pressure: stalled tasks count without a limit, too") {
  memory_pressure p{rules};
  CHECK(p.on_period({std::nullopt, 0.11}) == step::shrink);
  CHECK(p.on_period({std::nullopt, 0.0}) == step::none);
}

TEST_CASE("pressure: switched off by ratios of 1") {
  memory_pressure p{{1, 1}};
  CHECK(p.on_period({2.0, 1.0}) == step::none);
  CHECK(p.budget_ratio() == 1);
}
