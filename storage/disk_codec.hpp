// The bytes of a row or list in the cache file: zstd from a size on, and a
// checksum that binds them to their key. Thread-safe; O(size) each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/disk_entry.hpp"

namespace toadcache {

struct stored_content {
  std::string bytes;
  bool compressed = false;
};

/// The content of a row, or the keys of a list. Empty when there is nothing to
/// store: no row, or a list of anything but rows of its own type.
[[nodiscard]] std::optional<stored_content>
encode_content(const disk_entry& entry, size_t compress_from_bytes);

/// Fills `entry.content` or `entry.list`, by `entry.id`. False: damaged.
[[nodiscard]] bool decode_content(std::string_view bytes, bool compressed,
                                  disk_entry& entry);

/// XXH3 over everything that gives the stored bytes their meaning. `type` is
/// the entity's name; `run` the number of the run that wrote them.
[[nodiscard]] uint64_t content_checksum(std::string_view type, const key& id,
                                        int64_t run, int64_t fetched,
                                        std::string_view bytes,
                                        bool compressed);

} // namespace toadcache
