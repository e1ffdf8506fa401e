// One running toadcache inside an actor system: spawns NODE, which spawns the
// rest. Used by the facade and, with a simulated database, store and clock, by
// the deterministic tests. Thread-safe.
#pragma once

#include <caf/fwd.hpp>

#include "actors/shared_state.hpp"

namespace toadcache {

class runtime {
public:
  /// Spawns the actors. Returns when the handles are in the directory (reads
  /// may pass through to the database until the caches have opened). The
  /// actor system must outlive the runtime.
  static result<std::shared_ptr<runtime>> start(caf::actor_system& system,
                                                shared_ptr_state shared);
  /// Stops without waiting if `stop` was not called.
  ~runtime();

  [[nodiscard]] const shared_ptr_state& shared() const { return shared_; }
  [[nodiscard]] const node_actor& node() const { return node_; }
  [[nodiscard]] caf::actor_system& system() const { return system_; }

  /// Ordered shutdown: refuses new requests, answers the open ones, flushes the
  /// disk tier, ends every actor. Blocks at most the grace time per rank; call
  /// from no actor. Idempotent.
  void stop();

private:
  runtime(caf::actor_system& system, shared_ptr_state shared)
      : system_(system), shared_(std::move(shared)) {}
  caf::actor_system& system_;
  shared_ptr_state shared_;
  node_actor node_;
};

/// The scheduler, message types and error texts that a host's own actor system
/// needs; call before the system is made. `connections_count`: the size of the
/// database pool; workers beyond it get threads of their own.
void configure(caf::actor_system_config& config,
               size_t connections_count = defaults::pool_max_count);

} // namespace toadcache
