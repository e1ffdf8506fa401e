// The peer of an isolated miss: one thread that does what it is handed, with a
// mutex and a condition variable in each direction. `run` from one thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace toadcache::bench {

class bare_worker {
public:
  /// Does `work` whenever `run` is called.
  explicit bare_worker(std::function<void(int64_t)> work)
      : work_(std::move(work)), thread_([this] { serve(); }) {}
  bare_worker(const bare_worker&) = delete;
  bare_worker& operator=(const bare_worker&) = delete;
  ~bare_worker() {
    {
      std::lock_guard guard{lock_};
      state_ = state::ended;
    }
    wake_.notify_all();
    thread_.join();
  }

  /// Hands it over and waits until it is done.
  void run(int64_t id) {
    std::unique_lock guard{lock_};
    id_ = id;
    state_ = state::asked;
    wake_.notify_one();
    done_.wait(guard, [this] { return state_ == state::idle; });
  }

private:
  enum class state { idle, asked, ended };

  void serve() {
    std::unique_lock guard{lock_};
    for (;;) {
      wake_.wait(guard, [this] { return state_ != state::idle; });
      if (state_ == state::ended)
        return;
      guard.unlock();
      work_(id_);
      guard.lock();
      if (state_ == state::ended)
        return;
      state_ = state::idle;
      done_.notify_one();
    }
  }

  std::function<void(int64_t)> work_;
  std::mutex lock_;
  std::condition_variable wake_;
  std::condition_variable done_;
  state state_ = state::idle;
  int64_t id_ = 0;
  std::thread thread_; ///< last: it uses the others
};

} // namespace toadcache::bench
