// What a cache could reach that knew the future: the bound beside every
// measured hit ratio. Pure functions.
#pragma once

#include "tools/request_trace.hpp"

namespace toadcache {

/// Most hits that any cache of `capacity` can have. Entries of equal size
/// (capacity in entries): Belady's optimum, which evicts what is used last
/// (IBM Systems Journal, 1966). Else (bytes, `overhead_bytes` per entry): an
/// upper bound that may be out of reach, the smaller of what unlimited memory
/// gives and PFOO-U, which spends capacity x time on the cheapest reuses
/// (Berger, Beckmann and Harchol-Balter, SIGMETRICS 2018). O(n log n).
[[nodiscard]] uint64_t most_hits(const request_trace& t, uint64_t capacity,
                                 uint32_t overhead_bytes);

} // namespace toadcache
