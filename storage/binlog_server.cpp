#include "storage/binlog_server.hpp"

#include <charconv>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/gtid_set.hpp"
#include "storage/mysql_sql.hpp"

namespace toadcache {

namespace {

constexpr int syntax_error = 1064;
/// How often a log that grows is asked for a moment of rest.
constexpr int attempts_count = 20;

std::string hashed(const std::string& text) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto hash = XXH3_64bits(text.data(), text.size());
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4)
    out += digits[hash >> shift & 15];
  return out;
}

std::string one(mysql_connection& c, const std::string& query) {
  return c.query(query).at(0).at(0).value_or("");
}

position place_in(const mysql_connection::texts& status) {
  position out;
  if (status.empty())
    return out;
  auto& f = status[0];
  out.file = f.at(0).value_or("");
  auto offset = f.at(1).value_or("");
  std::from_chars(offset.data(), offset.data() + offset.size(), out.offset);
  return out;
}

std::string canonical(const std::string& gtids) {
  auto set = gtid_set::parse(gtids);
  return set ? set->text() : std::string{};
}

} // namespace

std::string log_source(mysql_connection& c) {
  // The hash keeps tokens short, and paths to itself.
  return c.is_mariadb()
             ? "mariadb-"
                   + hashed(one(c, "SELECT CONCAT_WS('/', @@hostname, "
                                   "@@datadir, @@port, @@server_id)"))
             : "mysql-" + one(c, "SELECT @@server_uuid");
}

mysql_connection::texts log_status(mysql_connection& c) {
  try {
    return c.query(c.is_mariadb() ? "SHOW MASTER STATUS"
                                  : "SHOW BINARY LOG STATUS");
  } catch (const sql::SQLException& e) {
    if (e.getErrorCode() != syntax_error)
      throw;
    return c.query("SHOW MASTER STATUS"); // MySQL before 8.2
  }
}

position log_end(mysql_connection& c) {
  auto source = log_source(c);
  for (int i = 0;; ++i) {
    auto status = log_status(c);
    auto out = place_in(status);
    out.source = source;
    if (out.file.empty())
      return out;
    if (!c.is_mariadb()) {
      out.gtid = canonical(status[0].at(4).value_or(""));
      return out;
    }
    // Two answers: they belong together if the log stood still between them.
    out.gtid = canonical(one(c, "SELECT @@global.gtid_binlog_pos"));
    auto after = place_in(log_status(c));
    if (after.file == out.file && after.offset == out.offset)
      return out;
    if (i < attempts_count)
      continue;
    out.gtid
        = canonical(one(c, "SELECT BINLOG_GTID_POS(" + mysql_literal(out.file)
                               + ", " + std::to_string(out.offset) + ")"));
    return out;
  }
}

std::string committed_gtids(mysql_connection& c) {
  return canonical(one(c, c.is_mariadb() ? "SELECT @@global.gtid_binlog_pos"
                                         : "SELECT @@global.gtid_executed"));
}

} // namespace toadcache
