// A DB POOL whose every answer the test gives, so that a fetch can be held open
// while something else happens. Not thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

namespace toadcache::tests {

struct held_pool_script {
  struct held_fetch {
    fetch message;
    caf::typed_response_promise<fetched> promise;
  };
  std::deque<held_fetch> fetches;
  bool hold_barrier = false;
  std::vector<caf::typed_response_promise<barrier_passed>> barriers;

  /// What the actor does when it gets the next `fail_now`: promises are
  /// delivered inside their actor.
  std::function<void()> next;

  /// Answers the oldest fetch.
  void answer(std::vector<row> rows) {
    next = [this, rows = std::move(rows)] {
      auto f = std::move(fetches.front());
      fetches.pop_front();
      f.promise.deliver(fetched{rows});
    };
  }
  void fail_oldest(errc code) {
    next = [this, code] {
      auto f = std::move(fetches.front());
      fetches.pop_front();
      f.promise.deliver(to_caf({code, "scripted"}));
    };
  }
  void pass_barriers() {
    next = [this] {
      for (auto& b : std::exchange(barriers, {}))
        b.deliver(barrier_passed{});
    };
  }
};

inline db_pool_actor::behavior_type
held_pool(db_pool_actor::pointer self,
          std::shared_ptr<held_pool_script> script) {
  return {
      [self, script](const fetch& msg) -> caf::result<fetched> {
        script->fetches.push_back(
            {msg, self->make_response_promise<fetched>()});
        return script->fetches.back().promise;
      },
      [](const run_transaction&) { return transaction_done{}; },
      [](const begin_transaction&) { return transaction_begun{}; },
      [](const transaction_step&) { return step_done{}; },
      [](const end_transaction&) { return transaction_done{}; },
      [self, script](const barrier&) -> caf::result<barrier_passed> {
        if (!script->hold_barrier)
          return barrier_passed{};
        script->barriers.push_back(
            self->make_response_promise<barrier_passed>());
        return script->barriers.back();
      },
      [](const drain&) { return stopped{}; },
      [script](const fail_now&) { std::exchange(script->next, {})(); },
  };
}

} // namespace toadcache::tests
