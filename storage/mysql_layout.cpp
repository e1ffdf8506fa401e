#include "storage/mysql_layout.hpp"

#include <charconv>

#include "storage/mysql_sql.hpp"

namespace toadcache {

result<table_layout> mysql_layout::look_up(const std::string& schema,
                                           const std::string& table) {
  auto place = [&](const std::string& prefix) {
    return prefix + "_SCHEMA = " + mysql_literal(schema) + " AND " + prefix
           + "_TABLE = " + mysql_literal(table);
  };
  auto here = "TABLE_SCHEMA = " + mysql_literal(schema)
              + " AND TABLE_NAME = " + mysql_literal(table);
  return connection_.attempt(
      "layout of table " + table, [&]() -> result<table_layout> {
        table_layout out;
        for (auto& f : connection_.query(
                 "SELECT TABLE_TYPE FROM information_schema.TABLES WHERE "
                 + here))
          out.is_table = f.at(0).value_or("") != "VIEW";
        for (auto& f : connection_.query(
                 "SELECT COLUMN_NAME, COLUMN_TYPE, CHARACTER_SET_NAME, "
                 "CHARACTER_OCTET_LENGTH FROM information_schema.COLUMNS "
                 "WHERE "
                 + here + " ORDER BY ORDINAL_POSITION")) {
          table_layout::column c{f.at(0).value_or(""), f.at(1).value_or(""),
                                 f.at(2).value_or(""), 0};
          auto bytes = f.at(3).value_or("0");
          std::from_chars(bytes.data(), bytes.data() + bytes.size(),
                          c.max_bytes);
          out.columns.push_back(std::move(c));
        }
        out.has_triggers
            = !connection_
                   .query("SELECT 1 FROM information_schema.TRIGGERS WHERE "
                          + place("EVENT_OBJECT") + " LIMIT 1")
                   .empty();
        return out;
      });
}

} // namespace toadcache
