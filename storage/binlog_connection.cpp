#include "storage/binlog_connection.hpp"

#include <algorithm>
#include <charconv>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mysql.h>

#include <mariadb_rpl.h>

#include "storage/binlog_event.hpp"

namespace toadcache {

namespace {

unsigned seconds_of(milliseconds t) {
  return static_cast<unsigned>(std::max<int64_t>(1, (t.count() + 999) / 1000));
}

/// A row event may be as large as the server's largest packet.
constexpr unsigned long max_packet_bytes = 1UL << 30;

void set_options(MYSQL* m, const database_options& o) {
  auto set = [&](mysql_option option, unsigned value) {
    mysql_options(m, option, &value);
  };
  set(MYSQL_OPT_CONNECT_TIMEOUT, seconds_of(o.connect_timeout));
  set(MYSQL_OPT_READ_TIMEOUT, seconds_of(o.read_timeout));
  set(MYSQL_OPT_WRITE_TIMEOUT, seconds_of(o.write_timeout));
  mysql_options(m, MYSQL_OPT_MAX_ALLOWED_PACKET, &max_packet_bytes);
  mysql_options(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  my_bool verify = o.tls && o.tls_verify ? 1 : 0;
  my_bool enforce = o.tls ? 1 : 0;
  if (o.tls && !o.tls_ca.empty())
    mysql_ssl_set(m, nullptr, nullptr, o.tls_ca.c_str(), nullptr, nullptr);
  mysql_options(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  mysql_options(m, MYSQL_OPT_SSL_ENFORCE, &enforce);
}

/// The library's "Unknown event type (40) ..."; 0 where it says no number.
uint8_t event_type_in(const std::string& words) {
  auto open = words.find('(');
  unsigned type = 0;
  if (open != std::string::npos)
    std::from_chars(words.data() + open + 1, words.data() + words.size(), type);
  return type < 256 ? static_cast<uint8_t>(type) : uint8_t{0};
}

stream_failure unreadable(const std::string& words) {
  constexpr uint8_t tagged = 42;
  auto type = event_type_in(words);
  if (type == 0 && words.find("Malformed") != std::string::npos)
    type = tagged; // which the library knows by no name
  if (type == 0)
    return {stream_fault::not_decodable, words, {}};
  auto why = undecodable(type);
  return {stream_fault::not_decodable, why.what, why.remedy};
}

} // namespace

stream_failure log_failure(unsigned number, std::string words) {
  auto has = [&](std::string_view part) {
    return words.find(part) != std::string::npos;
  };
  auto with_number = words + " (MySQL " + std::to_string(number) + ")";
  switch (number) {
  case 1044: // no access to the schema
  case 1045: // access denied
  case 1142: // no privilege on a table
  case 1227: // a privilege is missing
  case 1698: // access denied
    return {stream_fault::privileges_missing, with_number, {}};
  case 1236: // the server ends the dump, for the reason in its words
    if (has("Binary log is not open"))
      return {stream_fault::log_off, with_number, {}};
    if (has("max_allowed_packet"))
      return {stream_fault::not_decodable, with_number,
              "SET GLOBAL max_allowed_packet = 1073741824;"};
    if (has("with the same server_") || has("shutdown"))
      return {stream_fault::connection_lost, with_number, {}};
    return {stream_fault::position_lost, with_number, {}};
  case 1381: // not using binary logging
    return {stream_fault::log_off, with_number, {}};
  case 5020: // the library's own: an event of a kind that it does not know
  case 5021: // ... or of another form
    return unreadable(with_number);
  default:
    return {stream_fault::connection_lost, with_number, {}};
  }
}

struct binlog_connection::parts {
  MYSQL* connection = mysql_init(nullptr);
  MARIADB_RPL* log = nullptr;
  MARIADB_RPL_EVENT* event = nullptr;
  /// Of its own, since the library closes the other one when it fails, while
  /// shut_down() may be using it.
  int socket = -1;
  uint32_t server_id = 0;

  parts() = default;
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;
  ~parts() {
    if (event != nullptr)
      mariadb_free_rpl_event(event);
    if (log != nullptr)
      mariadb_rpl_close(log);
    if (connection != nullptr)
      mysql_close(connection);
    if (socket >= 0)
      ::close(socket);
  }
};

binlog_connection::binlog_connection(std::unique_ptr<parts> p)
    : parts_(std::move(p)) {}
binlog_connection::~binlog_connection() = default;

stream_result<std::unique_ptr<binlog_connection>>
binlog_connection::open(const database_options& o, const settings& s) {
  auto p = std::make_unique<parts>();
  if (p->connection == nullptr)
    return tl::unexpected<stream_failure>(
        log_failure(0, "no memory for a connection"));
  set_options(p->connection, o);
  auto is_socket = o.host.find('/') != std::string::npos;
  auto* done = mysql_real_connect(
      p->connection, is_socket ? nullptr : o.host.c_str(), o.user.c_str(),
      o.password.c_str(), nullptr, is_socket ? 0 : o.port,
      is_socket ? o.host.c_str() : nullptr, 0);
  p->server_id = s.server_id;
  std::unique_ptr<binlog_connection> out{new binlog_connection{std::move(p)}};
  if (done == nullptr)
    return out->failed();
  auto* m = out->parts_->connection;
  // Without verification the library would go on in clear text.
  if (o.tls && mysql_get_ssl_cipher(m) == nullptr)
    return tl::unexpected<stream_failure>(
        log_failure(2026, "expected TLS, but the server offers none"));
  out->parts_->socket
      = ::fcntl(static_cast<int>(mysql_get_socket(m)), F_DUPFD_CLOEXEC, 0);
  auto period = std::to_string(std::chrono::nanoseconds{s.heartbeat}.count());
  for (auto& statement :
       {std::string{"SET @master_binlog_checksum = @@global.binlog_checksum, "
                    "@source_binlog_checksum = @@global.binlog_checksum"},
        "SET @master_heartbeat_period = " + period
            + ", @source_heartbeat_period = " + period,
        // MariaDB: the reader understands global transaction ids.
        std::string{"SET @mariadb_slave_capability = 4"}})
    if (auto set = out->execute(statement); !set)
      return tl::unexpected<stream_failure>(set.error());
  return out;
}

stream_result<void> binlog_connection::execute(const std::string& statement) {
  auto* m = parts_->connection;
  if (mysql_real_query(m, statement.data(), statement.size()) != 0)
    return failed();
  return {};
}

tl::unexpected<stream_failure> binlog_connection::failed() const {
  auto* m = parts_->connection;
  auto number = mysql_errno(m);
  std::string words = mysql_error(m);
  if (number == 0 && parts_->log != nullptr) {
    number = mariadb_rpl_errno(parts_->log);
    words = mariadb_rpl_error(parts_->log);
  }
  if (number == 0)
    words = "the server has ended the log";
  return tl::unexpected<stream_failure>(log_failure(number, words));
}

stream_result<void> binlog_connection::dump(const std::string& file,
                                            uint64_t offset) {
  // What the protocol can ask for.
  if (offset > UINT32_MAX)
    return tl::unexpected<stream_failure>(
        stream_failure{stream_fault::position_lost,
                       file + ":" + std::to_string(offset)
                           + " lies beyond 4 GiB, where no reader can begin",
                       "SET GLOBAL max_binlog_size = 1073741824;"});
  auto& p = *parts_;
  p.log = mariadb_rpl_init(p.connection);
  if (p.log == nullptr)
    return failed();
  mariadb_rpl_optionsv(p.log, MARIADB_RPL_SERVER_ID, p.server_id);
  mariadb_rpl_optionsv(p.log, MARIADB_RPL_FILENAME, file.c_str(), file.size());
  mariadb_rpl_optionsv(p.log, MARIADB_RPL_START,
                       static_cast<unsigned long>(offset));
  mariadb_rpl_optionsv(p.log, MARIADB_RPL_FLAGS, 0U);
  if (mariadb_rpl_open(p.log) != 0)
    return failed();
  return {};
}

stream_result<void> binlog_connection::dump_behind(const std::string& gtids) {
  if (auto set = execute("SET @slave_connect_state = '" + gtids + "'"); !set)
    return set;
  return dump("", 4);
}

stream_result<std::string_view> binlog_connection::next() {
  auto& p = *parts_;
  auto* e = mariadb_rpl_fetch(p.log, p.event);
  if (e == nullptr) {
    p.event = nullptr; // the library has freed it
    return failed();
  }
  p.event = e;
  auto* bytes = reinterpret_cast<const char*>(e->raw_data);
  if (bytes == nullptr || e->raw_data_ofs > e->raw_data_size)
    return std::string_view{};
  return std::string_view{bytes + e->raw_data_ofs,
                          e->raw_data_size - e->raw_data_ofs};
}

void binlog_connection::shut_down() noexcept {
  ::shutdown(parts_->socket, SHUT_RDWR);
}

} // namespace toadcache
