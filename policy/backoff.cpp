#include "policy/backoff.hpp"

#include <algorithm>

namespace toadcache {

backoff::backoff(milliseconds min, milliseconds max, uint64_t seed)
    : min_(std::max(min, milliseconds{1})), max_(std::max(max, min_)),
      bound_(min_),
      random_(static_cast<std::minstd_rand::result_type>(seed ^ (seed >> 32))) {
}

backoff::milliseconds backoff::next() {
  std::uniform_int_distribution<milliseconds::rep> draw{
      (bound_.count() + 1) / 2, bound_.count()};
  auto delay = milliseconds{draw(random_)};
  bound_ = std::min(bound_ * 2, max_);
  return delay;
}

} // namespace toadcache
