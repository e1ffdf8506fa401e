// Stand-ins for ENTITY CACHE and INVALIDATION that record what they are told
// and answer, hold back or refuse as the test wants. Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

namespace toadcache::tests {

/// A switchable recorder of requests of type Message, replied to with Reply.
template <class Message, class Reply>
struct recorder {
  std::vector<Message> seen;
  bool hold = false;        ///< keep the promises in `held`
  size_t failures_left = 0; ///< answer so many with an error first
  /// Runs on arrival: looks at the world of that moment.
  std::function<void(const Message&)> on_arrival;
  std::vector<caf::typed_response_promise<Reply>> held;
  caf::actor_addr last_sender; ///< the worker that asked

  void answer_held() {
    hold = false;
    for (auto& p : std::exchange(held, {}))
      p.deliver(Reply{});
  }
};

using ticket_recorder = recorder<open_ticket, ticket_opened>;
using changes_recorder = recorder<changes, applied>;

template <class Reply, class Self, class Message>
caf::result<Reply> record(Self* self,
                          const std::shared_ptr<recorder<Message, Reply>>& r,
                          const Message& msg) {
  r->seen.push_back(msg);
  r->last_sender = caf::actor_cast<caf::actor_addr>(self->current_sender());
  if (r->on_arrival)
    r->on_arrival(msg);
  if (r->failures_left > 0) {
    --r->failures_left;
    return to_caf({errc::tier_closed, "scripted"});
  }
  if (!r->hold)
    return Reply{};
  r->held.push_back(self->template make_response_promise<Reply>());
  return r->held.back();
}

inline entity_cache_actor::behavior_type
fake_cache(entity_cache_actor::pointer self,
           std::shared_ptr<ticket_recorder> tickets) {
  return {
      [](const get_rows&) { return rows{}; },
      [](const get_lists&) { return lists{}; },
      [](const refresh&) {},
      [self, tickets](const open_ticket& msg) {
        return record<ticket_opened>(self, tickets, msg);
      },
      [](const apply_changes&) { return applied{}; },
      [](const erase_entries&) {},
      [](const set_enabled&) { return enabled_set{}; },
      [self](fail_now) { self->quit(); },
  };
}

inline invalidation_actor::behavior_type
fake_invalidation(invalidation_actor::pointer self,
                  std::shared_ptr<changes_recorder> all) {
  return {
      [self, all](const changes& msg) {
        return record<applied>(self, all, msg);
      },
      [self](fail_now) { self->quit(); },
  };
}

} // namespace toadcache::tests
