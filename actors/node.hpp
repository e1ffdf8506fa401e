// NODE: spawns, monitors, restarts and stops the other actors in order of rank.
// Scheduled, never blocks, does no work of its own. Spawned by `runtime`. An
// actor that fails is started anew after a short pause, which grows while it
// keeps failing; the partition of a failed ENTITY CACHE is closed first.
//
// Rank, lowest first: MONITOR, PERSISTENCE, DB POOL, ENTITY CACHEs,
// INVALIDATION, CHANGE FEED (where there is a log to follow) and DISPATCHER.
// Shutdown goes the other way, except that DB POOL
// ends before INVALIDATION and the ENTITY CACHEs, whose confirmation its last
// transactions need.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/atom.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/shared_state.hpp"
#include "policy/backoff.hpp"

namespace toadcache {

/// What NODE sends itself: restart a child, or end the wait for a stop step.
enum class node_tick : uint8_t { restart, grace_over };

using node_self
    = node_actor::extend<caf::reacts_to<caf::tick_atom, uint8_t, uint64_t>>;

class node_state {
public:
  static constexpr const char* name = "node";
  explicit node_state(node_self::pointer self) : self_(self) {}

  /// `ready` is fulfilled when every handle is in the directory.
  node_self::behavior_type start(shared_ptr_state shared,
                                 std::shared_ptr<std::promise<void>> ready);

private:
  /// One row of the spawn table.
  struct child {
    std::string role; ///< "persistence", "entity-cache:user"
    size_t stop_rank; ///< those of the lowest stop first
    /// Spawns an incarnation and puts it into the directory.
    std::function<caf::strong_actor_ptr(uint64_t incarnation)> spawn;
    /// Takes it out of the directory.
    std::function<void()> clear;
    /// Asks it to finish what is under way; empty: it is simply ended.
    std::function<void()> drain;
    std::function<void()> fail; ///< test-only
    uint64_t incarnation = 0;
    caf::actor_addr alive{};
    std::optional<backoff> pause{};
  };

  void build_table();
  void bring_up(size_t i);
  void on_down(const caf::down_msg& msg);
  caf::result<stopped> on_stop();
  void stop_rank(size_t rank);
  void next_rank_if_done();
  void on_tick(node_tick what, uint64_t argument);

  node_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  std::vector<child> children_;
  bool stopping_ = false;
  size_t rank_ = 0;
  std::vector<caf::typed_response_promise<stopped>> stops_;
};
static_assert(!std::is_aggregate_v<node_state>);

node_self::behavior_type node(node_self::stateful_pointer<node_state> self,
                              shared_ptr_state shared,
                              std::shared_ptr<std::promise<void>> ready);

} // namespace toadcache
