// The private server of these tests: it starts, stops, survives being killed,
// and never outlives the program that started it.
#include <csignal>
#include <filesystem>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.hpp"
#include "tests/mariadb.hpp"

using namespace toadcache::tests;

namespace {

using rows = std::vector<std::vector<std::string>>;

/// Waits until the process has ended, for at most half a minute.
bool ends(pid_t pid) {
  auto fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0)
    return errno == ESRCH;
  pollfd waiting{fd, POLLIN, 0};
  auto ended = ::poll(&waiting, 1, 30'000) == 1;
  ::close(fd);
  return ended;
}

} // namespace

TEST_CASE("the private server keeps what it has over stop and kill") {
  mariadb_server server;
  CHECK(server.running());
  CHECK(server.port() == 0);
  server.create_schema("s");
  server.run({"CREATE TABLE t (i INT PRIMARY KEY)", "INSERT INTO t VALUES (1)"},
             "s");
  server.stop();
  CHECK_FALSE(server.running());
  CHECK_THROWS_AS(server.sql("SELECT 1"), std::runtime_error);
  server.start();
  server.sql("INSERT INTO t VALUES (2)", "s");
  auto pid = server.pid();
  server.kill();
  CHECK(ends(pid));
  server.start();
  CHECK(server.sql("SELECT i FROM t ORDER BY i", "s") == rows{{"1"}, {"2"}});
  CHECK_THROWS_AS(server.sql("SELECT nonsense"), std::runtime_error);
}

TEST_CASE("a server that cannot start says why") {
  try {
    mariadb_server server{{.arguments = {"--no-such-option"}}};
    FAIL("it started");
  } catch (const std::runtime_error& e) {
    CHECK(std::string{e.what()}.find("no-such-option") != std::string::npos);
  }
}

TEST_CASE("the server and its folders go when the program is killed") {
  struct {
    pid_t server;
    pid_t guard;
    char socket[200];
  } told{};
  int ends_of_pipe[2];
  REQUIRE(::pipe(ends_of_pipe) == 0);
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    mariadb_server server;
    told.server = server.pid();
    told.guard = server.guard();
    server.socket().copy(told.socket, sizeof(told.socket) - 1);
    (void)!::write(ends_of_pipe[1], &told, sizeof(told));
    ::kill(::getpid(), SIGKILL);
  }
  ::close(ends_of_pipe[1]);
  auto size = ::read(ends_of_pipe[0], &told, sizeof(told));
  ::close(ends_of_pipe[0]);
  ::waitpid(child, nullptr, 0);
  REQUIRE(size == static_cast<ssize_t>(sizeof(told)));
  CHECK(ends(told.server));
  CHECK(ends(told.guard));
  auto folder = std::filesystem::path{told.socket}.parent_path();
  CHECK_FALSE(std::filesystem::exists(folder));
}
