#include "storage/mysql_check.hpp"

#include <charconv>
#include <map>

namespace toadcache {

namespace {

using variables = std::map<std::string, std::string>;

/// A server closes idle connections after this; below, the pool reconnects all
/// the time.
constexpr int64_t least_wait_seconds = 30;
/// A row with two texts of 64 KiB must pass, also as a parameter.
constexpr int64_t least_packet_bytes = 1 << 20;

variables read_variables(mysql_connection& c) {
  variables out;
  for (auto& row : c.query(
           "SHOW VARIABLES WHERE Variable_name IN ('time_zone', 'sql_mode', "
           "'wait_timeout', 'max_allowed_packet', 'binlog_format', 'log_bin', "
           "'innodb_flush_log_at_trx_commit', 'character_set_connection', "
           "'innodb_lock_wait_timeout')"))
    out[row.at(0).value_or("")] = row.at(1).value_or("");
  return out;
}

int64_t number(const std::string& text) {
  int64_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

/// {major, minor} of "10.11.6-MariaDB-1".
std::pair<int64_t, int64_t> version_of(const std::string& text) {
  auto dot = text.find('.');
  return {number(text),
          dot == std::string::npos ? 0 : number(text.substr(dot + 1))};
}

void check_version(const mysql_connection& c,
                   std::vector<setting_problem>& out) {
  auto least = c.is_mariadb() ? std::pair<int64_t, int64_t>{10, 5}
                              : std::pair<int64_t, int64_t>{5, 7};
  if (version_of(c.version()) < least)
    out.push_back({"server version " + c.version() + ": expected "
                       + (c.is_mariadb() ? "MariaDB 10.5" : "MySQL 5.7")
                       + " or later",
                   "", true});
}

void check_engines(mysql_connection& c, std::vector<setting_problem>& out) {
  for (auto& row :
       c.query("SELECT TABLE_NAME, ENGINE FROM information_schema.TABLES "
               "WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' "
               "AND ENGINE <> 'InnoDB' ORDER BY TABLE_NAME")) {
    auto table = row.at(0).value_or("");
    out.push_back({"table " + table + ": expected engine InnoDB, found "
                       + row.at(1).value_or("") + ", which has no transactions",
                   "ALTER TABLE `" + table + "` ENGINE=InnoDB;", true});
  }
}

void check_variables(const variables& v, const database_options& o,
                     std::vector<setting_problem>& out) {
  auto at = [&](const char* name) {
    auto i = v.find(name);
    return i == v.end() ? std::string{} : i->second;
  };
  if (at("time_zone") != "+00:00")
    out.push_back(
        {"the session's time zone is " + at("time_zone") + ": expected +00:00",
         "SET time_zone = '+00:00';", true});
  if (at("sql_mode").find("STRICT_ALL_TABLES") == std::string::npos)
    out.push_back({"the session's sql_mode is not strict: values would be cut "
                   "silently",
                   "SET sql_mode = 'STRICT_ALL_TABLES';", true});
  if (at("character_set_connection") != "utf8mb4")
    out.push_back({"the session's character set is "
                       + at("character_set_connection") + ": expected utf8mb4",
                   "SET NAMES utf8mb4;", true});
  if (number(at("wait_timeout")) < least_wait_seconds)
    out.push_back({"wait_timeout is " + at("wait_timeout")
                       + " s: idle connections are cut off",
                   "SET GLOBAL wait_timeout = 28800;", false});
  if (number(at("max_allowed_packet")) < least_packet_bytes)
    out.push_back({"max_allowed_packet is " + at("max_allowed_packet")
                       + ": large rows are refused",
                   "SET GLOBAL max_allowed_packet = 16777216;", false});
  if (at("innodb_flush_log_at_trx_commit") != "1")
    out.push_back({"innodb_flush_log_at_trx_commit is "
                       + at("innodb_flush_log_at_trx_commit")
                       + ": acknowledged writes can be lost in a crash",
                   "SET GLOBAL innodb_flush_log_at_trx_commit = 1;", false});
  if (at("log_bin") == "ON" && at("binlog_format") == "STATEMENT")
    out.push_back({"binlog_format is STATEMENT: transactions run in REPEATABLE "
                   "READ, and no change feed can follow",
                   "SET GLOBAL binlog_format = 'ROW';", false});
  auto lock_wait = milliseconds{number(at("innodb_lock_wait_timeout")) * 1000};
  for (auto limit : {lock_wait, o.statement_timeout})
    if (limit >= o.read_timeout)
      out.push_back({"a statement may take " + std::to_string(limit.count())
                         + " ms on the server, longer than the read timeout of "
                         + std::to_string(o.read_timeout.count())
                         + " ms: its outcome would be unknown",
                     "", true});
}

} // namespace

std::vector<setting_problem> mysql_problems(mysql_connection& c,
                                            const database_options& o) {
  std::vector<setting_problem> out;
  check_version(c, out);
  check_engines(c, out);
  check_variables(read_variables(c), o, out);
  return out;
}

} // namespace toadcache
