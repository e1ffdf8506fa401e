// Stand-ins for ENTITY CACHE and INVALIDATION that record what they are told
// and answer, hold back or refuse as the test wants. Not thread-safe.
#pragma once

#include <functional>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

namespace toadcache::tests {

/// A switchable recorder of requests of type Message, replied to with Reply.
template <class Message, class Reply>
struct recorder {
  /// An answer that is held back. An actor's promises are for itself alone.
  struct held_answer {
    caf::actor_id owner = 0;
    caf::typed_response_promise<Reply> promise;
  };

  std::vector<Message> seen;
  bool hold = false;        ///< keep the answers in `held`
  size_t failures_left = 0; ///< answer so many with an error first
  /// Runs on arrival: looks at the world of that moment.
  std::function<void(const Message&)> on_arrival;
  std::vector<held_answer> held;
  std::vector<held_answer> due;
  std::vector<caf::strong_actor_ptr> recording; ///< the actors
  caf::actor_addr last_sender;                  ///< the worker that asked

  /// The oldest `count` held answers go out during the next run().
  void answer(size_t count) {
    std::move(held.begin(), held.begin() + static_cast<ptrdiff_t>(count),
              std::back_inserter(due));
    held.erase(held.begin(), held.begin() + static_cast<ptrdiff_t>(count));
    for (auto& a : recording)
      caf::anon_send(caf::actor_cast<caf::actor>(a), fail_now{});
  }
  /// All of them, and no more are held back.
  void answer_held() {
    hold = false;
    answer(held.size());
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
  auto promise = self->template make_response_promise<Reply>();
  r->held.push_back({self->id(), promise});
  return promise;
}

/// Sends what is due of this actor.
template <class Self, class Message, class Reply>
void release(Self* self, recorder<Message, Reply>& r) {
  for (auto& answer : r.due)
    if (answer.owner == self->id())
      answer.promise.deliver(Reply{});
  std::erase_if(r.due, [self](auto& a) { return a.owner == self->id(); });
}

inline entity_cache_actor::behavior_type
fake_cache(entity_cache_actor::pointer self,
           std::shared_ptr<ticket_recorder> tickets) {
  tickets->recording.push_back(caf::actor_cast<caf::strong_actor_ptr>(self));
  return {
      [](const get_rows&) { return rows{}; },
      [](const get_lists&) { return lists{}; },
      [](const refresh&) {},
      [self, tickets](const open_ticket& msg) {
        return record<ticket_opened>(self, tickets, msg);
      },
      [](const apply_changes&) { return applied{}; },
      [](const extend_trust&) {},
      [](const erase_entries&) {},
      [](const set_enabled&) { return enabled_set{}; },
      [](const set_share& m) {
        return share_held{m.share_bytes, 0, 0};
      },
      [self, tickets](fail_now) { release(self, *tickets); },
  };
}

inline invalidation_actor::behavior_type
fake_invalidation(invalidation_actor::pointer self,
                  std::shared_ptr<changes_recorder> all) {
  all->recording.push_back(caf::actor_cast<caf::strong_actor_ptr>(self));
  return {
      [self, all](const changes& msg) {
        return record<applied>(self, all, msg);
      },
      [self, all](fail_now) { release(self, *all); },
  };
}

} // namespace toadcache::tests
