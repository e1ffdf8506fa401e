// The machine and the build that figures come from.
#pragma once

#include <string>
#include <vector>

namespace toadcache::bench {

struct environment {
  std::string cpu;
  unsigned cores = 0;
  std::string kernel;
  std::string system; ///< the distribution
  std::string compiler;
  std::string build_type;
  bool optimized = false;
  std::string date;         ///< UTC
  double load_at_start = 0; ///< of the last minute
  double load_at_end = 0;

  /// What makes the figures doubtful, a line each.
  [[nodiscard]] std::vector<std::string> warnings() const;
  /// For people, several lines.
  [[nodiscard]] std::string text() const;
};

/// Reads /proc and /etc; what cannot be read stays "unknown".
[[nodiscard]] environment this_environment();
/// Load of the last minute; 0 where it cannot be read.
[[nodiscard]] double load_now();

} // namespace toadcache::bench
