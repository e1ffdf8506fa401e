// Intervals of time, and how much of another interval they cover. Values.
#pragma once

#include <cstdint>
#include <vector>

namespace toadcache {

/// Nanoseconds of a monotonic clock.
struct interval {
  int64_t begin = 0;
  int64_t end = 0;
};

/// Now, on the clock of all intervals.
[[nodiscard]] int64_t monotonic_nanoseconds() noexcept;

/// The union of intervals.
class busy_time {
public:
  /// O(n log n).
  explicit busy_time(std::vector<interval> intervals);
  /// Nanoseconds of [begin, end) that the union covers. O(log n).
  [[nodiscard]] int64_t overlap(int64_t begin, int64_t end) const;

private:
  [[nodiscard]] int64_t covered_before(int64_t at) const;
  std::vector<interval> merged_; // apart, in order
  std::vector<int64_t> before_;  // sum of the lengths before each
};

} // namespace toadcache
