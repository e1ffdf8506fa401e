// Where a waiting coroutine or callback goes on: an executor runs posted work,
// by default on one thread of the facade's own, never inside an actor.
// Implementations are thread-safe; `post` does not block.
#pragma once

#include <functional>
#include <memory>

namespace toadcache {

class executor {
public:
  virtual ~executor() = default;
  /// Runs `work` later, exactly once, on a thread of the executor. Work must
  /// not throw and should not block: other continuations wait behind it.
  virtual void post(std::function<void()> work) = 0;
};

using executor_ptr = std::shared_ptr<executor>;

/// One thread that runs work in the order posted. The destructor runs what is
/// still queued, then ends the thread (from that thread itself: detaches it).
[[nodiscard]] executor_ptr make_thread_executor();

} // namespace toadcache
