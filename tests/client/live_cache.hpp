// A cache with its real actors on an embedded database in a folder of its own.
#pragma once

#include <stdexcept>
#include <string>

#include "client/cache.hpp"
#include "storage/database.hpp"
#include "tests/temporary_folder.hpp"

namespace toadcache::tests {

/// Requires that it holds a value; the value.
template <class T>
T must(result<T> r) {
  if (!r)
    throw std::runtime_error(to_string(r.error()));
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

/// The tables exist, the rest is empty.
class live_database {
public:
  live_database() {
    config.database.file = (folder_.path() / "origin.db").string();
    config.persistence.file = (folder_.path() / "cache.db").string();
    config.log_level = "off";
    types = must(catalog::load(""));
    auto source = must(make_database(config.database, types));
    must(source->create_schema(*types));
  }

  /// Another cache on the same database, as another process would have; without
  /// a disk tier, since a cache file has one owner.
  [[nodiscard]] cache open(bool disk = false) const {
    cache_parts parts;
    parts.config = config;
    parts.types = types;
    parts.disk = disk;
    return must(cache::open(std::move(parts)));
  }

  options config;
  catalog_ptr types;

private:
  temporary_folder folder_;
};

} // namespace toadcache::tests
