// The tables of a SQLite file as they are. May block on the file.
#pragma once

#include "storage/live_schema.hpp"
#include "storage/sqlite_connection.hpp"

namespace toadcache {

/// The one table that the product itself adds to a file; no entity.
inline constexpr auto sqlite_identity_table = "toadcache_identity";

/// Every table but SQLite's own and the identity, by name.
[[nodiscard]] result<std::vector<live_table>>
sqlite_tables(sqlite_connection& c);

} // namespace toadcache
