// Counts what the calling thread allocates: the benchmark program replaces
// operator new.
#pragma once

#include <cstdint>

namespace toadcache::bench {

/// Calls of operator new by this thread so far, and blocks for rows and entries
/// that any thread allocated.
[[nodiscard]] uint64_t own_allocations() noexcept;

} // namespace toadcache::bench
