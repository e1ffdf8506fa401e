// What a reader of the log asks the server beside the log itself: who it is,
// where its log ends, what it has committed. Inside, the driver's exceptions
// pass.
#pragma once

#include <string>

#include "model/position.hpp"
#include "storage/mysql_connection.hpp"

namespace toadcache {

/// Identity of the server as a position's source: equal over restarts, unlike
/// another server's.
[[nodiscard]] std::string log_source(mysql_connection& c);

/// The end of the log now. Every commit that was visible before the call is
/// covered. The file is empty where the server writes no log.
[[nodiscard]] position log_end(mysql_connection& c);

/// What the server has committed, as a gtid set; empty where it has no ids.
[[nodiscard]] std::string committed_gtids(mysql_connection& c);

/// One row of SHOW BINARY LOG STATUS, which has several names.
[[nodiscard]] mysql_connection::texts log_status(mysql_connection& c);

} // namespace toadcache
