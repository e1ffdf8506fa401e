#include "policy/clock_lru.hpp"

namespace toadcache {

void clock_lru::on_put(const key& k, size_t) {
  auto [i, fresh] = places_.try_emplace(k);
  if (fresh)
    i->second = queue_.insert(queue_.end(), k);
}

void clock_lru::on_erase(const key& k) {
  auto i = places_.find(k);
  if (i == places_.end())
    return;
  queue_.erase(i->second);
  places_.erase(i);
}

std::optional<key>
clock_lru::victim(const std::function<bool(const key&)>& test_and_clear) {
  for (auto steps = queue_.size(); steps > 0; --steps) {
    if (!test_and_clear(queue_.front()))
      return queue_.front();
    queue_.splice(queue_.end(), queue_, queue_.begin());
  }
  if (queue_.empty())
    return std::nullopt;
  return queue_.front();
}

} // namespace toadcache
