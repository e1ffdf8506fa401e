// A few lines of memcached's text protocol over a unix socket: as little as
// `set` and `get` need. Blocks. One thread.
#pragma once

#include <string>
#include <string_view>

#include "model/error.hpp"

namespace toadcache::bench {

class memcached_client {
public:
  /// errc::unavailable when it cannot connect.
  [[nodiscard]] static result<memcached_client>
  connect(const std::string& socket);
  memcached_client(memcached_client&& other) noexcept;
  memcached_client& operator=(memcached_client&&) = delete;
  ~memcached_client();

  bool set(std::string_view name, std::string_view content);
  /// The value, valid until the next call; empty when there is none or the
  /// connection broke.
  std::string_view get(std::string_view name);

private:
  explicit memcached_client(int fd) : fd_(fd) {}
  bool send(std::string_view bytes) const;
  /// Reads until the buffer ends with `end`.
  bool receive(std::string_view end);

  int fd_;
  std::string out_;
  std::string in_;
};

} // namespace toadcache::bench
