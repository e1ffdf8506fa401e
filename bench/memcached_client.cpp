#include "bench/memcached_client.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace toadcache::bench {

result<memcached_client> memcached_client::connect(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
  memcached_client c{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (::connect(c.fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address))
      != 0)
    return fail(errc::unavailable, socket + ": " + std::strerror(errno));
  return c;
}

memcached_client::memcached_client(memcached_client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)) {}

memcached_client::~memcached_client() {
  if (fd_ >= 0)
    ::close(fd_);
}

bool memcached_client::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool memcached_client::receive(std::string_view end) {
  in_.clear();
  char buffer[16384];
  while (!in_.ends_with(end)) {
    auto n = ::recv(fd_, buffer, sizeof(buffer), 0);
    if (n <= 0)
      return false;
    in_.append(buffer, static_cast<size_t>(n));
  }
  return true;
}

bool memcached_client::set(std::string_view name, std::string_view content) {
  out_ = "set ";
  out_.append(name).append(" 0 0 ").append(std::to_string(content.size()));
  out_.append("\r\n").append(content).append("\r\n");
  return send(out_) && receive("\r\n") && in_ == "STORED\r\n";
}

std::string_view memcached_client::get(std::string_view name) {
  out_ = "get ";
  out_.append(name).append("\r\n");
  if (!send(out_) || !receive("END\r\n") || !in_.starts_with("VALUE "))
    return {};
  auto line = std::string_view{in_}.substr(0, in_.find("\r\n"));
  auto digits = line.substr(line.find_last_of(' ') + 1);
  size_t size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  return std::string_view{in_}.substr(line.size() + 2, size);
}

} // namespace toadcache::bench
