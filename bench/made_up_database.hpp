// A database that has a row for every key: nothing behind it but a function, so
// that a cache can be filled as fast as it takes. Reads only; thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "storage/database.hpp"

namespace toadcache::bench {

/// Makes the row of an integer primary key.
using row_maker = std::function<row(const entity_type& type, int64_t id)>;

/// Lists and conditions have no rows; writes answer errc::invalid.
[[nodiscard]] std::shared_ptr<database> make_up_database(row_maker make);

} // namespace toadcache::bench
