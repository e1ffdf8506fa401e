// Approximate LRU from reader marks: a queue in order of arrival in which a
// marked key gets a second chance (the CLOCK algorithm, Corbato 1968).
#pragma once

#include <list>
#include <unordered_map>

#include "policy/eviction.hpp"

namespace toadcache {

class clock_lru final : public eviction_policy {
public:
  void on_put(const key& k, size_t weight_bytes) override;
  void on_erase(const key& k) override;
  /// At most one lap: each marked key is passed over once. O(1) amortized.
  std::optional<key>
  victim(const std::function<bool(const key&)>& test_and_clear) override;
  [[nodiscard]] size_t size() const override { return places_.size(); }

private:
  std::list<key> queue_; ///< front: next to be examined
  std::unordered_map<key, std::list<key>::iterator> places_;
};

} // namespace toadcache
