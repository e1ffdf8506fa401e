// MONITOR: turns the runtime's plain counters into named numbers. Scheduled,
// never blocks, holds no state of its own. Spawned by NODE.
#pragma once

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/shared_state.hpp"

namespace toadcache {

/// Every counter of the runtime by name, those of entity types with the type's
/// name. Any thread.
[[nodiscard]] std::vector<counter> collect_counters(const shared_state& shared);

class monitor_state {
public:
  static constexpr const char* name = "monitor";
  explicit monitor_state(monitor_actor::pointer) {}
  monitor_actor::behavior_type start(shared_ptr_state shared);

private:
  shared_ptr_state shared_;
};
static_assert(!std::is_aggregate_v<monitor_state>);

monitor_actor::behavior_type
monitor(monitor_actor::stateful_pointer<monitor_state> self,
        shared_ptr_state shared);

} // namespace toadcache
