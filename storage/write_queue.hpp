// What the disk tier has still to write: puts and erases by key, where the last
// word on a key wins, so that one commit holds at most one item per key. Owned
// by PERSISTENCE; never blocks; not thread-safe.
#pragma once

#include <unordered_map>
#include <vector>

#include "storage/cache_store.hpp"

namespace toadcache {

class write_queue {
public:
  /// Holds at most `max_puts_count` puts.
  explicit write_queue(size_t max_puts_count)
      : max_puts_count_(max_puts_count) {}

  /// False: the queue is full; the entry is recorded as an erase instead,
  /// because an older one may be stored. O(size of the entry).
  bool put(disk_entry entry);
  void erase(const key& id);
  /// Forgets what waits for the type and removes everything stored. O(n).
  void erase_type(entity_id type);
  /// Holds once everything that was queued before is applied.
  void set_checkpoint(std::string text) { batch_.checkpoint = std::move(text); }
  /// Keeps the newest `defaults::invalidation_log_count`.
  void log(invalidation_record record);

  [[nodiscard]] bool empty() const noexcept;
  /// Items that wait, puts and erases.
  [[nodiscard]] size_t size() const noexcept { return batch_.items.size(); }

  /// Everything that waits; the queue is empty afterwards.
  [[nodiscard]] cache_store::batch take();

private:
  cache_store::batch::item& item_of(const key& id);

  size_t max_puts_count_;
  cache_store::batch batch_;
  std::unordered_map<key, size_t> places_; // of each key in batch_.items
  size_t puts_ = 0;
};

} // namespace toadcache
