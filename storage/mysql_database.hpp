// MySQL or MariaDB as system of record, over Connector/C++. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "config/options.hpp"
#include "storage/database.hpp"

namespace toadcache {

class mysql_connection;

class mysql_database final : public database {
public:
  /// Does not connect.
  mysql_database(database_options o, catalog_ptr c);

  result<std::unique_ptr<session>> connect() override;
  result<void> create_schema(const catalog& c) override;
  result<catalog_ptr> learn(std::vector<std::string>& notes) override;
  result<std::vector<std::string>> compare(const catalog& c) override;
  result<std::vector<setting_problem>> check() override;
  /// MySQL: the server's UUID, which lives in its data folder. MariaDB has
  /// none: host name, data folder, port and server id, which a restart keeps
  /// and another server does not share. Both: the schema.
  result<std::string> identity() override;
  [[nodiscard]] std::string description() const override;

private:
  /// Connects, runs `f(connection)`, which yields some result<T>.
  template <class F>
  auto on_connection(F f);

  const database_options options_;
  const catalog_ptr catalog_;
};

} // namespace toadcache
