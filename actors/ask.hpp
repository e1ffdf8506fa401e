// Requests between actors. CAF leaves the deadline of a request on its clock
// until it is due, whenever the answer came: at 20 000 misses a second that is
// half a million of them, each sent to its actor in the end for nothing. Here
// it leaves with the answer.
#pragma once

#include <chrono>
#include <utility>

#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/message_id.hpp>
#include <caf/response_handle.hpp>

namespace toadcache {

/// An answer that is awaited.
template <class Self, class Output>
class asked {
public:
  explicit asked(caf::response_handle<Self, Output, false> response)
      : response_(response) {}

  /// Calls one of the two in the asking actor: with the answer, or with why
  /// there is none (sec::request_timeout at the deadline). Each takes its
  /// argument as CAF's response_handle::then wants it.
  template <class F, class E>
  void then(F on_answer, E on_error) && {
    response_.then(leaving(std::move(on_answer), &F::operator()),
                   leaving(std::move(on_error), &E::operator()));
  }

private:
  // Takes the deadline off the clock, then calls f.
  template <class F, class Arg>
  struct handler {
    Self* self;
    caf::message_id id;
    F f;
    void operator()(Arg x) {
      self->system().clock().cancel_request_timeout(self, id);
      f(static_cast<Arg>(x));
    }
  };
  template <class F, class Arg>
  handler<F, Arg> leaving(F f, void (F::*)(Arg) const) {
    return {response_.self(), response_.id(), std::move(f)};
  }
  template <class F, class Arg>
  handler<F, Arg> leaving(F f, void (F::*)(Arg)) {
    return {response_.self(), response_.id(), std::move(f)};
  }

  caf::response_handle<Self, Output, false> response_;
};

/// ask(self, target, limit, message).then(on_answer, on_error). Requires:
/// called by `self`, an event-based actor, and `then` at once.
template <class Self, class Target, class Message>
auto ask(Self* self, const Target& target, std::chrono::milliseconds limit,
         Message&& message) {
  return asked{self->request(target, limit, std::forward<Message>(message))};
}

} // namespace toadcache
