// What every operation of the facade returns. The operation has started when
// the answer exists; a hit is already inside it (no allocation, no suspension).
// Three ways to take it, each once:
//
//   auto r = co_await handle.find_by_pk(id);           // resumes on executor
//   auto r = handle.find_by_pk(id).get();              // blocks, with deadline
//   handle.find_by_pk(id).then([](result<record> r) {...}); // on the executor
//
// An answer that nobody takes is dropped; the operation goes on. Not
// thread-safe, movable. Never block on the executor's thread for an answer that
// is itself made of several (checks, includes): it would wait for itself.
#pragma once

#include <coroutine>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "client/chain.hpp"
#include "client/completion.hpp"
#include "model/error.hpp"

namespace toadcache {

/// `Raw` is what the operation delivers, `T` what the caller sees: the same, or
/// made from it (a typed record from a record).
template <class T, class Raw = T>
class [[nodiscard]] answer {
public:
  using slot_ptr = std::shared_ptr<slot<Raw>>;

  answer(result<Raw> ready) : state_(std::move(ready)) {}
  answer(tl::unexpected<failure> f) : state_(result<Raw>(std::move(f))) {}
  explicit answer(slot_ptr pending) : state_(std::move(pending)) {}
  /// The same answer, seen as T.
  template <class Other>
  requires(!std::is_same_v<Other, T>) answer(answer<Other, Raw>&& other)
      : state_(std::move(other.state_)) {}
  answer(answer&&) noexcept = default;
  answer& operator=(answer&&) = delete;
  ~answer() {
    if (auto p = std::get_if<slot_ptr>(&state_); p && *p && suspended_)
      (*p)->abandon();
  }

  /// True when it can be taken without waiting.
  [[nodiscard]] bool ready() const {
    auto p = std::get_if<slot_ptr>(&state_);
    return p == nullptr || (*p)->ready();
  }

  /// Waits no longer than the operation's own deadline allows. On giving up: a
  /// read answers errc::timeout, a write errc::outcome_unknown (it goes on).
  [[nodiscard]] result<T> get() {
    if (auto p = std::get_if<slot_ptr>(&state_))
      return seen((*p)->wait((*p)->limit()));
    return seen(std::move(std::get<result<Raw>>(state_)));
  }
  [[nodiscard]] result<T> get(milliseconds at_most) {
    if (auto p = std::get_if<slot_ptr>(&state_))
      return seen((*p)->wait({at_most, (*p)->limit().late}));
    return seen(std::move(std::get<result<Raw>>(state_)));
  }

  /// Calls `f(result<T>)` once: now when ready, else on the executor. `f` must
  /// be copyable and must not throw.
  template <class F>
  void then(F f) && {
    auto p = std::get_if<slot_ptr>(&state_);
    if (p == nullptr) {
      f(seen(std::move(std::get<result<Raw>>(state_))));
      return;
    }
    auto s = std::move(*p);
    if (!s->set_waiter([f, to = s.get()]() mutable { f(seen(to->take())); }))
      f(seen(s->take()));
  }

  /// What `co_await` on an answer waits with. (Not the answer itself: g++ 12
  /// copies an awaiter that is an lvalue.)
  class awaiter {
  public:
    explicit awaiter(answer& of) : of_(of) {}
    [[nodiscard]] bool await_ready() const { return of_.ready(); }
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> h) {
      std::shared_ptr<chain> steps;
      if constexpr (requires { h.promise().steps; })
        steps = h.promise().steps;
      return of_.suspend(h, std::move(steps));
    }
    [[nodiscard]] result<T> await_resume() { return of_.resumed(); }

  private:
    answer& of_;
  };
  awaiter operator co_await() & { return awaiter{*this}; }
  awaiter operator co_await() && { return awaiter{*this}; }

private:
  template <class, class>
  friend class answer;

  bool suspend(std::coroutine_handle<> h, std::shared_ptr<chain> steps) {
    auto s = std::get<slot_ptr>(state_); // this may end before we return
    suspended_ = true;
    return s->set_waiter([h, s, steps = std::move(steps)] {
      std::unique_lock<std::recursive_mutex> guard;
      if (steps)
        guard = std::unique_lock{steps->lock};
      if (!s->abandoned())
        h.resume();
    });
  }
  result<T> resumed() {
    if (auto p = std::get_if<slot_ptr>(&state_))
      return seen((*p)->take());
    return seen(std::move(std::get<result<Raw>>(state_)));
  }

  static result<T> seen(result<Raw>&& r) {
    if constexpr (std::is_same_v<T, Raw>)
      return std::move(r);
    else
      return std::move(r).map([](Raw&& raw) {
        if constexpr (std::is_constructible_v<T, Raw>)
          return T(std::move(raw));
        else
          return T(std::make_move_iterator(raw.begin()),
                   std::make_move_iterator(raw.end()));
      });
  }

  std::variant<result<Raw>, slot_ptr> state_;
  bool suspended_ = false;
};

} // namespace toadcache
