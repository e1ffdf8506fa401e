#include "storage/partition.hpp"

namespace toadcache {

entry_ptr partition::put(const entry_parts& p, slot_id slot) {
  auto stored
      = make_entry(p, epochs::now.load(std::memory_order_seq_cst), slot);
  auto& t = table_of(p.id);
  auto before = t.bytes();
  auto replaced = t.put(p.id, stored, retired_);
  entry_bytes_ += stored->bytes();
  if (replaced)
    entry_bytes_ -= replaced->bytes();
  else
    rows_.fetch_add(1, std::memory_order_relaxed);
  count(before, t);
  return stored;
}

entry_ptr partition::erase(const key& id) {
  auto& t = table_of(id);
  auto before = t.bytes();
  auto removed = t.erase(id, retired_);
  if (!removed)
    return nullptr;
  entry_bytes_ -= removed->bytes();
  rows_.fetch_sub(1, std::memory_order_relaxed);
  count(before, t);
  return removed;
}

entry_ptr partition::peek(const key& id) const {
  return entry_ptr{table_of(id).find(id)};
}

void partition::collect() {
  retired_.collect();
  used_bytes_.store(entry_bytes_ + table_bytes_ + retired_.held_bytes(),
                    std::memory_order_relaxed);
}

void partition::count(size_t table_bytes_before, const entry_table& t) {
  table_bytes_ += t.bytes() - table_bytes_before;
  used_bytes_.store(entry_bytes_ + table_bytes_ + retired_.held_bytes(),
                    std::memory_order_relaxed);
}

} // namespace toadcache
