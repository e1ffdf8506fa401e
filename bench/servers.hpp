// The servers that figures are compared with: Redis, memcached and MariaDB,
// each private: a unix socket in a folder of this run, no TCP, nothing of the
// system's own touched. Started when first asked for, stopped at the end, also
// when the program is killed. Main thread only.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/janitor.hpp"
#include "config/options.hpp"
#include "model/error.hpp"
#include "tools/scratch_folder.hpp"

namespace toadcache::bench {

class servers {
public:
  servers();
  /// Stops them.
  ~servers();
  servers(const servers&) = delete;
  servers& operator=(const servers&) = delete;

  /// Paths of their sockets. errc::unavailable says why there is none, the
  /// same each time.
  const result<std::string>& redis();
  const result<std::string>& memcached();
  const result<std::string>& mariadb();

  /// How the cache reaches the MariaDB on that socket.
  [[nodiscard]] static database_options
  mariadb_options(const std::string& socket, const std::string& schema);

  /// A file in the folder of the run, which is removed at the end.
  [[nodiscard]] std::string file(const std::string& name) const {
    return folder_.file(name);
  }
  [[nodiscard]] const std::string& log() const { return log_; }

private:
  using words = std::vector<std::string>;
  template <class F>
  const result<std::string>& once(const std::string& name, F start);
  result<std::string> start(const std::string& name, words command);
  result<std::string> install_mariadb(const std::string& data);
  result<pid_t> launch(words command, const std::string& name);

  scratch_folder folder_;
  std::string log_;
  std::unique_ptr<janitor> janitor_;
  std::map<std::string, result<std::string>> asked_;
  std::vector<pid_t> running_;
};

} // namespace toadcache::bench
