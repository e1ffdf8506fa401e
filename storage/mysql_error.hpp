// The server's and the driver's error codes as the product's. Pure functions.
#pragma once

#include <string_view>

#include <cppconn/exception.h>

#include "model/error.hpp"

namespace toadcache {

/// By number alone; the list is in the source. Unknown ones are `invalid`: the
/// server has refused the statement.
[[nodiscard]] errc mysql_code(int number) noexcept;

/// One line: where, the server's words, its number. Never the values of a row
/// that collided.
[[nodiscard]] failure mysql_failure(const sql::SQLException& e,
                                    std::string_view where);

} // namespace toadcache
