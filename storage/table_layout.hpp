// The real columns of a table, in their order, as the server has them now: the
// log names columns by number only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"

namespace toadcache {

struct table_layout {
  struct column {
    std::string name;
    std::string sql_type;   ///< as the server writes it: "varchar(100)"
    std::string charset;    ///< of text: "utf8mb4"; else empty
    uint64_t max_bytes = 0; ///< of text and bytes; else 0
    friend bool operator==(const column&, const column&) = default;
  };
  std::vector<column> columns; ///< empty: no such table
  /// False for views, and where there is no such table.
  bool is_table = false;
  /// A statement on it may change other tables.
  bool has_triggers = false;
  friend bool operator==(const table_layout&, const table_layout&) = default;
};

/// Where layouts come from. Belongs to one thread; may block.
class layout_source {
public:
  virtual ~layout_source() = default;
  /// errc::unavailable: ask again later.
  virtual result<table_layout> look_up(const std::string& schema,
                                       const std::string& table)
      = 0;
};

} // namespace toadcache
