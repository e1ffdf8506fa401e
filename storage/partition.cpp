#include "storage/partition.hpp"

#include <mutex>

namespace toadcache {

namespace {

// Node of the table, control block of the shared pointer, and bookkeeping of
// the eviction policy, as the allocator of glibc rounds them on x86-64.
constexpr size_t bookkeeping_bytes = 320;
constexpr size_t row_block_bytes = 32;

} // namespace

entry_ptr partition::find(const key& id) const {
  if (closed())
    return nullptr;
  auto generation_now = generation();
  auto& b = bucket_of(id);
  std::shared_lock guard{b.lock};
  auto i = b.entries.find(id);
  if (i == b.entries.end() || i->second->generation != generation_now)
    return nullptr;
  auto& mark = i->second->mark;
  if (auto m = mark.load(std::memory_order_relaxed); m < max_mark)
    mark.store(static_cast<uint8_t>(m + 1), std::memory_order_relaxed);
  return i->second;
}

entry_ptr partition::put(std::shared_ptr<entry> e) {
  e->weight_bytes = weight_of(*e);
  e->generation = generation();
  entry_ptr stored = std::move(e);
  entry_ptr replaced;
  auto& b = bucket_of(stored->id);
  {
    std::unique_lock guard{b.lock};
    auto& slot = b.entries[stored->id];
    replaced = std::exchange(slot, stored);
  }
  used_bytes_.fetch_add(stored->weight_bytes, std::memory_order_relaxed);
  if (replaced)
    used_bytes_.fetch_sub(replaced->weight_bytes, std::memory_order_relaxed);
  else
    rows_.fetch_add(1, std::memory_order_relaxed);
  return stored;
}

entry_ptr partition::erase(const key& id) {
  entry_ptr removed;
  auto& b = bucket_of(id);
  {
    std::unique_lock guard{b.lock};
    auto i = b.entries.find(id);
    if (i == b.entries.end())
      return nullptr;
    removed = std::move(i->second);
    b.entries.erase(i);
  }
  used_bytes_.fetch_sub(removed->weight_bytes, std::memory_order_relaxed);
  rows_.fetch_sub(1, std::memory_order_relaxed);
  return removed;
}

entry_ptr partition::peek(const key& id) const {
  auto& b = bucket_of(id);
  std::shared_lock guard{b.lock};
  auto i = b.entries.find(id);
  return i == b.entries.end() ? nullptr : i->second;
}

size_t partition::weight_of(const entry& e) {
  // The key stands in the table, the entry and the eviction policy.
  auto size = sizeof(entry) + bookkeeping_bytes
              + (e.id.bytes().size() > 15 ? 4 * (e.id.bytes().size() + 16) : 0);
  if (e.content)
    size += e.content.bytes().size() + row_block_bytes;
  for (auto& k : e.list)
    size += sizeof(key) + (k.bytes().size() > 15 ? k.bytes().size() + 16 : 0);
  return size;
}

} // namespace toadcache
