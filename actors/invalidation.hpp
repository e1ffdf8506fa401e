// INVALIDATION: turns each `changes` (own writes, administration, the feed,
// later peers) into one message per affected ENTITY CACHE, by the catalog's
// relations, and answers when all of them have applied it. Scheduled, never
// blocks. Spawned by NODE above the ENTITY CACHEs; a new incarnation flushes
// every cache before it takes changes, since the dead one may have lost some
// (rule 12).
//
// A cache that is restarting is asked again, in its new incarnation, until it
// has applied (rule 9): no write is acknowledged before. The mailbox is bounded
// by the workers of DB POOL, each of which waits for one answer, and by the
// window of CHANGE FEED.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include <caf/atom.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/shared_state.hpp"

namespace toadcache {

using invalidation_self = invalidation_actor::extend<
    caf::reacts_to<caf::tick_atom, uint64_t, cache_id>>;

class invalidation_state {
public:
  static constexpr const char* name = "invalidation";
  explicit invalidation_state(invalidation_self::pointer self) : self_(self) {}
  ~invalidation_state();

  invalidation_self::behavior_type start(shared_ptr_state shared,
                                         uint64_t incarnation);

private:
  /// One `changes` on its way.
  struct fan_out {
    std::map<entity_id, apply_changes> parts; ///< by type
    std::set<cache_id> open;                  ///< have not yet applied theirs
    caf::typed_response_promise<applied> promise;
    bool answered = false; ///< or nobody asked
  };

  caf::result<applied> on_changes(const changes& msg);
  /// The part of each affected type.
  std::map<entity_id, apply_changes> split(const changes& msg, uint64_t seq);
  void send_all(uint64_t seq, std::map<entity_id, apply_changes> parts);
  void send(uint64_t seq, cache_id cache);
  void on_applied(uint64_t seq, cache_id cache);
  void log(const changes& msg);

  invalidation_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  uint64_t seq_ = 0;
  std::map<uint64_t, fan_out> open_;
};
static_assert(!std::is_aggregate_v<invalidation_state>);

invalidation_self::behavior_type
invalidation(invalidation_self::stateful_pointer<invalidation_state> self,
             shared_ptr_state shared, uint64_t incarnation);

} // namespace toadcache
