// The random choices of a simulated run, all from its seed. One thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

namespace toadcache::simulation {

class dice {
public:
  explicit dice(uint64_t seed) : random_(seed) {}

  /// 0 to n - 1. Requires: n > 0. (Not a distribution of the standard library,
  /// whose results differ between its implementations.)
  uint64_t below(uint64_t n) { return random_() % n; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  bool chance(uint32_t of_1000) { return below(1000) < of_1000; }
  template <class T>
  T pick(std::initializer_list<T> all) {
    return *(all.begin() + below(all.size()));
  }
  template <class T>
  const T& pick(const std::vector<T>& all) {
    return all[below(all.size())];
  }
  uint64_t seed() { return random_(); }

private:
  std::mt19937_64 random_;
};

} // namespace toadcache::simulation
