// The server's settings and the account's privileges that a change stream
// needs. Inside, the driver's exceptions pass, but for check_log.
#pragma once

#include <string>
#include <vector>

#include "config/options.hpp"
#include "storage/database.hpp"
#include "storage/mysql_connection.hpp"

namespace toadcache {

/// What keeps a change stream from working (`fatal`) or makes it work less
/// well, each with the SQL that mends it (with a line of the server's
/// configuration where no SQL can).
[[nodiscard]] std::vector<setting_problem>
binlog_problems(mysql_connection& c, const database_options& o);

/// The same, asked on a connection of its own; blocks up to the timeouts of
/// `o`. errc::unavailable. Nothing throws.
[[nodiscard]] result<std::vector<setting_problem>>
check_log(const database_options& o);

/// Of the privileges that a reader of the log needs, those that no line of
/// SHOW GRANTS gives. A pure function.
[[nodiscard]] std::vector<std::string>
missing_log_privileges(const std::vector<std::string>& grants, bool mariadb);

} // namespace toadcache
