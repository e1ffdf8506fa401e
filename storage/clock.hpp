// Time as the cache sees it: a monotonic clock that tests can replace.
// Thread-safe; now() costs a few nanoseconds and may lag by 4 ms.
#pragma once

#include <chrono>

namespace toadcache {

/// Monotonic time; comparable with the actor clock.
using time_point = std::chrono::steady_clock::time_point;

class clock {
public:
  virtual ~clock() = default;
  [[nodiscard]] virtual time_point now() const noexcept = 0;
};

/// CLOCK_MONOTONIC_COARSE where it exists, else steady_clock.
[[nodiscard]] const clock& coarse_clock() noexcept;

} // namespace toadcache
