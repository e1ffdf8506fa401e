// Messages between ENTITY CACHE and PERSISTENCE. All traffic of a type goes
// from its ENTITY CACHE, so CAF's order per sender is the order on disk.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "messages/inspect_model.hpp"
#include "model/disk_entry.hpp"

namespace toadcache {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, disk_entry& x) {
  int64_t fetched = x.fetched.time_since_epoch().count();
  auto load = [&]() -> caf::error {
    x.fetched = wall_time{std::chrono::milliseconds{fetched}};
    return caf::none;
  };
  return f(caf::meta::type_name("disk_entry"), x.id, x.content, x.list, fetched,
           x.current_run, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, invalidation_record& x) {
  int64_t at = x.at.time_since_epoch().count();
  auto load = [&]() -> caf::error {
    x.at = wall_time{std::chrono::milliseconds{at}};
    return caf::none;
  };
  return f(caf::meta::type_name("invalidation_record"), at, x.scope, x.entity,
           x.id, x.source, caf::meta::load_callback(load));
}

/// Puts, in order. No reply: a put that is shed or fails counts as an erase,
/// and the type's ENTITY CACHE hears of it as `erase_entries`.
struct put_entries {
  std::vector<disk_entry> entries;
  friend bool operator==(const put_entries&, const put_entries&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, put_entries& x) {
  return f(caf::meta::type_name("put_entries"), x.entries);
}

/// Erases, in order. No reply: the place in the queue is what counts. When one
/// fails the tier closes before any later load.
struct erase_entries {
  std::vector<key> ids;
  friend bool operator==(const erase_entries&, const erase_entries&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, erase_entries& x) {
  return f(caf::meta::type_name("erase_entries"), x.ids);
}

/// Removes everything of a type.
struct erase_type {
  entity_id type = 0;
  friend bool operator==(const erase_type&, const erase_type&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, erase_type& x) {
  return f(caf::meta::type_name("erase_type"), x.type);
}

/// Answered with `loaded_entries` after everything sent earlier is applied, or
/// errc::tier_closed.
struct load_entries {
  std::vector<key> ids;
  friend bool operator==(const load_entries&, const load_entries&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, load_entries& x) {
  return f(caf::meta::type_name("load_entries"), x.ids);
}

struct loaded_entries {
  std::vector<disk_entry> entries; ///< missing ones absent
  friend bool operator==(const loaded_entries&, const loaded_entries&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, loaded_entries& x) {
  return f(caf::meta::type_name("loaded_entries"), x.entries);
}

/// One slice of the keys on disk of a type. errc::tier_closed.
struct scan_keys {
  entity_id type = 0;
  int64_t after = 0;
  friend bool operator==(const scan_keys&, const scan_keys&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, scan_keys& x) {
  return f(caf::meta::type_name("scan_keys"), x.type, x.after);
}

struct scanned_keys {
  /// With: whether a change feed that goes on from the checkpoint of the
  /// earlier run makes it current.
  std::vector<std::pair<key, bool>> keys;
  int64_t last = 0;        ///< continue after it
  bool clean_start = true; ///< the earlier run ended cleanly
  friend bool operator==(const scanned_keys&, const scanned_keys&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, scanned_keys& x) {
  return f(caf::meta::type_name("scanned_keys"), x.keys, x.last, x.clean_start);
}

/// From CHANGE FEED, before it follows the log. Answered when the first attempt
/// to open the file has ended, once per process: later nobody knows which
/// entries were followed.
struct read_checkpoint {
  friend bool operator==(const read_checkpoint&, const read_checkpoint&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, read_checkpoint&) {
  return f(caf::meta::type_name("read_checkpoint"));
}

struct checkpoint_found {
  std::string text; ///< as stored; empty: none
  friend bool operator==(const checkpoint_found&, const checkpoint_found&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, checkpoint_found& x) {
  return f(caf::meta::type_name("checkpoint_found"), x.text);
}

/// From CHANGE FEED, after every ENTITY CACHE has sent what follows from the
/// log up to there. No reply.
struct store_checkpoint {
  enum class kind_type : uint8_t {
    goes_on,   ///< from the last one
    begins,    ///< changes before it were missed: a new run
    continues, ///< from the one that was found: entries of that run are current
  };
  std::string text; ///< not empty
  kind_type kind = kind_type::goes_on;
  friend bool operator==(const store_checkpoint&, const store_checkpoint&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, store_checkpoint& x) {
  auto kind = static_cast<uint8_t>(x.kind);
  auto load = [&]() -> caf::error {
    x.kind = static_cast<store_checkpoint::kind_type>(kind);
    return caf::none;
  };
  return f(caf::meta::type_name("store_checkpoint"), x.text, kind,
           caf::meta::load_callback(load));
}

/// For the invalidation log; no reply.
struct log_invalidation {
  invalidation_record record;
  friend bool operator==(const log_invalidation&, const log_invalidation&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_invalidation& x) {
  return f(caf::meta::type_name("log_invalidation"), x.record);
}

struct read_log {
  uint64_t limit = 100;
  friend bool operator==(const read_log&, const read_log&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, read_log& x) {
  return f(caf::meta::type_name("read_log"), x.limit);
}

struct log_records {
  std::vector<invalidation_record> records;
  friend bool operator==(const log_records&, const log_records&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_records& x) {
  return f(caf::meta::type_name("log_records"), x.records);
}

/// Commits what is pending. Answered when it is on disk.
struct flush_disk {
  friend bool operator==(const flush_disk&, const flush_disk&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, flush_disk&) {
  return f(caf::meta::type_name("flush_disk"));
}

struct flushed_disk {
  friend bool operator==(const flushed_disk&, const flushed_disk&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, flushed_disk&) {
  return f(caf::meta::type_name("flushed_disk"));
}

} // namespace toadcache
