// How a blocked caller waits at first: awake, if answers usually come soon. A
// thread that sleeps has to be woken, which on an idle virtual processor takes
// 20 to 100 us, as long as a statement on the same host. Measured with
// `toadcache_bench --only miss.single`: a miss takes two thirds of the time,
// for up to twice the processor time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include <sched.h>

namespace toadcache {

/// One for the process: its threads share the processors. Thread-safe.
class brief_wait {
public:
  using clock = std::chrono::steady_clock;
  using nanoseconds = std::chrono::nanoseconds;

  /// Nobody stays awake for longer, nor at all while waits usually take longer.
  static constexpr nanoseconds longest = std::chrono::microseconds{500};

  explicit brief_wait(unsigned processors,
                      clock::time_point (*now)() = &clock::now)
      : enough_processors_(processors > 1), now_(now) {}

  static brief_wait& of_process() {
    static brief_wait all{std::thread::hardware_concurrency()};
    return all;
  }

  /// Returns when `ready()`, or when it is time to sleep: at once where another
  /// caller is awake already, or the thread that answers has no processor.
  template <class Ready>
  void until(Ready ready) {
    if (!enough_processors_
        || usual_.load(std::memory_order_relaxed) > longest.count()
        || awake_.test_and_set(std::memory_order_acquire))
      return;
    for (auto end = now_() + longest; !ready() && now_() < end;) {
      for (int i = 0; i < pauses && !ready(); ++i)
        pause();
      sched_yield(); // who else wants this processor goes first
    }
    awake_.clear(std::memory_order_release);
  }

  /// Every wait tells how long it took in all.
  void took(nanoseconds all) {
    auto sample
        = std::min(all, 2 * longest).count(); // one outage is soon forgotten
    auto usual = usual_.load(std::memory_order_relaxed);
    usual_.store(usual + (sample - usual) / 8, std::memory_order_relaxed);
  }

private:
  static constexpr int pauses = 100;

  static void pause() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }

  const bool enough_processors_;
  clock::time_point (*const now_)();
  std::atomic_flag awake_;        // clear
  std::atomic<int64_t> usual_{0}; ///< nanoseconds; a moving average
};

} // namespace toadcache
