// A schema on the private MariaDB with the ToadOverlay tables, users in it, and
// caches on it. Main thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "bench/raw_connector.hpp"
#include "bench/recorded_database.hpp"
#include "client/cache.hpp"

namespace toadcache::bench {

class mariadb_world {
public:
  /// Makes the schema anew. Throws std::exception when the server refuses.
  mariadb_world(const std::string& socket, const std::string& schema);

  /// Inserts users of the ranks [first, first + count) directly.
  void add_users(size_t first, size_t count);

  /// A cache on it; `disk_file` empty: without a disk tier.
  [[nodiscard]] cache open(const std::string& disk_file = {}) const;
  /// A connection of the peer's own.
  [[nodiscard]] std::unique_ptr<raw_connector> connect() const {
    return std::make_unique<raw_connector>(config_.database);
  }

  [[nodiscard]] const entity_type& type(std::string_view name) const {
    return *types_->find(name);
  }
  /// What the caches send.
  [[nodiscard]] statement_record& sent() const { return *sent_; }

private:
  options config_;
  catalog_ptr types_;
  std::shared_ptr<statement_record> sent_
      = std::make_shared<statement_record>();
};

} // namespace toadcache::bench
