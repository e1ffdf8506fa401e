// Measuring: what is compared takes turns, repetition by repetition, so that
// whatever else the machine does meets all of it alike. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <functional>
#include <vector>

namespace toadcache::bench {

/// The figures of the repetitions of one measurement.
class samples {
public:
  void add(double x) { values_.push_back(x); }
  [[nodiscard]] size_t count() const { return values_.size(); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  // Requires: not empty.
  [[nodiscard]] double median() const;
  [[nodiscard]] double low() const;
  [[nodiscard]] double high() const;

private:
  std::vector<double> values_;
};

/// One repetition; yields its figure.
using measurement = std::function<double()>;

/// Runs each once unmeasured, then all in turn, `repetitions` times.
[[nodiscard]] std::vector<samples>
take_turns(size_t repetitions, const std::vector<measurement>& all);

[[nodiscard]] inline int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Calls f() and yields the nanoseconds per operation, for `count` of them.
template <class F>
double ns_each(size_t count, F f) {
  auto begin = now_ns();
  f();
  return static_cast<double>(now_ns() - begin) / static_cast<double>(count);
}

/// The calling thread's own time on a processor: what is computed without any
/// wait costs the same on a busy machine.
[[nodiscard]] inline int64_t own_cpu_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}
template <class F>
double cpu_ns_each(size_t count, F f) {
  auto begin = own_cpu_ns();
  f();
  return static_cast<double>(own_cpu_ns() - begin) / static_cast<double>(count);
}

/// Makes the compiler believe that `x` is used.
template <class T>
void keep(const T& x) {
  asm volatile("" : : "g"(&x) : "memory");
}

} // namespace toadcache::bench
