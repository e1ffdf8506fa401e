#include "tools/report.hpp"

#include <array>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace toadcache {

namespace {

using ordered = nlohmann::ordered_json;

constexpr double mib = 1024 * 1024;

template <class... Ts>
std::string format(const char* pattern, Ts... args) {
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), pattern, args...);
  return text.data();
}

/// One line of the comparison.
std::string line(const char* what, const std::string& with,
                 const std::string& without) {
  return format("  %-42s %14s %14s\n", what, with.c_str(), without.c_str());
}

std::string whole(double x) {
  return format("%.0f", x);
}

std::string failures_of(const load_result& run) {
  double sum = 0;
  for (const auto& [code, count] : run.log.failures)
    sum += static_cast<double>(count);
  return whole(sum);
}

ordered json_of(const load_result& run) {
  ordered failures = ordered::object();
  for (const auto& [code, count] : run.log.failures)
    failures[code] = count;
  return {{"seconds", run.seconds},
          {"actions", run.log.actions.size()},
          {"calls", run.log.calls.size()},
          {"statements", run.database.statements},
          {"commits", run.database.commits},
          {"database_seconds", static_cast<double>(run.database.busy_ns) / 1e9},
          {"commit_seconds", static_cast<double>(run.database.commit_ns) / 1e9},
          {"failures", failures}};
}

} // namespace

std::string report::text(const palette& colours) const {
  const auto& sizes = from_.plan.population;
  auto out
      = colours.bold(from_.plan.name)
        + format(": %zu guilds, %zu channels, %zu users, %zu overlays; "
                 "%zu clients; seed %llu\n",
                 sizes.guilds_count, sizes.channels_count, sizes.users_count,
                 sizes.overlays_count, from_.plan.clients_count,
                 static_cast<unsigned long long>(from_.seed))
        + "database: " + from_.database + "\n\n";

  auto amount = [&](std::string_view name) {
    for (const auto& m : metrics_)
      if (m.name == name)
        return m.amount;
    return 0.0;
  };
  auto two = [&](const char* what, const char* unit, const char* with,
                 const char* without) {
    auto form = std::string{"%.3g "} + unit;
    return line(what, format(form.c_str(), amount(with)),
                format(form.c_str(), amount(without)));
  };
  auto in_seconds = [](int64_t ns) {
    return format("%.2f s", static_cast<double>(ns) / 1e9);
  };
  const auto& with = from_.cached;
  const auto& without = from_.direct;
  out += line("", "with cache", "without");
  out += line("actions", whole(static_cast<double>(with.log.actions.size())),
              whole(static_cast<double>(without.log.actions.size())));
  out += line("  failed", failures_of(with), failures_of(without));
  out += line("database statements",
              whole(static_cast<double>(with.database.statements)),
              whole(static_cast<double>(without.database.statements)));
  out += line("  per second", whole(amount("statements_with_cache")),
              whole(amount("statements_without_cache")));
  out += line("time in the database", in_seconds(with.database.busy_ns),
              in_seconds(without.database.busy_ns));
  out += line("  of it in commits (fsync)", in_seconds(with.database.commit_ns),
              in_seconds(without.database.commit_ns));
  out += two("read answered from memory, median", "us", "cached_read_p50",
             "bare_read_p50");
  out += two("  99 % at most", "us", "cached_read_p99", "bare_read_p99");
  out += two("action (poll, command), median", "ms", "action_with_cache_p50",
             "action_without_cache_p50");
  out += two("  99 % at most", "ms", "action_with_cache_p99",
             "action_without_cache_p99");
  out += line("added by the cache to a call, 99 % at most",
              format("%.3g ms", amount("added_by_cache_p99")), "");
  out += line("memory of cached rows and lists",
              format("%.1f MiB", amount("memory_bytes") / mib), "");
  out += line("  growth of the process",
              format("%.1f MiB", amount("process_bytes") / mib), "");

  out += format("\n  %-18s %10s %10s %10s %10s %12s\n", "entity", "lookups",
                "hit ratio", "disk hits", "resident", "bytes");
  for (const auto& e : from_.cache.entities)
    out += format("  %-18s %10llu %9.1f%% %10llu %10llu %12llu\n",
                  e.name.c_str(), static_cast<unsigned long long>(e.lookups),
                  e.hit_ratio() * 100,
                  static_cast<unsigned long long>(e.disk_hits),
                  static_cast<unsigned long long>(e.rows),
                  static_cast<unsigned long long>(e.used_bytes));

  for (const auto* run : {&with, &without})
    if (!run->log.first_failure.empty())
      out += "\nfirst failure " + std::string{run == &with ? "with" : "without"}
             + " cache: " + run->log.first_failure + "\n";

  out += "\n";
  for (const auto& a : checked_)
    out += format(
        "  %s  %s %s %g: %.4g\n",
        (a.holds ? colours.good("ok    ") : colours.bad("FAILED")).c_str(),
        a.what.metric.c_str(), a.what.at_least ? "at least" : "at most",
        a.what.bound, a.amount);
  return out;
}

std::string report::json() const {
  ordered x;
  x["format"] = format_version;
  x["scenario"] = from_.plan.name;
  x["seed"] = from_.seed;
  x["database"] = from_.database;
  x["with_cache"] = json_of(from_.cached);
  x["without_cache"] = json_of(from_.direct);
  for (const auto& m : metrics_) {
    auto& entry = x["metrics"][m.name];
    entry["value"] = m.amount;
    if (!m.unit.empty())
      entry["unit"] = m.unit;
  }
  x["entities"] = ordered::array();
  for (const auto& e : from_.cache.entities)
    x["entities"].push_back({{"name", e.name},
                             {"lookups", e.lookups},
                             {"hits", e.hits},
                             {"misses", e.misses},
                             {"disk_hits", e.disk_hits},
                             {"rows", e.rows},
                             {"used_bytes", e.used_bytes}});
  x["assertions"] = ordered::array();
  for (const auto& a : checked_)
    x["assertions"].push_back(
        {{"metric", a.what.metric},
         {a.what.at_least ? "at_least" : "at_most", a.what.bound},
         {"value", a.amount},
         {"holds", a.holds}});
  x["passed"] = passed();
  return x.dump(2) + "\n";
}

} // namespace toadcache
