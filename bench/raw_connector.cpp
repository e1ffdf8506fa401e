#include "bench/raw_connector.hpp"

#include <cppconn/driver.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>

#include "bench/measure.hpp"

namespace toadcache::bench {

namespace {

std::string quoted(const std::string& name) {
  return "`" + name + "`";
}

} // namespace

raw_connector::raw_connector(const database_options& o) {
  sql::ConnectOptionsMap how;
  how["hostName"] = sql::SQLString("unix://" + o.host);
  how["userName"] = sql::SQLString(o.user);
  how["password"] = sql::SQLString("");
  if (!o.schema.empty())
    how["schema"] = sql::SQLString(o.schema);
  how["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  connection_.reset(get_driver_instance()->connect(how));
  execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
}

void raw_connector::execute(const std::string& text) {
  std::unique_ptr<sql::Statement> s{connection_->createStatement()};
  s->execute(text);
}

sql::PreparedStatement& raw_connector::prepared(const std::string& text) {
  auto& s = statements_[text];
  if (!s)
    s.reset(connection_->prepareStatement(text));
  return *s;
}

size_t raw_connector::select(const entity_type& type, const std::string& column,
                             int64_t id, bool for_update) {
  std::string text = "SELECT ";
  for (auto& c : type.columns)
    text += (&c == type.columns.data() ? "" : ", ") + quoted(c.name);
  text += " FROM " + quoted(type.table) + " WHERE " + quoted(column) + " = ?";
  if (for_update)
    text += " FOR UPDATE";
  auto& s = prepared(text);
  s.setInt64(1, id);
  std::unique_ptr<sql::ResultSet> found{s.executeQuery()};
  size_t rows = 0;
  for (; found->next(); ++rows)
    for (size_t i = 0; i < type.columns.size(); ++i) {
      auto at = static_cast<uint32_t>(i + 1);
      if (found->isNull(at))
        continue;
      if (type.types[i] == column_type::int64)
        keep(found->getInt64(at));
      else
        keep(found->getString(at).length());
    }
  return rows;
}

void raw_connector::update(const entity_type& type, const std::string& column,
                           int64_t id, const std::string& text) {
  auto& s = prepared("UPDATE " + quoted(type.table) + " SET " + quoted(column)
                     + " = ? WHERE " + quoted("id") + " = ?");
  s.setString(1, text);
  s.setInt64(2, id);
  s.executeUpdate();
}

} // namespace toadcache::bench
