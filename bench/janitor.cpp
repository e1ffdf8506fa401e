#include "bench/janitor.hpp"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <set>
#include <stdexcept>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace toadcache::bench {

namespace {

struct order {
  char what;
  int32_t pid;
};

[[noreturn]] void serve(int from, const std::string& folder) {
  ::setpgid(0, 0); // an interrupt from the terminal is not for it
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  std::set<pid_t> watched;
  order o{};
  for (;;) {
    auto size = ::read(from, &o, sizeof(o));
    if (size < 0 && errno == EINTR)
      continue;
    if (size != sizeof(o))
      break;
    if (o.what == '+')
      watched.insert(o.pid);
    else
      watched.erase(o.pid);
  }
  for (auto pid : watched)
    ::kill(pid, SIGKILL);
  std::error_code error;
  for (int i = 0; i < 50; ++i) { // the dying may still make files
    std::filesystem::remove_all(folder, error);
    if (!std::filesystem::exists(folder))
      break;
    ::usleep(100'000);
  }
  ::_exit(0);
}

} // namespace

janitor::janitor(const std::string& folder) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::runtime_error("no process for cleaning up");
  if (pid_ == 0) {
    ::close(ends[1]);
    serve(ends[0], folder);
  }
  ::close(ends[0]);
  pipe_ = ends[1];
}

janitor::~janitor() {
  ::close(pipe_);
  ::waitpid(pid_, nullptr, 0);
}

void janitor::tell(char what, pid_t pid) const {
  const order o{what, pid};
  while (::write(pipe_, &o, sizeof(o)) < 0 && errno == EINTR)
    continue;
}

} // namespace toadcache::bench
