#include "storage/binlog_check.hpp"

#include <algorithm>
#include <map>

#include "storage/binlog_event.hpp"
#include "storage/binlog_server.hpp"
#include "storage/mysql_sql.hpp"

namespace toadcache {

namespace {

using problems = std::vector<setting_problem>;

class variables {
public:
  explicit variables(mysql_connection& c) {
    for (auto& f : c.query(
             "SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_bin', "
             "'binlog_format', 'binlog_row_image', 'server_id', "
             "'log_slave_updates', 'log_replica_updates', "
             "'binlog_transaction_compression', 'binlog_row_value_options', "
             "'mysql56_temporal_format')"))
      all_[f.at(0).value_or("")] = f.at(1).value_or("");
  }
  /// Empty where the server does not know it.
  [[nodiscard]] std::string at(const char* name) const {
    auto i = all_.find(name);
    return i == all_.end() ? std::string{} : i->second;
  }

private:
  std::map<std::string, std::string> all_;
};

/// The parts of "a, b,c".
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    auto end = list.find(',');
    auto part = list.substr(0, end);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    out.emplace_back(part.substr(0, part.find_last_not_of(' ') + 1));
    list = end == std::string_view::npos ? std::string_view{}
                                         : list.substr(end + 1);
  }
  return out;
}

bool contains(const std::vector<std::string>& all, std::string_view wanted) {
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

void check_format(const variables& v, problems& out) {
  auto format = v.at("binlog_format");
  if (format == "STATEMENT")
    out.push_back({"binlog_format is STATEMENT: the log does not tell which "
                   "rows change",
                   "SET GLOBAL binlog_format = 'ROW';", true});
  else if (!format.empty() && format != "ROW")
    out.push_back({"binlog_format is " + format
                       + ": what is logged as a statement flushes its table",
                   "SET GLOBAL binlog_format = 'ROW';", false});
  auto image = v.at("binlog_row_image");
  // FULL_NODUP leaves out of an update's second image what has not changed.
  if (image != "FULL" && image != "FULL_NODUP" && !image.empty())
    out.push_back({"binlog_row_image is " + image
                       + ": changes name the row only, so that lists and "
                         "relations are dropped wholesale",
                   "SET GLOBAL binlog_row_image = 'FULL';", false});
  if (v.at("mysql56_temporal_format") == "OFF")
    out.push_back({"mysql56_temporal_format is OFF: tables made so with "
                   "times in them are flushed at each change",
                   "SET GLOBAL mysql56_temporal_format = ON;", false});
}

/// What no reader of this kind can decode.
void check_decodable(const variables& v, problems& out) {
  constexpr uint8_t compressed = 40;
  constexpr uint8_t partial = 39;
  auto report = [&](uint8_t type) {
    auto why = undecodable(type);
    out.push_back({why.what, why.remedy, true});
  };
  if (v.at("binlog_transaction_compression") == "ON")
    report(compressed);
  if (v.at("binlog_row_value_options").find("PARTIAL_JSON")
      != std::string::npos)
    report(partial);
}

void check_privileges(mysql_connection& c, problems& out) {
  std::vector<std::string> grants;
  for (auto& f : c.query("SHOW GRANTS FOR CURRENT_USER()"))
    grants.push_back(f.at(0).value_or(""));
  auto account = c.query("SELECT CURRENT_USER()").at(0).at(0).value_or("");
  auto at = account.rfind('@');
  auto quoted
      = mysql_literal(account.substr(0, at)) + "@"
        + mysql_literal(at == std::string::npos ? "%" : account.substr(at + 1));
  for (auto& missing : missing_log_privileges(grants, c.is_mariadb()))
    out.push_back({"account " + quoted + " lacks the privilege " + missing
                       + ": it may not follow the log",
                   "GRANT " + missing + " ON *.* TO " + quoted + ";", true});
}

/// Schemas that the server leaves out of its log. Needs the privileges above.
void check_filters(mysql_connection& c, const std::string& schema,
                   problems& out) {
  auto status = log_status(c);
  if (status.empty())
    return;
  auto only = split(status[0].at(2).value_or(""));
  auto without = split(status[0].at(3).value_or(""));
  if ((!only.empty() && !contains(only, schema)) || contains(without, schema))
    out.push_back({"the server leaves schema " + schema
                       + " out of its log (binlog_do_db, binlog_ignore_db)",
                   "[mysqld] binlog_do_db = " + schema, true});
}

/// A replica logs what it is sent only where it is told to.
void check_replica(mysql_connection& c, const variables& v, problems& out) {
  auto updates = v.at("log_replica_updates");
  if (updates.empty())
    updates = v.at("log_slave_updates");
  if (updates != "OFF")
    return;
  bool replica = false;
  for (auto text : {"SHOW REPLICA STATUS", "SHOW SLAVE STATUS"})
    try {
      replica = replica || !c.query(text).empty();
    } catch (const sql::SQLException& e) {
      if (mysql_code(e.getErrorCode()) == errc::unavailable)
        throw;
      // an older server, or no privilege to know
    }
  if (replica)
    out.push_back({"the server is a replica and does not log what it is sent "
                   "(log_slave_updates)",
                   "[mysqld] log_slave_updates = ON", true});
}

} // namespace

std::vector<std::string>
missing_log_privileges(const std::vector<std::string>& grants, bool mariadb) {
  bool dumps = false;
  bool asks = false;
  for (auto& line : grants) {
    auto on = line.find(" ON *.* ");
    if (!line.starts_with("GRANT ") || on == std::string::npos)
      continue;
    auto list = split(std::string_view{line}.substr(6, on - 6));
    auto everything = contains(list, "ALL PRIVILEGES") || contains(list, "ALL");
    dumps = dumps || everything || contains(list, "REPLICATION SLAVE");
    asks = asks || everything || contains(list, "BINLOG MONITOR")
           || contains(list, "REPLICATION CLIENT") || contains(list, "SUPER");
  }
  std::vector<std::string> out;
  if (!dumps)
    out.emplace_back("REPLICATION SLAVE");
  if (!asks)
    out.emplace_back(mariadb ? "BINLOG MONITOR" : "REPLICATION CLIENT");
  return out;
}

std::vector<setting_problem> binlog_problems(mysql_connection& c,
                                             const database_options& o) {
  problems out;
  variables v{c};
  if (v.at("log_bin") != "ON") {
    out.push_back({"log_bin is OFF: the server writes no log to follow",
                   "[mysqld] log_bin = binlog", true});
    return out;
  }
  if (v.at("server_id") == "0")
    out.push_back({"server_id is 0: the server sends its log to nobody",
                   "SET GLOBAL server_id = 1;", true});
  check_format(v, out);
  check_decodable(v, out);
  check_replica(c, v, out);
  auto before = out.size();
  check_privileges(c, out);
  if (out.size() == before)
    check_filters(c, o.schema, out);
  return out;
}

result<std::vector<setting_problem>> check_log(const database_options& o) {
  auto c = mysql_connection::open(o);
  if (!c)
    return fail(std::move(c.error()));
  return (*c)->attempt("replication log", [&] {
    return result<problems>{binlog_problems(**c, o)};
  });
}

} // namespace toadcache
