#include "tools/busy_time.hpp"

#include <algorithm>
#include <chrono>

namespace toadcache {

int64_t monotonic_nanoseconds() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

busy_time::busy_time(std::vector<interval> intervals) {
  std::sort(
      intervals.begin(), intervals.end(),
      [](const interval& a, const interval& b) { return a.begin < b.begin; });
  int64_t sum = 0;
  for (const auto& x : intervals) {
    if (!merged_.empty() && x.begin <= merged_.back().end) {
      auto longer = x.end - merged_.back().end;
      if (longer > 0) {
        merged_.back().end = x.end;
        sum += longer;
      }
      continue;
    }
    merged_.push_back(x);
    before_.push_back(sum);
    sum += x.end - x.begin;
  }
}

int64_t busy_time::covered_before(int64_t at) const {
  auto next = std::upper_bound(
      merged_.begin(), merged_.end(), at,
      [](int64_t t, const interval& x) { return t < x.begin; });
  if (next == merged_.begin())
    return 0;
  auto i = static_cast<size_t>(next - merged_.begin()) - 1;
  return before_[i] + std::min(at, merged_[i].end) - merged_[i].begin;
}

int64_t busy_time::overlap(int64_t begin, int64_t end) const {
  return covered_before(end) - covered_before(begin);
}

} // namespace toadcache
