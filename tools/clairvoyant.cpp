#include "tools/clairvoyant.hpp"

#include <algorithm>
#include <queue>
#include <utility>

namespace toadcache {

namespace {

constexpr uint32_t never = UINT32_MAX;

// For each request the position of the next one of its key.
std::vector<uint32_t> next_uses(const request_trace& t) {
  std::vector<uint32_t> next(t.keys.size());
  std::vector<uint32_t> seen(t.key_count, never);
  for (auto i = t.keys.size(); i > 0; --i)
    next[i - 1]
        = std::exchange(seen[t.keys[i - 1]], static_cast<uint32_t>(i - 1));
  return next;
}

uint64_t belady(const request_trace& t, uint64_t capacity) {
  auto next = next_uses(t);
  std::vector<uint32_t> due(t.key_count, 0); // next use if resident, else 0
  std::priority_queue<std::pair<uint32_t, uint32_t>> farthest; // use, key
  uint64_t resident = 0;
  uint64_t hits = 0;
  for (size_t i = 0; i < t.keys.size(); ++i) {
    auto key = t.keys[i];
    if (due[key] != 0)
      ++hits;
    else
      ++resident;
    due[key] = next[i];
    farthest.emplace(next[i], key);
    // The newcomer may be the one that goes. What stands in the heap is
    // outdated when its key was used since.
    while (resident > capacity) {
      auto [use, victim] = farthest.top();
      farthest.pop();
      if (due[victim] != use)
        continue;
      due[victim] = 0;
      --resident;
    }
  }
  return hits;
}

// Hits without evictions: a value lives from its fetch until it expires or is
// written.
uint64_t unlimited(const request_trace& t) {
  std::vector<uint64_t> until(t.key_count, 0);
  uint64_t hits = 0;
  for (const auto& r : t.requests) {
    if (r.is_write)
      until[r.key] = 0;
    else if (r.time_s < until[r.key])
      ++hits;
    else
      until[r.key] = uint64_t{r.time_s} + r.ttl_s;
  }
  return hits;
}

// A hit needs its entry's bytes from the read before until then, with no write
// between and no longer than its time to live.
uint64_t cheapest_reuses(const request_trace& t, uint64_t capacity,
                         uint32_t overhead_bytes) {
  struct last_read {
    uint64_t at = 0; ///< position + 1; 0: none, or written since
    uint32_t time_s = 0;
    uint32_t ttl_s = 0;
  };
  std::vector<last_read> last(t.key_count);
  std::vector<double> costs; // bytes x requests
  for (size_t i = 0; i < t.requests.size(); ++i) {
    const auto& r = t.requests[i];
    auto& before = last[r.key];
    if (r.is_write) {
      before.at = 0;
      continue;
    }
    if (before.at != 0
        && uint64_t{before.time_s} + before.ttl_s > uint64_t{r.time_s})
      costs.push_back((static_cast<double>(r.value_bytes) + overhead_bytes)
                      * static_cast<double>(i + 1 - before.at));
    before = {i + 1, r.time_s, r.ttl_s};
  }
  std::sort(costs.begin(), costs.end());
  auto left
      = static_cast<double>(capacity) * static_cast<double>(t.requests.size());
  uint64_t hits = 0;
  for (auto c : costs) {
    if ((left -= c) < 0)
      break;
    ++hits;
  }
  return hits;
}

} // namespace

uint64_t most_hits(const request_trace& t, uint64_t capacity,
                   uint32_t overhead_bytes) {
  if (capacity == 0)
    return 0;
  if (!t.is_weighted())
    return belady(t, capacity);
  return std::min(unlimited(t), cheapest_reuses(t, capacity, overhead_bytes));
}

} // namespace toadcache
