// A child process that outlives this one only to clean up after it: kills the
// servers that this process has started and removes its folder, however this
// process ends (a signal, SIGKILL, an error). Start it while there is one
// thread.
#pragma once

#include <string>

#include <sys/types.h>

namespace toadcache::bench {

class janitor {
public:
  /// `folder` is removed at the end. Throws std::runtime_error.
  explicit janitor(const std::string& folder);
  /// Lets it do its work, and waits for it.
  ~janitor();
  janitor(const janitor&) = delete;
  janitor& operator=(const janitor&) = delete;

  /// Kill this process at the end.
  void watch(pid_t pid) const { tell('+', pid); }
  /// It has ended by itself.
  void forget(pid_t pid) const { tell('-', pid); }

private:
  void tell(char what, pid_t pid) const;
  pid_t pid_ = -1;
  int pipe_ = -1; ///< its end of file is this process's end
};

} // namespace toadcache::bench
