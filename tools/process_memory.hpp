// Memory of this process as the system counts it.
#pragma once

#include <cstdint>

namespace toadcache {

/// Bytes resident now; 0 where the system does not tell. Reads /proc.
[[nodiscard]] uint64_t resident_bytes();

} // namespace toadcache
