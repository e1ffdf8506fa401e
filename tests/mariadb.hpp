// A private MariaDB for tests: own folder, own unix socket, small buffers, runs
// as the current user and is removed with the object, also when the test
// program dies. Commits are durable, so that it can be killed in earnest.
// Throws std::runtime_error with the server's own words where it cannot serve.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "config/options.hpp"
#include "tests/temporary_folder.hpp"

namespace toadcache::tests {

class mariadb_server {
public:
  struct settings {
    bool binlog = false; ///< row-based, with GTIDs
    bool tcp = false;    ///< also on a free port of 127.0.0.1
    /// Further options of the server: "--innodb-lock-wait-timeout=1".
    std::vector<std::string> arguments;
  };

  /// Starts a server on a fresh data folder; takes about a second.
  mariadb_server();
  explicit mariadb_server(settings s);
  mariadb_server(const mariadb_server&) = delete;
  mariadb_server& operator=(const mariadb_server&) = delete;
  ~mariadb_server();

  /// Starts it on its data; returns when it serves. Requires: not running.
  void start();
  /// Orderly end. Does nothing when it does not run.
  void stop();
  /// SIGKILL, as by a crash. Does nothing when it does not run.
  void kill();
  /// SIGSTOP and SIGCONT: alive, but silent.
  void freeze();
  void thaw();

  [[nodiscard]] bool running() const noexcept { return pid_ > 0; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  [[nodiscard]] std::string socket() const;
  /// The process that, once this one has died, kills the server, removes its
  /// folder and then ends itself.
  [[nodiscard]] pid_t guard() const noexcept { return guard_; }
  /// 0 unless settings::tcp.
  [[nodiscard]] uint16_t port() const noexcept { return port_; }

  /// How to reach `schema` as root over the unix socket.
  [[nodiscard]] database_options options(const std::string& schema) const;

  /// Runs statements on one connection, as another program would (in `schema`
  /// where it is not empty). Rows of the last, values as text, NULL as "NULL".
  std::vector<std::vector<std::string>>
  run(const std::vector<std::string>& statements,
      const std::string& schema = {}) const;
  std::vector<std::vector<std::string>>
  sql(const std::string& statement, const std::string& schema = {}) const {
    return run(std::vector<std::string>{statement}, schema);
  }

  /// Creates an empty schema (utf8mb4_general_ci), dropping an older one.
  void create_schema(const std::string& name) const;

  /// The end of the server's own log.
  [[nodiscard]] std::string log_tail() const;

private:
  void spawn();
  void await_ready();
  void end(int signal);
  void start_guard();
  void end_guard() noexcept;
  [[nodiscard]] std::vector<std::string> command() const;
  [[noreturn]] void fail_with(const std::string& what) const;

  settings settings_;
  temporary_folder folder_;
  pid_t pid_ = -1;
  pid_t guard_ = -1;    ///< kills the server when this process dies
  int guard_pipe_ = -1; ///< its end of file is this process's end
  int notify_ = -1;     ///< where the server says that it is ready
  uint16_t port_ = 0;
};

} // namespace toadcache::tests
