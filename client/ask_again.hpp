// Requests that may be repeated: while the actor asked is restarting they are
// sent again until their deadline. Runs in the DISPATCHER only.
#pragma once

#include <functional>
#include <utility>

#include "client/client_core.hpp"

namespace toadcache {

/// How long to wait for a restarting actor before asking again.
inline constexpr milliseconds restart_pause{10};

/// Asks `target()` (a handle from the directory) for a Reply with the message
/// that `make(remaining)` gives. `done(result<Reply>)` is called once: with the
/// reply, with errc::unavailable when no actor answered until the deadline, or
/// with the actor's error. Requires: the request is idempotent.
template <class Reply, class Target, class Make>
void ask_again(dispatcher_context context, client_core_ptr core,
               time_point deadline, Target target, Make make,
               std::function<void(result<Reply>)> done) {
  auto remaining = core->remaining_until(deadline);
  context.ask<Reply>(
      target(), remaining, make(remaining),
      [done](Reply& reply) { done(std::move(reply)); },
      [=](failure f) mutable {
        if (f.code != errc::tier_closed) {
          done(fail(std::move(f)));
          return;
        }
        if (core->remaining_until(deadline) <= restart_pause) {
          done(fail(errc::unavailable, f.what));
          return;
        }
        context.after(restart_pause, [=](dispatcher_context& later) {
          ask_again<Reply>(later, core, deadline, target, make, done);
        });
      });
}

} // namespace toadcache
