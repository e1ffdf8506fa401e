// One pending request: the slot that its caller waits on, and the completion
// that its producer holds. Whatever happens to the producer, the slot is
// answered exactly once: a completion that is dropped answers by itself.
// Thread-safe.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "client/brief_wait.hpp"
#include "client/executor.hpp"
#include "client/permit.hpp"
#include "model/error.hpp"

namespace toadcache {

using std::chrono::milliseconds;

/// What a blocking wait does when it gives up: how long it waits at most, and
/// what it then says. A write that is no longer waited for goes on.
struct patience {
  milliseconds at_most{0};
  errc late = errc::timeout;
};

/// The caller's end. One waiter: a coroutine, a callback or a blocked thread.
template <class T>
class slot : public std::enable_shared_from_this<slot<T>> {
public:
  slot(executor_ptr where, patience limit)
      : where_(std::move(where)), limit_(limit) {}

  /// The first answer counts; false for every later one.
  bool deliver(result<T> r) {
    std::lock_guard guard{lock_};
    if (delivered_)
      return false;
    value_.emplace(std::move(r));
    delivered_.store(true, std::memory_order_release);
    wake_.notify_all();
    if (waiter_)
      where_->post([self = this->shared_from_this()] { self->fire(); });
    return true;
  }

  [[nodiscard]] bool ready() const {
    std::lock_guard guard{lock_};
    return delivered_;
  }

  /// Requires: ready, and not taken before.
  [[nodiscard]] result<T> take() {
    std::lock_guard guard{lock_};
    return std::move(*value_);
  }

  /// `f` runs on the executor when the answer is there. False, and `f` is not
  /// kept, when it already is.
  [[nodiscard]] bool set_waiter(std::function<void()> f) {
    std::lock_guard guard{lock_};
    if (delivered_)
      return false;
    waiter_ = std::move(f);
    return true;
  }

  /// The waiter is going away and must not run any more.
  void abandon() {
    std::function<void()> dropped; // destroyed after the lock is released
    std::lock_guard guard{lock_};
    abandoned_ = true;
    std::swap(dropped, waiter_);
  }
  [[nodiscard]] bool abandoned() const {
    std::lock_guard guard{lock_};
    return abandoned_;
  }

  /// Blocks for at most `limit.at_most`; then answers with `limit.late`.
  [[nodiscard]] result<T> wait(patience limit) {
    auto begun = brief_wait::clock::now();
    auto& awake = brief_wait::of_process();
    auto there = [this] { return delivered_.load(std::memory_order_acquire); };
    awake.until(there);
    std::unique_lock guard{lock_};
    auto in_time = wake_.wait_until(guard, begun + limit.at_most, there);
    awake.took(brief_wait::clock::now() - begun);
    if (!in_time)
      return fail(limit.late, "no answer after waiting "
                                  + std::to_string(limit.at_most.count())
                                  + " ms");
    return std::move(*value_);
  }
  [[nodiscard]] const patience& limit() const noexcept { return limit_; }

private:
  void fire() {
    std::function<void()> f;
    {
      std::lock_guard guard{lock_};
      std::swap(f, waiter_);
    }
    if (f)
      f();
  }

  const executor_ptr where_;
  const patience limit_;
  mutable std::mutex lock_;
  std::condition_variable wake_;
  std::optional<result<T>> value_;
  std::function<void()> waiter_;
  std::atomic<bool> delivered_{false}; ///< set under the lock
  bool abandoned_ = false;
};

/// The producer's end; held by shared pointer in the work that is under way.
/// Owns the request's permit.
template <class T>
class completion {
public:
  /// `stopping` is the runtime's flag, if any: while set, work dropped before
  /// it was sent answers errc::shutting_down.
  completion(std::shared_ptr<slot<T>> to, permit held,
             std::shared_ptr<const std::atomic<bool>> stopping = nullptr)
      : slot_(std::move(to)), permit_(std::move(held)),
        stopping_(std::move(stopping)) {}
  completion(const completion&) = delete;
  completion& operator=(const completion&) = delete;
  ~completion() { deliver(fail(dropped())); }

  void deliver(result<T> r) {
    permit_.release();
    slot_->deliver(std::move(r));
  }
  /// From now on the request may have had an effect: dropped without an answer
  /// its outcome is not known. Requires: one thread at a time.
  void may_have_effect() { effect_ = true; }

private:
  [[nodiscard]] failure dropped() const {
    if (effect_)
      return {errc::outcome_unknown,
              "an actor failed while the write was under "
              "way: it may have been committed"};
    if (stopping_ && stopping_->load(std::memory_order_acquire))
      return {errc::shutting_down, "the cache is stopping"};
    return {errc::unavailable, "the actor that held the request has failed"};
  }

  std::shared_ptr<slot<T>> slot_;
  permit permit_;
  std::shared_ptr<const std::atomic<bool>> stopping_;
  bool effect_ = false;
};

template <class T>
using completion_ptr = std::shared_ptr<completion<T>>;

} // namespace toadcache
