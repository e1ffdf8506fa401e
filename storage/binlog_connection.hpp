// The connection over which a server sends its replication log: the client
// library's replication interface, of which the raw bytes are used alone,
// because what it makes of them is wrong in several released versions. Belongs
// to one thread, but for shut_down(). Nothing throws.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/options.hpp"
#include "storage/change_stream.hpp"

namespace toadcache {

class binlog_connection {
public:
  struct settings {
    /// Under which the reader stands at the server, where no other reader or
    /// replica may use it: a second one ends the first.
    uint32_t server_id = 0;
    /// A silent server gives a sign of life this often.
    milliseconds heartbeat{100};
  };
  /// Connects and prepares the session. Blocks up to the timeouts of `o`; its
  /// read timeout is how long a server may then be silent altogether.
  [[nodiscard]] static stream_result<std::unique_ptr<binlog_connection>>
  open(const database_options& o, const settings& s);

  binlog_connection(const binlog_connection&) = delete;
  binlog_connection& operator=(const binlog_connection&) = delete;
  ~binlog_connection();

  /// Asks for the log from a place in a file. Faults come with next().
  /// Requires: not asked before.
  stream_result<void> dump(const std::string& file, uint64_t offset);
  /// MariaDB: asks for everything behind a gtid set.
  stream_result<void> dump_behind(const std::string& gtids);

  /// The next event; its bytes are valid until the next call. Blocks up to a
  /// heartbeat, or the read timeout where the server is silent.
  stream_result<std::string_view> next();

  /// Thread-safe: ends next(), now and later.
  void shut_down() noexcept;

private:
  struct parts;
  explicit binlog_connection(std::unique_ptr<parts> p);
  stream_result<void> execute(const std::string& statement);
  [[nodiscard]] tl::unexpected<stream_failure> failed() const;

  std::unique_ptr<parts> parts_;
};

/// What an error of the server or the client library means to a reader of the
/// log. `words` are its own.
[[nodiscard]] stream_failure log_failure(unsigned number, std::string words);

} // namespace toadcache
