#include "bench/servers.hpp"

#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace toadcache::bench {

namespace {

using namespace std::chrono_literals;

/// How long a server may take to serve or to end.
constexpr auto patience = 60s;
constexpr auto pause = 20ms;

bool answers(const std::string& socket) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  socket.copy(address.sun_path, sizeof(address.sun_path) - 1);
  auto fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto ok
      = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address))
        == 0;
  ::close(fd);
  return ok;
}

std::string tail_of(const std::string& file) {
  std::ifstream in{file};
  std::string all{std::istreambuf_iterator<char>{in}, {}};
  while (all.ends_with('\n'))
    all.pop_back();
  auto begin = all.find_last_of('\n');
  return begin == std::string::npos ? all : all.substr(begin + 1);
}

bool is_root() {
  return ::geteuid() == 0;
}

/// Servers are not on the path of an ordinary user.
std::string program(const std::string& name) {
  for (auto folder : {"/usr/sbin/", "/usr/bin/", "/usr/local/bin/"})
    if (auto path = folder + name; ::access(path.c_str(), X_OK) == 0)
      return path;
  return name;
}

} // namespace

servers::servers()
    : folder_(scratch_folder::make().value()),
      janitor_(std::make_unique<janitor>(folder_.file(""))) {}

servers::~servers() {
  for (auto pid : running_)
    ::kill(pid, SIGTERM);
  for (auto pid : running_) {
    auto give_up = std::chrono::steady_clock::now() + patience;
    while (::waitpid(pid, nullptr, WNOHANG) == 0) {
      if (std::chrono::steady_clock::now() > give_up)
        ::kill(pid, SIGKILL);
      std::this_thread::sleep_for(pause);
    }
    janitor_->forget(pid);
  }
}

result<pid_t> servers::launch(words command, const std::string& name) {
  auto log = folder_.file(name + ".log");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<char*> arguments;
  for (auto& word : command)
    arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t pid = -1;
  auto code = posix_spawnp(&pid, arguments[0], &actions, nullptr,
                           arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    return fail(errc::unavailable, command[0] + ": " + std::strerror(code));
  janitor_->watch(pid);
  return pid;
}

template <class F>
const result<std::string>& servers::once(const std::string& name, F start) {
  auto known = asked_.find(name);
  if (known == asked_.end())
    known = asked_.emplace(name, start()).first;
  return known->second;
}

result<std::string> servers::start(const std::string& name, words command) {
  auto socket = folder_.file(name + ".sock");
  auto pid = launch(std::move(command), name);
  if (!pid)
    return fail(pid.error());
  auto give_up = std::chrono::steady_clock::now() + patience;
  while (!answers(socket)) {
    if (::waitpid(*pid, nullptr, WNOHANG) == *pid) {
      janitor_->forget(*pid);
      return fail(
          errc::unavailable,
          name + " ended at once: " + tail_of(folder_.file(name + ".log")));
    }
    if (std::chrono::steady_clock::now() > give_up) {
      ::kill(*pid, SIGKILL);
      ::waitpid(*pid, nullptr, 0);
      janitor_->forget(*pid);
      return fail(errc::unavailable, name + " does not serve");
    }
    std::this_thread::sleep_for(pause);
  }
  running_.push_back(*pid);
  return socket;
}

const result<std::string>& servers::redis() {
  return once("redis", [this] {
    return start("redis",
                 {program("redis-server"), "--port", "0", "--unixsocket",
                  folder_.file("redis.sock"), "--save", "", "--appendonly",
                  "no", "--dir", folder_.file(""), "--daemonize", "no"});
  });
}

const result<std::string>& servers::memcached() {
  return once("memcached", [this] {
    words command{program("memcached"),
                  "-s",
                  folder_.file("memcached.sock"),
                  "-m",
                  "512",
                  "-U",
                  "0"};
    if (is_root())
      command.insert(command.end(), {"-u", "root"});
    return start("memcached", std::move(command));
  });
}

result<std::string> servers::install_mariadb(const std::string& data) {
  words command{program("mariadb-install-db"),
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                "--force", // a bare system resolves not even localhost
                "--datadir=" + data};
  if (is_root())
    command.emplace_back("--user=root");
  auto pid = launch(std::move(command), "install");
  if (!pid)
    return fail(pid.error());
  int status = 0;
  ::waitpid(*pid, &status, 0);
  janitor_->forget(*pid);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(errc::unavailable, "mariadb-install-db failed: "
                                       + tail_of(folder_.file("install.log")));
  return data;
}

const result<std::string>& servers::mariadb() {
  return once("mariadb", [this]() -> result<std::string> {
    auto data = install_mariadb(folder_.file("mariadb"));
    if (!data)
      return data;
    auto server = program("mariadbd");
    words command{server,
                  "--no-defaults",
                  "--datadir=" + *data,
                  "--socket=" + folder_.file("mariadb.sock"),
                  "--pid-file=" + folder_.file("mariadb.pid"),
                  "--character-set-server=utf8mb4",
                  "--collation-server=utf8mb4_general_ci",
                  "--skip-networking",
                  "--skip-name-resolve",
                  "--skip-log-bin",
                  "--performance-schema=OFF",
                  "--innodb-buffer-pool-size=256M",
                  "--innodb-flush-log-at-trx-commit=1",
                  "--max-connections=200"};
    if (is_root())
      command.emplace_back("--user=root");
    return start("mariadb", std::move(command));
  });
}

database_options servers::mariadb_options(const std::string& socket,
                                          const std::string& schema) {
  database_options o;
  o.kind = database_kind::mysql;
  o.host = socket;
  o.user = "root";
  o.schema = schema;
  return o;
}

} // namespace toadcache::bench
