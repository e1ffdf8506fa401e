#include "storage/clock.hpp"

#include <ctime>

namespace toadcache {

namespace {

class system_coarse_clock final : public clock {
public:
  time_point now() const noexcept override {
#ifdef CLOCK_MONOTONIC_COARSE
    timespec t;
    if (::clock_gettime(CLOCK_MONOTONIC_COARSE, &t) == 0)
      return time_point{std::chrono::seconds{t.tv_sec}
                        + std::chrono::nanoseconds{t.tv_nsec}};
#endif
    return std::chrono::steady_clock::now();
  }
};

} // namespace

const clock& coarse_clock() noexcept {
  static const system_coarse_clock instance;
  return instance;
}

} // namespace toadcache
