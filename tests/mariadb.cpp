#include "tests/mariadb.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <sstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mysql.h>

namespace toadcache::tests {

namespace {

namespace fs = std::filesystem;
using words = std::vector<std::string>;

/// How long a server may take to serve or to end; generous, since a machine
/// may be busy with other tests.
constexpr int patience_seconds = 60;

std::vector<char*> pointers(words& list) {
  std::vector<char*> out;
  for (auto& word : list)
    out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

/// Starts a program with its output in `log`; the variables are added to the
/// environment.
pid_t launch(words command, words variables, const fs::path& log) {
  for (auto** v = environ; *v != nullptr; ++v)
    if (std::strncmp(*v, "NOTIFY_SOCKET=", 14) != 0)
      variables.emplace_back(*v);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  pid_t pid = -1;
  auto arguments = pointers(command);
  auto environment = pointers(variables);
  auto code = posix_spawnp(&pid, command[0].c_str(), &actions, nullptr,
                           arguments.data(), environment.data());
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    throw std::runtime_error(command[0] + ": " + std::strerror(code));
  return pid;
}

std::string tail_of(const fs::path& file) {
  std::ifstream in{file};
  std::string all{std::istreambuf_iterator<char>{in}, {}};
  return all.size() > 2000 ? all.substr(all.size() - 2000) : all;
}

std::string user_argument() {
  return ::geteuid() == 0 ? "--user=root" : "";
}

/// The server is not on the path of an ordinary user.
std::string server_program() {
  for (auto path : {"/usr/sbin/mariadbd", "/usr/sbin/mysqld"})
    if (fs::exists(path))
      return path;
  return "mariadbd";
}

/// The process that made the template.
pid_t template_owner = 0;

/// An installed, never used data folder; made once per process, then copied.
const fs::path& data_template() {
  static const temporary_folder folder;
  static const fs::path data = [] {
    template_owner = ::getpid();
    auto out = folder.path() / "data";
    auto log = folder.path() / "install.log";
    words command{"mariadb-install-db",
                  "--no-defaults",
                  "--auth-root-authentication-method=normal",
                  "--skip-test-db",
                  "--skip-name-resolve",
                  "--force", // a bare system resolves not even localhost
                  "--innodb-autoextend-increment=1",
                  "--innodb-log-file-size=8M",
                  "--datadir=" + out.string()};
    if (!user_argument().empty())
      command.push_back(user_argument());
    auto pid = launch(std::move(command), {}, log);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      throw std::runtime_error("mariadb-install-db failed: " + tail_of(log));
    return out;
  }();
  return data;
}

uint16_t free_port() {
  auto fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  auto bound = ::bind(fd, generic, size) == 0
               && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  if (!bound)
    throw std::runtime_error("no free port on 127.0.0.1");
  return ntohs(address.sin_port);
}

struct close_connection {
  void operator()(MYSQL* m) const { mysql_close(m); }
};

} // namespace

mariadb_server::mariadb_server() : mariadb_server(settings{}) {}

mariadb_server::mariadb_server(settings s) : settings_(std::move(s)) {
  if (settings_.tcp)
    port_ = free_port();
  fs::copy(data_template(), folder_.path() / "data",
           fs::copy_options::recursive);
  start();
}

mariadb_server::~mariadb_server() {
  kill();
  if (notify_ >= 0)
    ::close(notify_);
}

std::string mariadb_server::socket() const {
  return (folder_.path() / "socket").string();
}

words mariadb_server::command() const {
  auto path
      = [&](const char* name) { return (folder_.path() / name).string(); };
  words out{server_program(),
            "--no-defaults",
            "--datadir=" + path("data"),
            "--socket=" + socket(),
            "--pid-file=" + path("pid"),
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
            "--skip-name-resolve",
            "--performance-schema=OFF",
            "--innodb-buffer-pool-size=32M",
            "--innodb-log-file-size=8M",
            "--innodb-autoextend-increment=1",
            "--innodb-flush-log-at-trx-commit=1",
            "--key-buffer-size=1M",
            "--aria-pagecache-buffer-size=1M",
            "--thread-stack=256K",
            "--max-connections=200"};
  if (settings_.tcp) {
    out.push_back("--bind-address=127.0.0.1");
    out.push_back("--port=" + std::to_string(port_));
  } else {
    out.push_back("--skip-networking");
  }
  if (settings_.binlog) {
    out.push_back("--log-bin=binlog");
    out.push_back("--server-id=1");
    out.push_back("--binlog-format=ROW");
    out.push_back("--sync-binlog=1");
  } else {
    out.push_back("--skip-log-bin");
  }
  if (!user_argument().empty())
    out.push_back(user_argument());
  out.insert(out.end(), settings_.arguments.begin(), settings_.arguments.end());
  return out;
}

void mariadb_server::start() {
  if (running())
    return;
  spawn();
  start_guard();
  await_ready();
}

void mariadb_server::spawn() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  auto path = (folder_.path() / "notify").string();
  if (notify_ < 0) {
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    notify_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    timeval step{0, 100'000}; // between two looks at whether it still runs
    ::setsockopt(notify_, SOL_SOCKET, SO_RCVTIMEO, &step, sizeof(step));
    if (::bind(notify_, reinterpret_cast<sockaddr*>(&address), sizeof(address))
        != 0)
      fail_with(path + ": " + std::strerror(errno));
  }
  char stale[4096]; // what an earlier run still said
  while (::recv(notify_, stale, sizeof(stale), MSG_DONTWAIT) > 0)
    continue;
  pid_ = launch(command(), {"NOTIFY_SOCKET=" + path}, folder_.path() / "log");
}

void mariadb_server::await_ready() {
  for (int i = 0; i < patience_seconds * 10; ++i) {
    char message[4096];
    auto size = ::recv(notify_, message, sizeof(message), 0);
    if (size > 0
        && std::string_view(message, static_cast<size_t>(size)).find("READY=1")
               != std::string_view::npos)
      return;
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
      pid_ = -1;
      end_guard();
      fail_with("the server ended instead of serving");
    }
  }
  kill();
  fail_with("the server does not serve");
}

// A child of this process that waits for this process's end and then kills the
// server and removes its folder. Between fork and exec it may call only what a
// signal handler may.
void mariadb_server::start_guard() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    fail_with("no pipe");
  auto folder = folder_.path().string();
  // A forked program uses the template of the one it came from.
  auto made_once = template_owner == ::getpid()
                       ? data_template().parent_path().string()
                       : folder;
  guard_ = ::fork();
  if (guard_ == 0) {
    ::dup2(ends[0], 0);
    for (int fd = 3; fd < 1024; ++fd)
      ::close(fd);
    ::setpgid(0, 0); // an interrupt from the terminal is not for the guard
    char byte;
    while (::read(0, &byte, 1) < 0 && errno == EINTR)
      continue;
    ::kill(pid_, SIGKILL);
    ::execl("/bin/rm", "rm", "-rf", folder.c_str(), made_once.c_str(), nullptr);
    ::_exit(1);
  }
  ::close(ends[0]);
  guard_pipe_ = ends[1];
}

void mariadb_server::end_guard() noexcept {
  if (guard_ > 0) {
    ::kill(guard_, SIGKILL);
    ::waitpid(guard_, nullptr, 0);
    guard_ = -1;
  }
  if (guard_pipe_ >= 0)
    ::close(guard_pipe_);
  guard_pipe_ = -1;
}

void mariadb_server::end(int signal) {
  if (!running())
    return;
  end_guard();
  ::kill(pid_, signal);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void mariadb_server::stop() {
  end(SIGTERM);
}
void mariadb_server::kill() {
  end(SIGKILL);
}
void mariadb_server::freeze() {
  ::kill(pid_, SIGSTOP);
  ::waitpid(pid_, nullptr, WUNTRACED); // until every thread stands
}
void mariadb_server::thaw() {
  ::kill(pid_, SIGCONT);
}

database_options mariadb_server::options(const std::string& schema) const {
  database_options o;
  o.kind = database_kind::mysql;
  o.host = socket();
  o.user = "root";
  o.schema = schema;
  return o;
}

std::vector<words> mariadb_server::run(const words& statements,
                                       const std::string& schema) const {
  std::unique_ptr<MYSQL, close_connection> m{mysql_init(nullptr)};
  auto check = [&](bool ok, const std::string& what) {
    if (!ok)
      throw std::runtime_error(what + ": " + mysql_error(m.get()));
  };
  mysql_options(m.get(), MYSQL_SET_CHARSET_NAME, "utf8mb4");
  check(mysql_real_connect(m.get(), nullptr, "root", "",
                           schema.empty() ? nullptr : schema.c_str(), 0,
                           socket().c_str(), 0)
            != nullptr,
        socket());
  std::vector<words> rows;
  for (auto& text : statements) {
    check(mysql_real_query(m.get(), text.data(), text.size()) == 0, text);
    rows.clear();
    auto* found = mysql_store_result(m.get());
    if (found == nullptr)
      continue;
    while (auto* r = mysql_fetch_row(found)) {
      auto* lengths = mysql_fetch_lengths(found);
      words row;
      for (unsigned i = 0; i < mysql_num_fields(found); ++i)
        row.push_back(r[i] == nullptr ? "NULL" : std::string(r[i], lengths[i]));
      rows.push_back(std::move(row));
    }
    mysql_free_result(found);
  }
  return rows;
}

void mariadb_server::create_schema(const std::string& name) const {
  run({"DROP DATABASE IF EXISTS `" + name + "`",
       "CREATE DATABASE `" + name
           + "` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci"});
}

std::string mariadb_server::log_tail() const {
  return tail_of(folder_.path() / "log");
}

void mariadb_server::fail_with(const std::string& what) const {
  throw std::runtime_error("mariadb: " + what + "\n" + log_tail());
}

} // namespace toadcache::tests
