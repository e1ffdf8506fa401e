#include "storage/mysql_connection.hpp"

#include <algorithm>
#include <random>

#include <cppconn/driver.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>

namespace toadcache {

namespace {

// The driver keeps state per thread; this ends with the thread.
struct driver_thread {
  sql::Driver* driver = get_driver_instance();
  driver_thread() { driver->threadInit(); }
  driver_thread(const driver_thread&) = delete;
  driver_thread& operator=(const driver_thread&) = delete;
  ~driver_thread() { driver->threadEnd(); }
};

sql::Driver& driver() {
  thread_local driver_thread here;
  return *here.driver;
}

/// Whole seconds, at least one, never shorter than asked.
int seconds_of(milliseconds t) {
  return static_cast<int>(std::max<int64_t>(1, (t.count() + 999) / 1000));
}

bool is_socket(const std::string& host) {
  return host.find('/') != std::string::npos;
}

sql::ConnectOptionsMap connect_options(const database_options& o) {
  auto text = [](const std::string& s) { return sql::SQLString(s); };
  auto address
      = o.host.find(':') != std::string::npos ? "[" + o.host + "]" : o.host;
  sql::ConnectOptionsMap out;
  out["hostName"] = text(is_socket(o.host) ? "unix://" + o.host
                                           : "tcp://" + address + ":"
                                                 + std::to_string(o.port));
  out["userName"] = text(o.user);
  out["password"] = text(o.password);
  out["schema"] = text(o.schema);
  out["OPT_CHARSET_NAME"] = text("utf8mb4");
  out["OPT_CONNECT_TIMEOUT"] = seconds_of(o.connect_timeout);
  out["OPT_READ_TIMEOUT"] = seconds_of(o.read_timeout);
  out["OPT_WRITE_TIMEOUT"] = seconds_of(o.write_timeout);
  out["CLIENT_FOUND_ROWS"] = true; // UPDATE counts matched rows
  // OPT_SSL_MODE would be ignored silently.
  out["sslVerify"] = o.tls && o.tls_verify;
  if (o.tls) {
    out["sslEnforce"] = true;
    if (!o.tls_ca.empty())
      out["sslCA"] = text(o.tls_ca);
  }
  return out;
}

std::string random_name() {
  std::random_device source;
  std::string out = "toadcache:";
  for (int i = 0; i < 32; ++i)
    out += "0123456789abcdef"[source() % 16];
  return out;
}

} // namespace

result<std::unique_ptr<mysql_connection>>
mysql_connection::open(const database_options& o) {
  std::unique_ptr<mysql_connection> out{new mysql_connection};
  auto where = describe(o);
  auto done = out->attempt(where, [&]() -> result<void> {
    auto options = connect_options(o);
    out->connection_.reset(driver().connect(options));
    out->set_up(o);
    out->take_lock();
    return {};
  });
  if (done)
    return out;
  auto why = done.error();
  if (why.code != errc::internal)
    why.code = errc::unavailable; // whatever the reason, nothing was changed
  return fail(std::move(why));
}

mysql_connection::~mysql_connection() {
  statements_.clear(); // before their connection
}

std::string mysql_connection::describe(const database_options& o) {
  return "mysql "
         + (is_socket(o.host) ? o.host : o.host + ":" + std::to_string(o.port))
         + "/" + o.schema;
}

void mysql_connection::set_up(const database_options& o) {
  // Without verification the client library would go on in clear text when the
  // server offers no TLS.
  if (o.tls && !is_encrypted())
    throw sql::SQLException("expected TLS, but the server offers none", "08000",
                            2026);
  version_ = query("SELECT VERSION()").at(0).at(0).value_or("");
  mariadb_ = version_.find("MariaDB") != std::string::npos;
  bool logs_statements = false;
  for (auto& variable : query("SHOW VARIABLES WHERE Variable_name IN "
                              "('binlog_format', 'log_bin')"))
    logs_statements = logs_statements || variable.at(1) == "STATEMENT";
  execute(std::string{"SET SESSION TRANSACTION ISOLATION LEVEL "}
          + (logs_statements ? "REPEATABLE READ" : "READ COMMITTED"));
  // For row locks, and for tables that are just being altered.
  auto lock_wait = std::to_string(seconds_of(o.lock_wait_timeout));
  // Strict: nothing is cut or changed silently. An id of 0 is stored as 0.
  std::string set = "SET SESSION sql_mode = 'STRICT_ALL_TABLES,"
                    "NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,"
                    "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', "
                    "time_zone = '+00:00', innodb_lock_wait_timeout = "
                    + lock_wait + ", lock_wait_timeout = " + lock_wait;
  auto limit = o.statement_timeout.count();
  if (mariadb_)
    // The second keeps long IN lists ranges over the index.
    set += ", max_statement_time = " + std::to_string(limit)
           + " / 1000"
             ", in_predicate_conversion_threshold = 0";
  else
    set += ", max_execution_time = " + std::to_string(limit);
  execute(set);
}

bool mysql_connection::is_encrypted() {
  auto cipher = query("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
  return !cipher.empty() && !cipher[0].at(1).value_or("").empty();
}

void mysql_connection::take_lock() {
  auto number = query("SELECT CONNECTION_ID()").at(0).at(0).value_or("");
  auto name = random_name();
  try {
    query("SELECT GET_LOCK('" + name + "', 0)");
  } catch (const sql::SQLException& e) {
    if (mysql_code(e.getErrorCode()) == errc::unavailable)
      throw;
    name.clear(); // some clusters forbid user locks; the number must do
  }
  id_ = number + "/" + name;
}

sql::PreparedStatement& mysql_connection::prepare(const std::string& text) {
  if (auto* held = statements_.find(text))
    return *held;
  std::unique_ptr<sql::PreparedStatement> fresh{
      connection_->prepareStatement(text)};
  return *statements_.add(text, std::move(fresh));
}

void mysql_connection::execute(const std::string& text) {
  std::unique_ptr<sql::Statement> s{connection_->createStatement()};
  s->execute(text);
}

mysql_connection::texts mysql_connection::query(const std::string& text) {
  std::unique_ptr<sql::Statement> s{connection_->createStatement()};
  std::unique_ptr<sql::ResultSet> found{s->executeQuery(text)};
  auto columns = found->getMetaData()->getColumnCount();
  texts out;
  while (found->next()) {
    auto& row = out.emplace_back();
    for (unsigned i = 1; i <= columns; ++i) {
      auto value = found->getString(i);
      row.push_back(found->wasNull()
                        ? std::nullopt
                        : std::optional<std::string>{value.asStdString()});
    }
  }
  return out;
}

} // namespace toadcache
