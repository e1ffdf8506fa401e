// The tables of a MySQL or MariaDB schema as they are. Inside, the driver's
// exceptions pass.
#pragma once

#include "storage/live_schema.hpp"
#include "storage/mysql_connection.hpp"

namespace toadcache {

/// Every base table of the connection's schema, by name. Views are left out
/// with a line in `notes`, as are indexes over parts of columns.
[[nodiscard]] std::vector<live_table>
mysql_tables(mysql_connection& c, std::vector<std::string>& notes);

} // namespace toadcache
