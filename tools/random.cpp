#include "tools/random.hpp"

#include <algorithm>
#include <cmath>

namespace toadcache {

zipf_ranks::zipf_ranks(size_t n, double exponent) {
  cumulative_.reserve(n);
  double sum = 0;
  for (size_t rank = 0; rank < n; ++rank) {
    sum += std::pow(static_cast<double>(rank + 1), -exponent);
    cumulative_.push_back(sum);
  }
}

size_t zipf_ranks::draw(random_source& random) const {
  auto x = random.unit() * cumulative_.back();
  auto i = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, x);
  return static_cast<size_t>(i - cumulative_.begin());
}

} // namespace toadcache
