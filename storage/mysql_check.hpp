// The server's settings that the contract needs. Inside, the driver's
// exceptions pass.
#pragma once

#include <vector>

#include "config/options.hpp"
#include "storage/database.hpp"
#include "storage/mysql_connection.hpp"

namespace toadcache {

/// What is wrong with server and schema, each with the SQL that mends it.
[[nodiscard]] std::vector<setting_problem>
mysql_problems(mysql_connection& c, const database_options& o);

} // namespace toadcache
