#include "actors/frugal_scheduler.hpp"

#include <algorithm>
#include <deque>
#include <thread>
#include <vector>

#include <caf/actor_system_config.hpp>
#include <caf/policy/unprofiled.hpp>
#include <caf/resumable.hpp>
#include <caf/scheduler/coordinator.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/frugal_clock.hpp"
#include "actors/spawn_blocking.hpp"

namespace toadcache {

namespace {

/// The jobs of all threads, and the threads that have none.
class job_queue {
public:
  struct sleeper {
    std::condition_variable awake;
    bool woken = false;
  };

  /// `sender_is_free`: the calling thread will take a job itself soon.
  void put(caf::resumable* job, bool sender_is_free) {
    sleeper* woken = nullptr;
    {
      std::unique_lock guard{lock_};
      jobs_.push_back(job);
      if (!sender_is_free || jobs_.size() > 1)
        woken = pop_sleeper();
    }
    if (woken)
      woken->awake.notify_one();
  }

  /// Blocks until there is one.
  caf::resumable* take(sleeper& self) {
    std::unique_lock guard{lock_};
    while (jobs_.empty()) {
      self.woken = false;
      asleep_.push_back(&self);
      self.awake.wait(guard, [&] { return self.woken; });
    }
    auto* job = jobs_.front();
    jobs_.pop_front();
    return job;
  }

  void wake_for_waiting() {
    sleeper* woken = nullptr;
    {
      std::unique_lock guard{lock_};
      if (!jobs_.empty())
        woken = pop_sleeper();
    }
    if (woken)
      woken->awake.notify_one();
  }

  std::deque<caf::resumable*> take_all() {
    std::unique_lock guard{lock_};
    return std::move(jobs_);
  }

private:
  sleeper* pop_sleeper() {
    if (asleep_.empty())
      return nullptr;
    auto* last = asleep_.back();
    asleep_.pop_back();
    last->woken = true;
    return last;
  }

  std::mutex lock_;
  std::deque<caf::resumable*> jobs_;
  std::vector<sleeper*> asleep_; ///< in the order of falling asleep
};

/// Of the scheduler whose thread this is.
thread_local job_queue* own_queue = nullptr;

/// What CAF's coordinator and workers ask of a policy. They copy what they are
/// initialised with.
class frugal_sharing : public caf::policy::unprofiled {
public:
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    job_queue queue;
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator*) {}
    worker_data(const worker_data&) {}
    job_queue::sleeper self;
  };

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    d(self).queue.put(job, false);
  }
  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    d(self->parent()).queue.put(job, false);
  }
  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    d(self->parent()).queue.put(job, true);
  }
  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    d(self->parent()).queue.put(job, true);
  }
  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    own_queue = &d(self->parent()).queue;
    return own_queue->take(d(self).self);
  }
  template <class Worker, class F>
  void foreach_resumable(Worker*, F) {} // all are in the common queue
  template <class Coordinator, class F>
  void foreach_central_resumable(Coordinator* self, F f) {
    for (auto* job : d(self).queue.take_all())
      f(job);
  }
};

class frugal_coordinator final
    : public caf::scheduler::coordinator<frugal_sharing> {
  using super = caf::scheduler::coordinator<frugal_sharing>;

public:
  using super::super;
  caf::detail::thread_safe_actor_clock& clock() noexcept override {
    return clock_;
  }

protected:
  void start() override {
    ticking_ = std::thread{[this] { clock_.run(); }};
    super::start();
  }
  void stop() override {
    super::stop();
    clock_.stop();
    ticking_.join();
  }

private:
  frugal_clock clock_;
  std::thread ticking_;
};

size_t processors() {
  return std::max<size_t>(std::thread::hardware_concurrency(), 2);
}

} // namespace

caf::actor_system::module* make_scheduler(caf::actor_system& system) {
  if (is_simulated(system))
    return new caf::scheduler::test_coordinator(system);
  return new frugal_coordinator(system);
}

size_t scheduler_threads(size_t n) {
  return processors() + n;
}

size_t may_block_count(const caf::actor_system& system) {
  // CAF's accessor is not const
  auto& scheduler = const_cast<caf::actor_system&>(system).scheduler();
  auto* own = dynamic_cast<frugal_coordinator*>(&scheduler);
  if (own == nullptr || own->num_workers() <= processors())
    return 0;
  return own->num_workers() - processors();
}

void about_to_block() {
  if (own_queue != nullptr)
    own_queue->wake_for_waiting();
}

} // namespace toadcache
