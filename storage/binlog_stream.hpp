// The change stream over the replication log of MariaDB or MySQL. Two
// connections: one receives the log, the other asks about tables and places.
// Belongs to one thread, but for interrupt().
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/options.hpp"
#include "storage/binlog_commits.hpp"
#include "storage/binlog_connection.hpp"
#include "storage/change_stream.hpp"
#include "storage/database.hpp"
#include "storage/mysql_connection.hpp"

namespace toadcache {

class binlog_stream final : public change_stream {
public:
  struct settings {
    database_options database;
    /// How often an idle server wakes next(): what its limit is exceeded by.
    milliseconds heartbeat{100};
    /// Among the server's replicas; 0: drawn anew by each connect, so that two
    /// readers that drew the same one part again.
    uint32_t server_id = 0;
    /// binlog_commits::settings::max_bytes.
    size_t max_commit_bytes = size_t{64} << 20;
    /// Where set, each connect asks first whether the server and the account
    /// are fit (storage/binlog_check): what is fatal makes it fail, and each
    /// other finding is told here, once while it stays.
    std::function<void(const setting_problem&)> on_problem{};
  };
  /// Does not connect.
  binlog_stream(settings s, catalog_ptr types);
  ~binlog_stream() override;

  stream_result<resume_point>
  connect(const std::optional<resume_point>& from) override;
  stream_result<std::optional<logged_commit>> next(milliseconds limit) override;
  [[nodiscard]] const resume_point& place() const noexcept override {
    return place_;
  }
  stream_result<position> probe() override;
  void interrupt() noexcept override;

private:
  /// Where the dump begins, and by what.
  struct start_point {
    resume_point from;
    bool by_gtid = false; ///< another server of the group
  };
  stream_result<void> open_control();
  stream_result<void> check();
  stream_result<start_point>
  choose_start(const std::optional<resume_point>& from);
  stream_result<void> open_log(const start_point& start);
  stream_result<void> await_format();
  stream_result<std::optional<logged_commit>> step();
  void close() noexcept;
  template <class F>
  auto ask(F f)
      -> stream_result<decltype(f(std::declval<mysql_connection&>()))>;
  [[nodiscard]] stream_failure seen(stream_failure f) const;

  const settings settings_;
  const catalog_ptr types_;
  resume_point place_;
  std::unique_ptr<mysql_connection> control_;
  std::unique_ptr<layout_source> layouts_;
  std::unique_ptr<binlog_commits> commits_;
  std::vector<std::string> said_; ///< problems, until they change
  std::atomic<bool> interrupted_{false};
  std::mutex log_mutex_; ///< guards the pointer against interrupt()
  std::unique_ptr<binlog_connection> log_;
};

} // namespace toadcache
