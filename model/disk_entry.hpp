// What the disk tier stores: rows and lists with the time of their fetch, and
// the invalidation log. Values, thread-safe.
#pragma once

#include <chrono>
#include <string>

#include "model/operation.hpp"

namespace toadcache {

/// Seconds and fractions since 1970 on the system clock; the only clock that
/// means anything in a file.
using wall_time = std::chrono::time_point<std::chrono::system_clock,
                                          std::chrono::milliseconds>;

/// A row or a list as stored. Exactly one of `content` and `list` counts,
/// by `id.is_row()`.
struct disk_entry {
  key id;
  row content;
  key_list list;
  wall_time fetched{};
  /// Written by the current run: every change since has been erased in order,
  /// so it may be served. Entries of earlier runs must be revalidated first.
  bool current_run = false;
  friend bool operator==(const disk_entry&, const disk_entry&) = default;
};

/// One line of the invalidation log.
struct invalidation_record {
  wall_time at{};
  std::string scope;  ///< "key", "dependents", "type", "all"
  std::string entity; ///< empty for "all"
  std::string id;     ///< key for people; empty unless a key
  std::string source; ///< "write", "admin", "feed", "peer"
  friend bool operator==(const invalidation_record&, const invalidation_record&)
      = default;
};

} // namespace toadcache
