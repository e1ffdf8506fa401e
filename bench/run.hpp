// One run of the benchmarks: what was asked for, and where figures go. The
// groups (hit.cpp, miss.cpp, ...) are functions that take it. Main thread only.
#pragma once

#include <chrono>
#include <initializer_list>
#include <string>
#include <string_view>

#include "bench/report.hpp"

namespace toadcache::bench {

struct settings {
  bool quick = false; ///< fewer repetitions and smaller counts, all names
  std::string json;   ///< a file; empty: none
  std::string only;   ///< prefix of the names wanted; empty: all
  std::string traces; ///< folder of key streams; empty: made-up ones
  /// Of `memory.growth`.
  std::chrono::seconds duration{20};
};

class run {
public:
  explicit run(settings s) : asked_(std::move(s)) {}

  [[nodiscard]] const settings& asked() const { return asked_; }
  [[nodiscard]] bool quick() const { return asked_.quick; }
  /// `n`, or `few` in a quick run.
  [[nodiscard]] size_t times(size_t n, size_t few) const {
    return asked_.quick ? few : n;
  }

  [[nodiscard]] bool wants(std::string_view name) const {
    return name.starts_with(asked_.only);
  }
  [[nodiscard]] bool
  wants_any(std::initializer_list<std::string_view> names) const;
  /// A name of this prefix is wanted.
  [[nodiscard]] bool wants_some_of(std::string_view prefix) const {
    return wants(prefix) || asked_.only.starts_with(prefix);
  }

  /// Keeps a figure whose name is wanted.
  void add(figure f);
  /// Names what could not be measured, and why.
  void skip(std::string name, std::string unit, std::string peer,
            std::string why);
  /// A line on stderr: what is being done.
  void step(const std::string& what) const;

  [[nodiscard]] const report& results() const { return results_; }

private:
  settings asked_;
  report results_;
};

class servers;

// The groups.
void measure_hits(run& r);
void measure_kv_peers(run& r, servers& s);
void measure_memory(run& r);
void measure_hit_ratios(run& r);
void measure_misses(run& r, servers& s);
void measure_writes(run& r, servers& s);
void measure_checks(run& r, servers& s);
void measure_disk(run& r, servers& s);

} // namespace toadcache::bench
