// BUDGET: decides how many bytes each entity type may use. Tells the ENTITY
// CACHEs their shares, takes what they answer to the policies (budget_shares,
// memory_pressure), and reads the control group's memory. Detached, since
// reading it and giving memory back may take milliseconds. Spawned by NODE;
// after a failure the shares stay, and a new incarnation reads them back. Its
// mailbox is bounded by its own requests, one per entity type and change.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <caf/atom.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/shared_state.hpp"
#include "policy/memory_pressure.hpp"
#include "storage/control_group.hpp"

namespace toadcache {

/// What the actor sends itself.
enum class budget_tick : uint8_t {
  period,   ///< shares may move
  pressure, ///< ask the control group
  again     ///< tell those that could not be told
};

using budget_self
    = budget_actor::extend<caf::reacts_to<caf::tick_atom, uint8_t>>;

class budget_state {
public:
  static constexpr const char* name = "budget";
  explicit budget_state(budget_self::pointer self) : self_(self) {}
  ~budget_state();

  budget_self::behavior_type start(shared_ptr_state shared);

private:
  caf::result<budget_set> on_set_budget(const set_budget& msg);
  void on_tick(budget_tick what);
  /// Moves shares by what the last answers said, and asks everybody anew.
  void end_period();
  void read_pressure();
  /// The budget of now: what is wanted, as far as the pressure allows.
  void apply_budget();
  /// Shares out what the allocator's waste leaves of it.
  void share_out();
  void tell(entity_id type);
  void tell_cache(cache_id cache);
  /// Those whose share is not what they were told.
  void tell_changes();
  void on_held(cache_id cache, const share_held& held);
  void on_unreachable(cache_id cache);
  void settle();
  void later(milliseconds delay, budget_tick what);

  /// What one ENTITY CACHE has said.
  struct cache_view {
    size_t asked = 0;    ///< requests without an answer
    bool missed = false; ///< the last one did not reach it
    std::optional<share_held> held;
    uint64_t gained = 0; ///< of an earlier incarnation and this one
  };
  /// What the caches of a type were told together.
  struct type_view {
    std::optional<size_t> told;
    uint64_t judged = 0; ///< of what they gained, in earlier periods
  };

  budget_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  std::optional<budget_shares> shares_;
  std::optional<memory_pressure> pressure_;
  std::optional<control_group> group_;
  std::vector<cache_view> caches_;
  std::vector<type_view> types_;
  std::vector<caf::typed_response_promise<budget_set>> waiting_;
  size_t budget_bytes_ = 0; ///< of now
  bool gives_back_ = false; ///< when the caches have evicted
  bool again_sent_ = false;
};
static_assert(!std::is_aggregate_v<budget_state>);

budget_self::behavior_type
budget(budget_self::stateful_pointer<budget_state> self,
       shared_ptr_state shared);

} // namespace toadcache
