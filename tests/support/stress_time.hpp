// How long the tests under stress go on.
#pragma once

#include <chrono>
#include <cstdlib>

namespace toadcache::tests {

/// TOADCACHE_STRESS_SECONDS, or one second.
inline std::chrono::milliseconds stress_time() {
  const char* asked = std::getenv("TOADCACHE_STRESS_SECONDS");
  const double seconds = asked == nullptr ? 1.0 : std::strtod(asked, nullptr);
  return std::chrono::milliseconds{static_cast<int64_t>(seconds * 1000)};
}

} // namespace toadcache::tests
