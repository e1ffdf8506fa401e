// An advisory lock that one process holds on a file, released with the process
// whatever its end. Owned by one object; `acquire` does not wait.
#pragma once

#include <string>
#include <utility>

#include "model/error.hpp"

namespace toadcache {

class file_lock {
public:
  /// Creates `path` (mode 0600) where it is missing and locks it. The file is
  /// left in place afterwards: removing it would let two processes lock two
  /// files of one name. errc::tier_closed: locked by somebody else
  /// ("<subject> is in use by another process"), or it cannot be created.
  [[nodiscard]] static result<file_lock> acquire(const std::string& path,
                                                 const std::string& subject);
  file_lock(file_lock&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)) {}
  file_lock& operator=(file_lock&&) = delete;
  ~file_lock();

private:
  explicit file_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

} // namespace toadcache
