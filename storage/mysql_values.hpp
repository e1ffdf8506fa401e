// Values between rows and the driver. Inside, the driver's exceptions pass.
#pragma once

#include <istream>
#include <memory>
#include <vector>

#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>

#include "model/catalog.hpp"
#include "storage/sql_text.hpp"

namespace toadcache {

/// Streams that must outlive the execution of the statement they are bound to.
using bound_streams = std::vector<std::unique_ptr<std::istream>>;

[[nodiscard]] bound_streams
bind_parameters(sql::PreparedStatement& s,
                const std::vector<sql_statement::parameter>& parameters);

/// errc::invalid: a column of the result is of a type that the catalog's cannot
/// take exactly (getInt64 on text would quietly yield 0).
[[nodiscard]] result<void> check_columns(const entity_type& type,
                                         sql::ResultSet& rows);

/// The current row. Requires: check_columns has passed.
[[nodiscard]] result<row> current_row(const entity_type& type,
                                      sql::ResultSet& rows);

} // namespace toadcache
