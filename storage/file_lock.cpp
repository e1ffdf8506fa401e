#include "storage/file_lock.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace toadcache {

result<file_lock> file_lock::acquire(const std::string& path,
                                     const std::string& subject) {
  auto descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0)
    return fail(errc::tier_closed,
                subject + ": cannot create '" + path
                    + "': " + std::generic_category().message(errno));
  file_lock lock{descriptor};
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return fail(errc::tier_closed, subject + " is in use by another process");
  return lock;
}

file_lock::~file_lock() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

} // namespace toadcache
