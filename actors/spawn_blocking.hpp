// Spawns actors that block (disk, database) on a thread of their own; under
// CAF's test coordinator as ordinary scheduled actors, so that the
// deterministic suite stays single-threaded. Thread-safe.
#pragma once

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/atom.hpp>

namespace toadcache {

/// True when the system runs on virtual time, driven by a test.
[[nodiscard]] inline bool is_simulated(const caf::actor_system& system) {
  return caf::get_or(system.config(), "scheduler.policy", caf::atom("none"))
         == caf::atom("testing");
}

/// `system.spawn(f, xs...)`, detached unless the system is simulated.
template <class F, class... Ts>
auto spawn_blocking(caf::actor_system& system, F f, Ts&&... xs) {
  if (is_simulated(system))
    return system.spawn(std::move(f), std::forward<Ts>(xs)...);
  return system.spawn<caf::detached>(std::move(f), std::forward<Ts>(xs)...);
}

} // namespace toadcache
