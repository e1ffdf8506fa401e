// A lazily started coroutine: for users' commands and for the checks. A task is
// awaited by another task, run with a blocking `get`, or started as an answer.
// Not thread-safe, but a waiting task may be destroyed from any thread. Each
// nested task costs one allocation; nothing is resumed recursively (no
// symmetric transfer: compilers do not guarantee the tail call).
#pragma once

#include <atomic>
#include <coroutine>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "client/answer.hpp"

namespace toadcache {

template <class T>
class task;

/// What the promises of all tasks share.
class task_promise_base {
public:
  std::shared_ptr<chain> steps; ///< inherited from the awaiting task

  std::suspend_always initial_suspend() noexcept { return {}; }
  struct final_awaiter {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    void await_suspend(std::coroutine_handle<Promise> h) noexcept {
      // Whoever comes second, the end of the task or the suspension of its
      // parent, lets the parent go on.
      auto parent = h.promise().parent_;
      if (h.promise().met_.exchange(true, std::memory_order_acq_rel))
        parent.resume();
    }
    void await_resume() noexcept {}
  };
  final_awaiter final_suspend() noexcept { return {}; }
  void unhandled_exception() { thrown_ = std::current_exception(); }

protected:
  template <class>
  friend class task;
  std::coroutine_handle<> parent_;
  std::atomic<bool> met_{false};
  std::exception_ptr thrown_;
};

template <class T>
class task_promise : public task_promise_base {
public:
  task<T> get_return_object();
  void return_value(T x) { value_.emplace(std::move(x)); }
  T take() { return std::move(*value_); }

private:
  std::optional<T> value_;
};

template <>
class task_promise<void> : public task_promise_base {
public:
  task<void> get_return_object();
  void return_void() {}
  void take() {}
};

template <class T>
class [[nodiscard]] task {
public:
  using promise_type = task_promise<T>;
  using handle = std::coroutine_handle<promise_type>;

  explicit task(handle h) : h_(h) {}
  task(task&& other) noexcept : h_(std::exchange(other.h_, {})) {}
  task& operator=(task&&) = delete;
  /// Safe while the task waits for an answer; what it waited for goes on.
  ~task() {
    if (!h_)
      return;
    auto steps = h_.promise().steps;
    std::unique_lock<std::recursive_mutex> guard;
    if (steps)
      guard = std::unique_lock{steps->lock};
    h_.destroy();
  }

  /// Runs it and blocks until its end; rethrows what it throws. Call from no
  /// executor thread. Ends because each awaited operation has a deadline.
  T get() &&;

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> parent) {
    auto& p = h_.promise();
    p.parent_ = parent;
    if constexpr (requires { parent.promise().steps; })
      p.steps = parent.promise().steps;
    else
      p.steps = std::make_shared<chain>();
    auto steps = p.steps; // outlives the task if a step ends it
    std::lock_guard guard{steps->lock};
    h_.resume();
    return !p.met_.exchange(true, std::memory_order_acq_rel);
  }
  T await_resume() {
    auto& p = h_.promise();
    if (p.thrown_)
      std::rethrow_exception(p.thrown_);
    return p.take();
  }

private:
  handle h_;
};

template <class T>
task<T> task_promise<T>::get_return_object() {
  return task<T>{std::coroutine_handle<task_promise>::from_promise(*this)};
}
inline task<void> task_promise<void>::get_return_object() {
  return task<void>{std::coroutine_handle<task_promise>::from_promise(*this)};
}

/// A coroutine that owns itself: runs a task to its end.
struct task_driver {
  struct promise_type {
    task_driver get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

/// Starts `t` in the caller's thread; what it yields is the answer. Ready at
/// once when nothing made it wait. An exception becomes errc::internal. The
/// answer's blocking `get` waits at most `limit`.
template <class T>
answer<T> start_task(const executor_ptr& where, task<result<T>> t,
                     patience limit) {
  auto to = std::make_shared<slot<T>>(where, limit);
  [](task<result<T>> work, std::shared_ptr<slot<T>> out) -> task_driver {
    result<T> r = fail(errc::internal, "the task ended without a result");
    try {
      r = co_await work;
    } catch (const std::exception& e) {
      r = fail(errc::internal, std::string{"a task threw: "} + e.what());
    } catch (...) {
      r = fail(errc::internal, "a task threw an unknown exception");
    }
    out->deliver(std::move(r));
  }(std::move(t), to);
  if (to->ready())
    return answer<T>{to->take()};
  return answer<T>{std::move(to)};
}

template <class T>
T task<T>::get() && {
  std::mutex lock;
  std::condition_variable wake;
  bool done = false;
  auto finish = [&] {
    std::lock_guard guard{lock};
    done = true;
    wake.notify_all();
  };
  // The driver does not own this task: its result is read below.
  [](task& work, auto tell) -> task_driver {
    struct joined {
      task& of;
      bool await_ready() const noexcept { return false; }
      bool await_suspend(std::coroutine_handle<task_driver::promise_type> h) {
        return of.await_suspend(h);
      }
      void await_resume() const noexcept {}
    };
    co_await joined{work};
    tell();
  }(*this, finish);
  std::unique_lock guard{lock};
  wake.wait(guard, [&] { return done; });
  guard.unlock();
  return await_resume();
}

} // namespace toadcache
