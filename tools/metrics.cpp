// How each metric of a simulation is computed.
#include <algorithm>
#include <array>

#include "tools/report.hpp"

namespace toadcache {

namespace {

constexpr std::array<std::string_view, 7> entity_names{
    "user",         "guild",      "channel",        "profile",
    "user_channel", "guild_user", "channel_profile"};

/// The smallest value that `share` of the values do not exceed. Nanoseconds.
double percentile(std::vector<int64_t> values, double share) {
  if (values.empty())
    return 0;
  auto rank = static_cast<size_t>(share * static_cast<double>(values.size()));
  auto at = values.begin()
            + static_cast<ptrdiff_t>(std::min(rank, values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return static_cast<double>(*at);
}

int64_t length(const interval& x) {
  return x.end - x.begin;
}

template <class F>
std::vector<int64_t> lengths_if(const std::vector<call>& calls, F wanted) {
  std::vector<int64_t> out;
  for (const auto& c : calls)
    if (wanted(c))
      out.push_back(length(c.when));
  return out;
}

std::vector<int64_t> lengths(const std::vector<interval>& actions) {
  std::vector<int64_t> out;
  for (const auto& a : actions)
    out.push_back(length(a));
  return out;
}

/// The time of each call less the time in which the database was at work for
/// anyone. A call answered from memory waits for no database.
std::vector<int64_t> added_by_cache(const load_result& run) {
  busy_time busy{run.database_busy};
  std::vector<int64_t> out;
  for (const auto& c : run.log.calls)
    out.push_back(
        length(c.when)
        - (c.from_memory ? 0 : busy.overlap(c.when.begin, c.when.end)));
  return out;
}

double failures(const load_result& run) {
  double sum = 0;
  for (const auto& [code, count] : run.log.failures)
    sum += static_cast<double>(count);
  return sum;
}

double ratio(double x, double y) {
  return y > 0 ? x / y : 0;
}

std::vector<metric> compute(const simulation& s) {
  std::vector<metric> out;
  auto add = [&](std::string name, double amount, std::string unit = "") {
    out.push_back({std::move(name), amount, std::move(unit)});
  };
  auto per_second = [](uint64_t n, const load_result& run) {
    return ratio(static_cast<double>(n), run.seconds);
  };
  constexpr double us = 1e3;
  constexpr double ms = 1e6;

  add("hit_ratio", s.cache.total().hit_ratio());
  for (auto name : entity_names) {
    const auto* entity = s.cache.find(name);
    add("hit_ratio." + std::string{name},
        entity != nullptr ? entity->hit_ratio() : 0);
  }

  auto with = per_second(s.cached.database.statements, s.cached);
  auto without = per_second(s.direct.database.statements, s.direct);
  add("statements_with_cache", with, "per second");
  add("statements_without_cache", without, "per second");
  // Both runs do the same; the one that falls behind only takes longer.
  auto all_with = static_cast<double>(s.cached.database.statements);
  auto all_without = static_cast<double>(s.direct.database.statements);
  add("statements_saved_ratio",
      all_without > 0 ? 1 - all_with / all_without : 0);

  auto is_read = [](const call& c) { return c.kind == call_kind::read; };
  auto hits = lengths_if(s.cached.log.calls, [&](const call& c) {
    return is_read(c) && c.from_memory;
  });
  auto bare = lengths_if(s.direct.log.calls, is_read);
  add("cached_read_p50", percentile(hits, 0.5) / us, "us");
  add("cached_read_p99", percentile(hits, 0.99) / us, "us");
  add("bare_read_p50", percentile(bare, 0.5) / us, "us");
  add("bare_read_p99", percentile(bare, 0.99) / us, "us");
  add("cached_read_speedup",
      ratio(percentile(bare, 0.5), percentile(hits, 0.5)));

  auto cached_actions = lengths(s.cached.log.actions);
  auto direct_actions = lengths(s.direct.log.actions);
  for (auto [name, share] : {std::pair{"p50", 0.5}, std::pair{"p99", 0.99}}) {
    add(std::string{"action_with_cache_"} + name,
        percentile(cached_actions, share) / ms, "ms");
    add(std::string{"action_without_cache_"} + name,
        percentile(direct_actions, share) / ms, "ms");
  }
  auto added = added_by_cache(s.cached);
  add("added_by_cache_p50", percentile(added, 0.5) / ms, "ms");
  add("added_by_cache_p99", percentile(added, 0.99) / ms, "ms");

  add("memory_bytes", static_cast<double>(s.cache.total().used_bytes), "bytes");
  add("process_bytes", static_cast<double>(s.process_bytes), "bytes");
  add("failures_count", failures(s.cached) + failures(s.direct));
  return out;
}

} // namespace

report::report(simulation s) : from_(std::move(s)), metrics_(compute(from_)) {
  for (const auto& what : from_.plan.assertions) {
    auto m
        = std::find_if(metrics_.begin(), metrics_.end(),
                       [&](const metric& x) { return x.name == what.metric; });
    checked_.push_back(
        {what, m->amount,
         what.at_least ? m->amount >= what.bound : m->amount <= what.bound});
  }
}

std::vector<std::string> report::metric_names() {
  std::vector<std::string> out;
  for (const auto& m : compute({}))
    out.push_back(m.name);
  return out;
}

bool report::passed() const {
  return std::all_of(checked_.begin(), checked_.end(),
                     [](const checked_assertion& a) { return a.holds; });
}

} // namespace toadcache
