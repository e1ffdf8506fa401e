// The memory of the process's control group, as the kernel tells it in small
// files (cgroup v2, and v1 where that is all there is). Reads may take
// milliseconds while the kernel adds up its counters: from detached actors
// only. Not thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "policy/memory_pressure.hpp"

namespace toadcache {

class control_group {
public:
  /// `folder` holds memory.current and so on; empty: found through
  /// /proc/self/cgroup, with the groups above it, which may have limits, too.
  explicit control_group(const std::string& folder);

  /// The tightest of the groups. Files that are missing or unreadable are no
  /// limit and no pressure.
  [[nodiscard]] memory_load read() const;

  /// Gives what is free in the C library's heap back to the system, if it is
  /// more than `bytes`. Milliseconds.
  static void give_back(size_t bytes);

private:
  std::vector<std::filesystem::path> folders_;
};

} // namespace toadcache
