// What most commands start with: configuration, catalog and database. Main
// thread only.
#pragma once

#include <memory>

#include "config/loader.hpp"
#include "storage/database.hpp"

namespace toadcache {

struct opened {
  loaded config;
  catalog_ptr types;
  std::shared_ptr<database> source; ///< not connected
};

/// Loads configuration and catalog and makes the database; reads files. On
/// failure complains and sets `code`; null then.
[[nodiscard]] std::unique_ptr<opened> open_all(const config_sources& sources,
                                               int& code);

} // namespace toadcache
