#include "model/shared_block.hpp"

#include <new>

#include "model/block_memory.hpp"

namespace toadcache::shared_block {

char* allocate(size_t prefix_bytes, size_t payload_bytes) {
  auto start = static_cast<char*>(
      take_block(header_bytes + prefix_bytes + payload_bytes));
  new (start) count_type{1};
  auto distance = static_cast<distance_type>(header_bytes + prefix_bytes);
  auto payload = start + distance;
  std::memcpy(payload - sizeof(distance), &distance, sizeof(distance));
  return payload;
}

size_t bytes_of(size_t prefix_bytes, size_t payload_bytes) noexcept {
  return block_memory::bytes_of(header_bytes + prefix_bytes + payload_bytes);
}

void free(char* start) noexcept {
  give_block(start);
}

} // namespace toadcache::shared_block
