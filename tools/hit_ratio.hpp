// Runs an eviction policy of the product over a stream of requests, as the
// owner of a partition would: room is made before an insert, hits leave marks
// and nothing else, entries leave when their time to live ends. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/eviction.hpp"
#include "tools/request_trace.hpp"

namespace toadcache {

/// Beside the names of the catalog: LRU that moves an entry on every hit, which
/// the product's readers cannot do; for comparison only.
inline constexpr std::string_view exact_lru_name = "exact_lru";

/// Bytes that an entry of a weighted stream takes beside its value.
inline constexpr uint32_t entry_overhead_bytes = 64;

struct hit_count {
  uint64_t reads = 0;
  uint64_t hits = 0;
  uint64_t evictions = 0;
  size_t most_entries = 0; ///< resident at once
  size_t bookkeeping_bytes = 0;
};

/// One run with a cold start; every read is counted. `capacity`: entries, or
/// bytes of a weighted stream. errc::invalid: unknown policy.
[[nodiscard]] result<hit_count>
count_hits(const request_trace& t, uint64_t capacity, std::string_view policy);

} // namespace toadcache
