#include "storage/write_queue.hpp"

#include <algorithm>
#include <utility>

namespace toadcache {

cache_store::batch::item& write_queue::item_of(const key& id) {
  auto [place, added] = places_.try_emplace(id, batch_.items.size());
  if (added) {
    auto& item = batch_.items.emplace_back();
    item.entry.id = id;
    item.erase = true;
  }
  return batch_.items[place->second];
}

bool write_queue::put(disk_entry entry) {
  auto& item = item_of(entry.id);
  if (item.erase && puts_ >= max_puts_count_)
    return false;
  puts_ += item.erase;
  item.entry = std::move(entry);
  item.erase = false;
  return true;
}

void write_queue::erase(const key& id) {
  auto& item = item_of(id);
  if (item.erase)
    return;
  --puts_;
  item.entry = disk_entry{};
  item.entry.id = id;
  item.erase = true;
}

void write_queue::erase_type(entity_id type) {
  auto items = std::exchange(batch_.items, {});
  places_.clear();
  puts_ = 0;
  for (auto& item : items) {
    if (item.entry.id.type() == type)
      continue;
    places_.emplace(item.entry.id, batch_.items.size());
    puts_ += !item.erase;
    batch_.items.push_back(std::move(item));
  }
  auto& flushed = batch_.flushed_types;
  if (std::find(flushed.begin(), flushed.end(), type) == flushed.end())
    flushed.push_back(type);
}

void write_queue::log(invalidation_record record) {
  auto& records = batch_.records;
  if (records.size() >= defaults::invalidation_log_count)
    records.erase(records.begin());
  records.push_back(std::move(record));
}

bool write_queue::empty() const noexcept {
  return batch_.items.empty() && batch_.flushed_types.empty()
         && batch_.records.empty() && !batch_.checkpoint;
}

cache_store::batch write_queue::take() {
  places_.clear();
  puts_ = 0;
  return std::exchange(batch_, {});
}

} // namespace toadcache
