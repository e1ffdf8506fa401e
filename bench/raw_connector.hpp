// The peer of misses and writes: Connector/C++ alone, one connection, prepared
// statements, the same SQL as the cache's own session. Blocks; throws
// std::exception on any error. One thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <cppconn/connection.h>
#include <cppconn/prepared_statement.h>

#include "config/options.hpp"
#include "model/catalog.hpp"

namespace toadcache::bench {

class raw_connector {
public:
  /// An empty schema in `o`: none is chosen.
  explicit raw_connector(const database_options& o);

  void execute(const std::string& text);

  /// SELECT of all columns by one integer column, every value taken out of the
  /// result. The number of rows.
  size_t select(const entity_type& type, const std::string& column, int64_t id,
                bool for_update = false);
  /// UPDATE of a text column by primary key `id`.
  void update(const entity_type& type, const std::string& column, int64_t id,
              const std::string& text);
  void begin() { execute("BEGIN"); }
  void commit() { execute("COMMIT"); }

private:
  sql::PreparedStatement& prepared(const std::string& text);

  std::unique_ptr<sql::Connection> connection_;
  std::map<std::string, std::unique_ptr<sql::PreparedStatement>> statements_;
};

} // namespace toadcache::bench
