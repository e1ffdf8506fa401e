// A cache store in memory for deterministic tests: its image outlives the
// stores opened on it as a file outlives processes, and faults can be ordered.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/cache_store.hpp"

namespace toadcache::tests {

/// The "file". Shared by the stores of successive runs; not thread-safe.
struct cache_image {
  struct stored {
    disk_entry entry;
    uint64_t run = 0;
    int64_t place = 0; ///< as a rowid: grows, kept when overwritten
  };
  std::map<std::string, stored> entries; ///< by address_of
  std::vector<invalidation_record> records;
  std::optional<std::pair<uint64_t, std::string>> checkpoint; ///< with its run
  uint64_t run = 0;
  int64_t last_place = 0;
  bool existed = false;
  bool clean = false;
  bool locked = false;
  uint64_t commits = 0; ///< successful batches of all runs
  uint64_t opens = 0;   ///< calls of open()
  std::string identity; ///< of the store that built the content

  // -- faults, set by tests ---------------------------------------------------
  size_t fail_applies = 0; ///< so many next apply() fail with tier_closed
  size_t fail_opens = 0;   ///< so many next open() fail with tier_closed
  bool full = false;       ///< batches with puts fail
  bool corrupt = false;    ///< every call fails; the next open starts anew

  static std::string address_of(const key& id) {
    return std::to_string(id.type()) + '/' + std::to_string(id.index()) + '/'
           + std::string{id.bytes()};
  }
};

class memory_cache_store final : public cache_store {
public:
  memory_cache_store(std::shared_ptr<cache_image> image, persistence_options o,
                     std::string identity = {}, planted_bugs planted = {})
      : image_(std::move(image)), options_(std::move(o)),
        identity_(std::move(identity)), planted_(planted) {}

  /// As the end of a process: without close() the image stays unclean.
  ~memory_cache_store() override {
    if (open_)
      image_->locked = false;
  }

  result<store_opening> open() override {
    ++image_->opens;
    auto shared = image_->locked;
    if (shared && !planted_.has(planted_bug::second_process_on_cache_file))
      return fail(errc::tier_closed, "cache file is in use by another process");
    if (image_->fail_opens > 0) {
      --image_->fail_opens;
      return fail(errc::tier_closed, "cache file cannot be opened");
    }
    store_opening opening;
    if (image_->corrupt || (image_->existed && image_->identity != identity_)) {
      opening.reason
          = image_->corrupt ? "corrupt" : "made for another database";
      opening.moved_to = "moved-aside";
      image_->entries.clear();
      image_->records.clear();
      image_->checkpoint.reset();
      image_->corrupt = image_->existed = image_->clean = false;
    }
    opening.existed = image_->existed;
    opening.clean = image_->clean;
    image_->identity = identity_;
    image_->existed = image_->locked = open_ = true;
    image_->clean = false;
    // Planted: whoever does not notice the other takes its rows for its own.
    run_ = shared ? image_->run : ++image_->run;
    if (image_->checkpoint) {
      followed_ = image_->checkpoint->first;
      opening.checkpoint = image_->checkpoint->second;
    }
    return opening;
  }

  result<void> apply(const batch& b) override {
    if (auto ready = check(); !ready)
      return ready;
    if (image_->fail_applies > 0) {
      --image_->fail_applies;
      return fail(errc::tier_closed, "write failed");
    }
    auto puts = std::any_of(b.items.begin(), b.items.end(),
                            [](auto& item) { return !item.erase; });
    if (image_->full && puts)
      return fail(errc::tier_closed, "file system full");
    for (auto type : b.flushed_types)
      std::erase_if(image_->entries, [&](auto& stored) {
        return stored.second.entry.id.type() == type;
      });
    for (auto& item : b.items) {
      auto address = cache_image::address_of(item.entry.id);
      if (item.erase) {
        image_->entries.erase(address);
        continue;
      }
      auto& stored = image_->entries[address];
      stored.entry = item.entry;
      stored.run = run_;
      if (stored.place == 0)
        stored.place = ++image_->last_place;
    }
    auto& records = image_->records;
    records.insert(records.end(), b.records.begin(), b.records.end());
    if (b.checkpoint)
      image_->checkpoint.emplace(run_, *b.checkpoint);
    ++image_->commits;
    return {};
  }

  result<void> begin_run() override {
    if (auto ready = check(); !ready)
      return ready;
    followed_ = 0;
    run_ = ++image_->run;
    return {};
  }

  result<void> continue_run() override {
    if (auto ready = check(); !ready)
      return ready;
    run_ = followed_;
    return {};
  }

  result<std::vector<disk_entry>> load(std::span<const key> ids) override {
    if (auto ready = check(); !ready)
      return fail(ready.error());
    std::vector<disk_entry> found;
    for (auto& id : ids) {
      auto at = image_->entries.find(cache_image::address_of(id));
      if (at == image_->entries.end())
        continue;
      found.push_back(at->second.entry);
      found.back().current_run
          = at->second.run == run_
            || planted_.has(planted_bug::earlier_run_believed);
    }
    return found;
  }

  result<key_slice> scan(entity_id type, int64_t after, size_t limit) override {
    if (auto ready = check(); !ready)
      return fail(ready.error());
    std::map<int64_t, const cache_image::stored*> ordered;
    for (auto& [address, stored] : image_->entries)
      if (stored.entry.id.type() == type && stored.place > after)
        ordered.emplace(stored.place, &stored);
    key_slice slice;
    slice.last = after;
    for (auto& [place, stored] : ordered) {
      if (slice.keys.size() == limit)
        break;
      slice.keys.emplace_back(
          stored->entry.id,
          stored->run == run_ || stored->run == followed_
              || planted_.has(planted_bug::earlier_run_believed));
      slice.last = place;
    }
    return slice;
  }

  result<std::vector<key>> clean_up(wall_time now, size_t limit) override {
    if (auto ready = check(); !ready)
      return fail(ready.error());
    std::vector<key> removed;
    while (removed.size() < limit && !image_->entries.empty()) {
      auto oldest = std::min_element(
          image_->entries.begin(), image_->entries.end(), [](auto& a, auto& b) {
            return a.second.entry.fetched < b.second.entry.fetched;
          });
      if (oldest->second.entry.fetched + options_.ttl >= now
          && bytes() <= options_.max_bytes)
        break;
      removed.push_back(oldest->second.entry.id);
      image_->entries.erase(oldest);
    }
    return removed;
  }

  result<std::vector<invalidation_record>> log(size_t limit) override {
    if (auto ready = check(); !ready)
      return fail(ready.error());
    std::vector<invalidation_record> newest{image_->records.rbegin(),
                                            image_->records.rend()};
    newest.resize(std::min(limit, newest.size()));
    return newest;
  }

  result<store_statistics> statistics() override {
    if (auto ready = check(); !ready)
      return fail(ready.error());
    store_statistics now;
    for (auto& [address, stored] : image_->entries)
      ++(stored.entry.id.is_row() ? now.rows : now.lists);
    now.bytes = bytes();
    return now;
  }

  result<void> close() override {
    if (auto ready = check(); !ready)
      return ready;
    image_->clean = true;
    image_->locked = open_ = false;
    return {};
  }

private:
  result<void> check() const {
    if (!open_)
      return fail(errc::tier_closed, "cache file is not open");
    if (image_->corrupt)
      return fail(errc::corrupt, "cache file is corrupt");
    return {};
  }
  uint64_t bytes() const {
    uint64_t sum = 0;
    for (auto& [address, stored] : image_->entries) {
      sum += address.size() + stored.entry.content.bytes().size();
      for (auto& id : stored.entry.list)
        sum += id.bytes().size();
    }
    return sum;
  }

  std::shared_ptr<cache_image> image_;
  persistence_options options_;
  std::string identity_;
  planted_bugs planted_;
  uint64_t run_ = 0;
  uint64_t followed_ = 0; ///< the run of the checkpoint found; 0: none
  bool open_ = false;
};

} // namespace toadcache::tests
