// Exponential backoff with jitter: how long to wait before the next attempt.
// A value without clock; not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace toadcache {

class backoff {
public:
  using milliseconds = std::chrono::milliseconds;

  /// The n-th delay is drawn evenly from the upper half of min * 2^n, at most
  /// `max`. The same seed yields the same delays. Requires: 0 < min <= max.
  backoff(milliseconds min, milliseconds max, uint64_t seed);

  /// The delay before the next attempt; grows with each call.
  [[nodiscard]] milliseconds next();
  /// The last attempt succeeded: the next delay is the shortest again.
  void reset() noexcept { bound_ = min_; }

private:
  milliseconds min_;
  milliseconds max_;
  milliseconds bound_;
  std::minstd_rand random_;
};

} // namespace toadcache
