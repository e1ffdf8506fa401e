#include "bench/measure.hpp"

#include <algorithm>

namespace toadcache::bench {

double samples::median() const {
  auto v = values_;
  std::ranges::sort(v);
  auto middle = v.size() / 2;
  return v.size() % 2 == 1 ? v[middle] : (v[middle - 1] + v[middle]) / 2;
}

double samples::low() const {
  return *std::ranges::min_element(values_);
}

double samples::high() const {
  return *std::ranges::max_element(values_);
}

std::vector<samples> take_turns(size_t repetitions,
                                const std::vector<measurement>& all) {
  std::vector<samples> out(all.size());
  for (auto& measure : all)
    measure();
  for (size_t i = 0; i < repetitions; ++i)
    for (size_t k = 0; k < all.size(); ++k)
      out[k].add(all[k]());
  return out;
}

} // namespace toadcache::bench
