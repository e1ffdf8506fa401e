// The outcome of a simulation: its metrics, whether its assertions hold, and
// the two forms in which it is told. Values.
#pragma once

#include <string>
#include <vector>

#include "client/statistics.hpp"
#include "tools/load_run.hpp"
#include "tools/terminal.hpp"

namespace toadcache {

/// Everything that a report is made from.
struct simulation {
  scenario plan;
  uint64_t seed = 0;
  std::string database; ///< its description
  load_result cached;
  load_result direct;
  statistics cache;           ///< at the end of the cached run
  uint64_t process_bytes = 0; ///< growth of the process with the cache
};

struct metric {
  std::string name;
  double amount = 0;
  std::string unit; ///< "", "ms", "us", "bytes", "per second"
};

struct checked_assertion {
  assertion what;
  double amount = 0;
  bool holds = false;
};

class report {
public:
  /// Version of the JSON form.
  static constexpr int format_version = 1;

  explicit report(simulation s);

  /// Names that assertions may use.
  [[nodiscard]] static std::vector<std::string> metric_names();

  [[nodiscard]] const std::vector<metric>& metrics() const { return metrics_; }
  [[nodiscard]] bool passed() const;
  /// For people.
  [[nodiscard]] std::string text(const palette& colours) const;
  /// For programs.
  [[nodiscard]] std::string json() const;

private:
  simulation from_;
  std::vector<metric> metrics_;
  std::vector<checked_assertion> checked_;
};

} // namespace toadcache
