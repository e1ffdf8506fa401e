// Column values of the replication log: where one ends, and what it is as a
// value of a row, exactly as a SELECT through the product reads it. Pure
// functions over foreign bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"
#include "storage/binlog_table_map.hpp"
#include "storage/byte_cursor.hpp"
#include "storage/table_layout.hpp"

namespace toadcache {

/// How one column of a table map becomes a column of a row.
struct column_reader {
  wire_type type = wire_type::null; ///< with enumeration and set told apart
  uint16_t meta = 0;
  bool is_unsigned = false;
  /// False: the bytes can be passed over, but not understood.
  bool readable = true;
  bool from_latin1 = false;
  size_t padded_bytes = 0;         ///< BINARY: zeros fill up to this
  std::vector<std::string> labels; ///< of enumeration and set
};

/// nullopt: the live column is not what the log describes (it was altered
/// since), or is of a type whose size the log does not tell.
[[nodiscard]] std::optional<column_reader>
make_reader(const table_map_event::column& logged, bool signs,
            const table_layout::column& live);

/// True when a SELECT, too, would take the column as one of that type.
[[nodiscard]] bool yields(const column_reader& r, column_type wanted) noexcept;

/// The bytes of the next value, which is not NULL; fails with `c`.
[[nodiscard]] std::string_view take_value(byte_cursor& c,
                                          const column_reader& r) noexcept;

/// What they mean. nullopt: they make no sense. Requires: `r.readable`.
[[nodiscard]] std::optional<value> value_of(std::string_view bytes,
                                            const column_reader& r);

} // namespace toadcache
