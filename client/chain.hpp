// A chain of tasks that await each other. Each of its steps runs under the
// chain's lock, so that a waiting task may be destroyed from any thread: the
// destruction waits for the step that is running. Thread-safe.
#pragma once

#include <mutex>

namespace toadcache {

struct chain {
  std::recursive_mutex lock; ///< recursive: a step may end its own chain
};

} // namespace toadcache
