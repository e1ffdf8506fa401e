// Layouts of tables from the information_schema of MySQL or MariaDB. Belongs
// to one thread; calls block up to the configured timeouts.
#pragma once

#include "storage/mysql_connection.hpp"
#include "storage/table_layout.hpp"

namespace toadcache {

class mysql_layout final : public layout_source {
public:
  /// The connection must outlive it.
  explicit mysql_layout(mysql_connection& c) : connection_(c) {}
  result<table_layout> look_up(const std::string& schema,
                               const std::string& table) override;

private:
  mysql_connection& connection_;
};

} // namespace toadcache
