// What the facade and everything it hands out share: the runtime's state, the
// executor, the permits, and how a request is handed to the DISPATCHER. Held by
// shared pointer, also by requests under way. Thread-safe, never blocks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <caf/send.hpp>

#include "actors/dispatcher.hpp"
#include "actors/shared_state.hpp"
#include "client/answer.hpp"
#include "client/completion.hpp"
#include "client/permit.hpp"

namespace toadcache {

class client_core : public std::enable_shared_from_this<client_core> {
public:
  client_core(shared_ptr_state s, executor_ptr w)
      : shared(std::move(s)), where(std::move(w)),
        permits(std::make_shared<permit_pool>(
            shared->config.client.max_requests_count)) {}

  const shared_ptr_state shared;
  const executor_ptr where;
  const std::shared_ptr<permit_pool> permits;

  /// How much longer than a request's own time its caller waits for the answer
  /// of an actor: the actors give up first, with a better error.
  static constexpr milliseconds slack{500};

  [[nodiscard]] milliseconds
  time_of(const std::optional<milliseconds>& asked) const {
    return asked.value_or(shared->config.client.request_timeout);
  }
  [[nodiscard]] time_point deadline_of(milliseconds remaining) const {
    return shared->time.now() + remaining;
  }
  /// At least 1 ms, so that a late step still asks and hears `timeout`.
  [[nodiscard]] milliseconds remaining_until(time_point deadline) const {
    auto left = std::chrono::duration_cast<milliseconds>(deadline
                                                         - shared->time.now());
    return std::max(left, milliseconds{1});
  }

  /// Takes a permit and runs `work(dispatcher_context&, completion_ptr<T>)` in
  /// the DISPATCHER. errc::overloaded, shutting_down, unavailable (no
  /// DISPATCHER) at once. `late` is what a blocking wait says on giving up.
  template <class T, class F>
  answer<T> request(milliseconds remaining, errc late, F work) {
    if (shared->stopping.load(std::memory_order_acquire))
      return fail(errc::shutting_down, "the cache is stopping");
    auto held = permits->try_take();
    if (!held) {
      shared->count.requests_shed.fetch_add(1, std::memory_order_relaxed);
      return fail(errc::overloaded, std::to_string(permits->limit())
                                        + " requests are under way already");
    }
    auto target = shared->actors.dispatcher();
    if (!target)
      return fail(errc::unavailable, "the cache is not running");
    auto to = std::make_shared<slot<T>>(where,
                                        patience{remaining + 2 * slack, late});
    std::shared_ptr<const std::atomic<bool>> stopping{shared,
                                                      &shared->stopping};
    auto done = std::make_shared<completion<T>>(to, std::move(*held),
                                                std::move(stopping));
    auto run = std::make_shared<std::function<void(dispatcher_context&)>>(
        [work = std::move(work), done = std::move(done)](
            dispatcher_context& context) mutable { work(context, done); });
    caf::anon_send(target, dispatch{std::move(run)});
    return answer<T>{std::move(to)};
  }
};

using client_core_ptr = std::shared_ptr<client_core>;

} // namespace toadcache
