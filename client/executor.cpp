#include "client/executor.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace toadcache {

namespace {

class thread_executor final : public executor {
public:
  thread_executor()
      : queue_(std::make_shared<queue>()), thread_([q = queue_] { run(*q); }) {}

  ~thread_executor() override {
    {
      std::lock_guard guard{queue_->lock};
      queue_->stopping = true;
      queue_->wake.notify_all();
    }
    if (thread_.get_id() == std::this_thread::get_id())
      thread_.detach(); // the queue lives on until run() returns
    else
      thread_.join();
  }

  void post(std::function<void()> work) override {
    std::lock_guard guard{queue_->lock};
    queue_->work.push_back(std::move(work));
    queue_->wake.notify_one();
  }

private:
  struct queue {
    std::mutex lock;
    std::condition_variable wake;
    std::deque<std::function<void()>> work;
    bool stopping = false;
  };

  static void run(queue& q) {
    std::unique_lock guard{q.lock};
    for (;;) {
      q.wake.wait(guard, [&] { return q.stopping || !q.work.empty(); });
      if (q.work.empty())
        return;
      auto work = std::move(q.work.front());
      q.work.pop_front();
      guard.unlock();
      work();
      work = nullptr; // its captures end before the next wait
      guard.lock();
    }
  }

  std::shared_ptr<queue> queue_;
  std::thread thread_;
};

} // namespace

executor_ptr make_thread_executor() {
  return std::make_shared<thread_executor>();
}

} // namespace toadcache
