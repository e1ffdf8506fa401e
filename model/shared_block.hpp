// Bytes shared by reference count, with what their holder keeps before them in
// the same piece of memory: [count][prefix][u16 distance][payload]. A row's
// bytes and the cache entry that they belong to are one allocation, and whoever
// holds the row holds it. A block is named by the address of its payload.
// Thread-safe as shared_ptr is.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace toadcache::shared_block {

using count_type = std::atomic<uint32_t>;
using distance_type = uint16_t; ///< from the count to the payload

inline constexpr size_t header_bytes
    = sizeof(count_type) + sizeof(distance_type);
inline constexpr size_t max_prefix_bytes = UINT16_MAX - header_bytes;

/// Where the prefix begins; it must need no alignment and no destructor.
[[nodiscard]] inline char* prefix_of(char* start) noexcept {
  return start + sizeof(count_type);
}

/// An uninitialised payload with one owner, in block_memory. Requires:
/// prefix_bytes <= max_prefix_bytes.
[[nodiscard]] char* allocate(size_t prefix_bytes, size_t payload_bytes);
/// What that occupies.
[[nodiscard]] size_t bytes_of(size_t prefix_bytes,
                              size_t payload_bytes) noexcept;

/// The start of the piece of memory: the count.
[[nodiscard]] inline char* start_of(const char* payload) noexcept {
  distance_type distance = 0;
  std::memcpy(&distance, payload - sizeof(distance), sizeof(distance));
  return const_cast<char*>(payload) - distance;
}

inline void add_owner(char* start) noexcept {
  reinterpret_cast<count_type*>(start)->fetch_add(1, std::memory_order_relaxed);
}
void free(char* start) noexcept;
/// Frees it with the last owner.
inline void drop_owner(char* start) noexcept {
  auto count = reinterpret_cast<count_type*>(start);
  if (count->fetch_sub(1, std::memory_order_acq_rel) == 1)
    free(start);
}

} // namespace toadcache::shared_block
