// The report: what its metrics count, and which assertions hold.
#include "tools/report.hpp"

#include <map>

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

constexpr int64_t us = 1'000;
constexpr int64_t ms = 1'000'000;

call read_of(int64_t begin, int64_t length, bool from_memory) {
  return {{begin, begin + length}, call_kind::read, from_memory};
}

simulation example() {
  simulation s;
  s.plan.name = "example";
  s.database = "sqlite x.db";
  s.cached.seconds = 2;
  s.cached.database = {10, 1, 4 * ms, 3 * ms};
  // The database is at work from 10 ms to 14 ms.
  s.cached.database_busy = {{10 * ms, 12 * ms}, {11 * ms, 14 * ms}};
  s.cached.log.calls = {read_of(0, 2 * us, true),
                        read_of(11 * ms, us, true), // waits for no database
                        read_of(9 * ms, 6 * ms, false)};
  s.cached.log.actions = {{0, 7 * ms}};
  s.direct.seconds = 1;
  s.direct.database = {100, 1, 8 * ms, 3 * ms};
  s.direct.log.calls
      = {read_of(0, 100 * us, false), read_of(0, 100 * us, false)};
  s.direct.log.failures = {{"timeout", 2}};
  s.direct.log.first_failure = "poll: timeout: no answer";
  entity_statistics channel;
  channel.name = "channel";
  channel.lookups = 4;
  channel.hits = 3;
  channel.misses = 1;
  channel.used_bytes = 500;
  s.cache.entities.push_back(channel);
  return s;
}

std::map<std::string, double> metrics_of(const simulation& s) {
  std::map<std::string, double> out;
  report r{s};
  for (const auto& m : r.metrics())
    out[m.name] = m.amount;
  return out;
}

} // namespace

TEST_CASE("metrics count what their names say") {
  auto m = metrics_of(example());
  CHECK(m["hit_ratio"] == 0.75);
  CHECK(m["hit_ratio.channel"] == 0.75);
  CHECK(m["hit_ratio.user"] == 0);
  CHECK(m["statements_with_cache"] == 5);
  CHECK(m["statements_without_cache"] == 100);
  CHECK(m["statements_saved_ratio"] == 0.9);
  CHECK(m["cached_read_p99"] == 2);
  CHECK(m["bare_read_p50"] == 100);
  CHECK(m["cached_read_speedup"] == 50);
  CHECK(m["action_with_cache_p99"] == 7);
  // 6 ms of the miss less 4 ms in which the database was at work.
  CHECK(m["added_by_cache_p99"] == 2);
  CHECK(m["memory_bytes"] == 500);
  CHECK(m["failures_count"] == 2);
  CHECK(m.size() == report::metric_names().size());
}

TEST_CASE("each assertion is judged by its bound") {
  auto s = example();
  s.plan.assertions = {{"hit_ratio", true, 0.75}, {"hit_ratio", false, 0.75}};
  CHECK(report{s}.passed());
  s.plan.assertions.push_back({"added_by_cache_p99", false, 1.9});
  report r{s};
  CHECK_FALSE(r.passed());
  auto text = r.text(palette{stdout});
  CHECK(text.find("ok      hit_ratio at least 0.75: 0.75")
        != std::string::npos);
  CHECK(text.find("FAILED  added_by_cache_p99 at most 1.9: 2")
        != std::string::npos);
  CHECK(text.find("first failure without cache: poll: timeout")
        != std::string::npos);
  s.plan.assertions = {{"hit_ratio", true, 0.76}};
  CHECK_FALSE(report{s}.passed());
}

TEST_CASE("the report as JSON has its version") {
  auto s = example();
  s.plan.assertions = {{"failures_count", false, 0}};
  auto x = nlohmann::json::parse(report{s}.json());
  CHECK(x["format"] == 1);
  CHECK(x["scenario"] == "example");
  CHECK(x["passed"] == false);
  CHECK(x["metrics"]["added_by_cache_p99"]["value"] == 2);
  CHECK(x["metrics"]["added_by_cache_p99"]["unit"] == "ms");
  CHECK(x["entities"][0]["name"] == "channel");
  CHECK(x["without_cache"]["failures"]["timeout"] == 2);
  CHECK(x["assertions"][0]["at_most"] == 0);
}

TEST_CASE("busy time is the union of its intervals") {
  busy_time none{{}};
  CHECK(none.overlap(0, 100) == 0);
  busy_time busy{{{30, 40}, {10, 20}, {15, 18}, {20, 22}, {35, 50}}};
  CHECK(busy.overlap(0, 100) == 12 + 20);
  CHECK(busy.overlap(0, 10) == 0);
  CHECK(busy.overlap(12, 14) == 2);
  CHECK(busy.overlap(21, 31) == 2);
  CHECK(busy.overlap(45, 60) == 5);
  CHECK(busy.overlap(50, 60) == 0);
}
