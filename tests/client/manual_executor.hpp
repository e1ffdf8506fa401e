// An executor whose work runs when the test says so.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "client/executor.hpp"

namespace toadcache::tests {

class manual_executor final : public executor {
public:
  void post(std::function<void()> work) override {
    std::lock_guard guard{lock_};
    work_.push_back(std::move(work));
  }

  /// Runs what has been posted, and what that posts; how much it was.
  size_t run() {
    size_t n = 0;
    for (;; ++n) {
      std::function<void()> next;
      {
        std::lock_guard guard{lock_};
        if (work_.empty())
          return n;
        next = std::move(work_.front());
        work_.pop_front();
      }
      next();
    }
  }

private:
  std::mutex lock_;
  std::deque<std::function<void()>> work_;
};

} // namespace toadcache::tests
