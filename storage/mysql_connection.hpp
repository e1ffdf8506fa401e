// One connection to MySQL or MariaDB with its prepared statements and a session
// whose settings are always the same. Owned by one object and used by one
// thread at a time; every call may block up to the configured timeouts.
//
// Inside, the driver's exceptions pass; `attempt` ends them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <cppconn/connection.h>
#include <cppconn/prepared_statement.h>

#include "config/options.hpp"
#include "storage/mysql_error.hpp"
#include "storage/statement_cache.hpp"

namespace toadcache {

class mysql_connection {
public:
  /// Prepared statements held per connection; texts are few (padding).
  static constexpr size_t statements_count = 128;

  /// Connects and sets the session up: utf8mb4, UTC, strict sql_mode, READ
  /// COMMITTED (REPEATABLE READ where the server logs statements), limits for
  /// locks and statements; UPDATE counts matched rows. errc::unavailable.
  [[nodiscard]] static result<std::unique_ptr<mysql_connection>>
  open(const database_options& o);
  mysql_connection(const mysql_connection&) = delete;
  mysql_connection& operator=(const mysql_connection&) = delete;
  ~mysql_connection();

  /// "mysql 127.0.0.1:3306/toad", never the password.
  [[nodiscard]] static std::string describe(const database_options& o);

  [[nodiscard]] bool is_mariadb() const noexcept { return mariadb_; }
  /// As the server says it: "10.11.6-MariaDB".
  [[nodiscard]] const std::string& version() const noexcept { return version_; }
  /// False once it is lost: no call will succeed any more.
  [[nodiscard]] bool usable() const noexcept { return usable_; }
  void give_up() noexcept { usable_ = false; }

  /// The connection's number on the server and the name of the user lock that
  /// it holds for as long as it exists there: "<number>/<name>".
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// Runs `f`, which yields some result<T>; exceptions become failures that
  /// begin with `where`. A lost connection becomes unusable.
  template <class F>
  auto attempt(std::string_view where, F f) noexcept -> decltype(f()) {
    try {
      return f();
    } catch (const sql::SQLException& e) {
      auto why = mysql_failure(e, where);
      if (why.code == errc::unavailable || why.code == errc::internal)
        usable_ = false;
      return fail(std::move(why));
    } catch (const std::exception& e) {
      usable_ = false; // a result may be half read
      return fail(errc::internal, std::string{where} + ": " + e.what());
    }
  }

  // -- these throw ------------------------------------------------------------

  /// From the cache, or prepared. Valid until the next call.
  sql::PreparedStatement& prepare(const std::string& text);
  void execute(const std::string& text);
  /// All rows as text.
  using texts = std::vector<std::vector<std::optional<std::string>>>;
  texts query(const std::string& text);
  bool ping() { return connection_->isValid(); }

private:
  mysql_connection() = default;
  void set_up(const database_options& o);
  bool is_encrypted();
  void take_lock();

  std::unique_ptr<sql::Connection> connection_;
  statement_cache<sql::PreparedStatement> statements_{statements_count};
  std::string version_;
  std::string id_;
  bool mariadb_ = false;
  bool usable_ = true;
};

} // namespace toadcache
