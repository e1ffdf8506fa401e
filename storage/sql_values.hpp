// Values on their way into and out of a database, checked against the catalog,
// so that a table that differs from it is a clear error and never a wrong row.
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "model/catalog.hpp"

namespace toadcache {

/// "table user, column name": where an error is.
[[nodiscard]] std::string place_of(const entity_type& type, size_t column);

/// Characters of UTF-8 text. O(size).
[[nodiscard]] size_t character_count(std::string_view text) noexcept;

/// `v` as the column holds it: coerced to its type, NULL only where allowed, no
/// longer than its length. errc::invalid names table, column and expectation.
[[nodiscard]] result<value> checked_value(const entity_type& type,
                                          size_t column, value v);

/// A row from one value per column, each checked. errc::invalid as above.
[[nodiscard]] result<row> checked_row(const entity_type& type,
                                      std::vector<value> values);

} // namespace toadcache
