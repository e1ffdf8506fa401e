// DISPATCHER: sends typed requests on behalf of threads that are no actors, so
// that each of their requests has a deadline and an answer. Scheduled, never
// blocks. Spawned by NODE; its mailbox is bounded by the facade's permits. On
// failure the work it held is destroyed, which answers the callers.
#pragma once

#include <functional>
#include <utility>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/ask.hpp"
#include "actors/shared_state.hpp"
#include "messages/errors.hpp"

namespace toadcache {

class dispatcher_state;

/// What dispatched work may do.
class dispatcher_context {
public:
  explicit dispatcher_context(dispatcher_state& state) : state_(state) {}

  /// Asks `target`; exactly one of the callbacks runs, inside the DISPATCHER,
  /// within `timeout`. An empty handle answers errc::tier_closed at once.
  /// `on_value` takes Reply&, `on_error` takes failure.
  template <class Reply, class Handle, class Message, class F, class G>
  void ask(const Handle& target, milliseconds timeout, Message msg, F on_value,
           G on_error);

  /// Runs `f(dispatcher_context&)` after a delay (retries). A drain waits for
  /// it.
  void after(milliseconds delay, std::function<void(dispatcher_context&)> f);

private:
  dispatcher_state& state_;
};

class dispatcher_state {
public:
  static constexpr const char* name = "dispatcher";
  explicit dispatcher_state(dispatcher_actor::pointer self) : self_(self) {}
  dispatcher_actor::behavior_type start(shared_ptr_state shared);

private:
  friend class dispatcher_context;
  caf::result<stopped> on_drain();
  /// Runs one piece of work; what it throws is logged and goes no further.
  void run(const std::function<void()>& work);
  /// One request or delayed work has ended.
  void finished();

  dispatcher_actor::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  size_t outstanding_ = 0;
  std::vector<caf::typed_response_promise<stopped>> drains_;
};
static_assert(!std::is_aggregate_v<dispatcher_state>);

dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           shared_ptr_state shared);

template <class Reply, class Handle, class Message, class F, class G>
void dispatcher_context::ask(const Handle& target, milliseconds timeout,
                             Message msg, F on_value, G on_error) {
  if (!target) {
    on_error(failure{errc::tier_closed, "the actor asked is restarting"});
    return;
  }
  ++state_.outstanding_;
  auto* state = &state_; // lives as long as the callbacks can run
  toadcache::ask(state_.self_, target, timeout, std::move(msg))
      .then(
          [state, on_value](Reply& reply) mutable {
            state->run([&] { on_value(reply); });
            state->finished();
          },
          [state, on_error](caf::error& e) mutable {
            state->run([&] { on_error(to_failure(e)); });
            state->finished();
          });
}

} // namespace toadcache
