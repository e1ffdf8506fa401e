// The disk tier's file behind an interface: SQLite in the product, memory in
// deterministic tests. Owned by PERSISTENCE; every call may block; not
// thread-safe. No call throws.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/options.hpp"
#include "model/disk_entry.hpp"

namespace toadcache {

/// What `open` found.
struct store_opening {
  bool existed = false;
  bool clean = false; ///< the earlier run ended with close()
  /// Set when an unusable file was moved aside: its new name and the reason.
  std::string moved_to;
  std::string reason;
  /// As the last batch stored it; absent: none, or one that fails its check.
  std::optional<std::string> checkpoint;
};

class cache_store {
public:
  virtual ~cache_store() = default;

  /// Opens or creates the file and puts the unclean marker on disk before it
  /// returns. A corrupt or foreign file, another schema, catalog or database is
  /// moved aside (kept) and a new one built. errc::tier_closed: locked by
  /// another process (never moved aside), full, or not writable.
  virtual result<store_opening> open() = 0;

  /// All puts, erases and records, in order, in one commit.
  struct batch {
    /// A put, or with `erase` the removal of the entry.
    struct item {
      disk_entry entry;
      bool erase = false;
    };
    std::vector<item> items;
    std::vector<entity_id> flushed_types; ///< removed whole, before `items`
    std::vector<invalidation_record> records;
    /// Replaces the one before: how far the entries of this run follow the
    /// database, once all else of the batch is applied. Opaque.
    std::optional<std::string> checkpoint;
  };
  /// After a failure nothing of the batch is applied. errc::corrupt, from this
  /// and every other call: the file was given up and moved aside; another
  /// open() builds a new one.
  virtual result<void> apply(const batch& b) = 0;

  /// Entries of the keys; missing and damaged ones are absent (damaged ones are
  /// removed and counted). Distinguishes runs (disk_entry::current_run).
  virtual result<std::vector<disk_entry>> load(std::span<const key> ids) = 0;

  /// From now on entries are of a new run, and those before of an earlier one.
  virtual result<void> begin_run() = 0;
  /// From now on entries are of the run whose checkpoint `open` found: those
  /// that it left are current again. Requires: there was one.
  virtual result<void> continue_run() = 0;

  /// Keys of one type with whether they are of the current run, or of the run
  /// whose checkpoint `open` found, in slices: continues after `after` (a
  /// rowid; 0 starts). Empty: the end.
  struct key_slice {
    std::vector<std::pair<key, bool>> keys;
    int64_t last = 0;
  };
  virtual result<key_slice> scan(entity_id type, int64_t after, size_t limit)
      = 0;

  /// Removes what is older than the persistent TTL, then the oldest entries
  /// until the file is below its bound; about `limit` entries at most. The keys
  /// removed; fewer than `limit`: nothing is left to remove.
  virtual result<std::vector<key>> clean_up(wall_time now, size_t limit) = 0;

  /// The newest `limit` records, newest first.
  virtual result<std::vector<invalidation_record>> log(size_t limit) = 0;

  struct store_statistics {
    uint64_t rows = 0;
    uint64_t lists = 0;
    uint64_t bytes = 0;
    uint64_t damaged = 0;
  };
  virtual result<store_statistics> statistics() = 0;

  /// Everything is on disk and the clean marker set.
  virtual result<void> close() = 0;
};

/// The SQLite store. `database_identity` binds the file to the data it caches.
[[nodiscard]] std::unique_ptr<cache_store>
make_cache_store(const persistence_options& o, catalog_ptr c,
                 std::string database_identity, planted_bugs planted = {});

} // namespace toadcache
