// Random numbers that are the same on every platform for a seed, and Zipf's
// law. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace toadcache {

class random_source {
public:
  explicit random_source(uint64_t seed) : engine_(seed) {}

  [[nodiscard]] uint64_t next() { return engine_(); }
  /// In [0, n). Requires: n > 0.
  [[nodiscard]] size_t below(size_t n) { return engine_() % n; }
  /// In [0, 1).
  [[nodiscard]] double unit() {
    return static_cast<double>(engine_() >> 11) * 0x1p-53;
  }

private:
  std::mt19937_64 engine_;
};

/// Ranks 0..n-1 with probabilities proportional to 1 / (rank + 1)^exponent.
class zipf_ranks {
public:
  /// Requires: n > 0. O(n).
  zipf_ranks(size_t n, double exponent);
  /// O(log n).
  [[nodiscard]] size_t draw(random_source& random) const;

private:
  std::vector<double> cumulative_;
};

} // namespace toadcache
