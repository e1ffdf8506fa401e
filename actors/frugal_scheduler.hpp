// The scheduler of a toadcache system: work sharing that wakes as few threads
// as it can, because on an idle machine a thread that has to be woken costs
// more than what it then does. A thread whose actor sends to another runs that
// one itself next; it wakes a second thread only when more than that waits. The
// thread that fell idle last is woken first.
//
// Actors may block here, as many at a time as there are threads beyond the
// processors; such an actor calls `about_to_block` first. With that a cache
// miss wakes two threads in all, the one that asks the database and the
// caller, like a plain worker thread.
#pragma once

#include <cstddef>

#include <caf/actor_system.hpp>

namespace toadcache {

/// The module for `caf::actor_system_config::module_factories`; CAF's own test
/// coordinator where the configuration names the policy "testing". Owned by the
/// caller.
[[nodiscard]] caf::actor_system::module*
make_scheduler(caf::actor_system& system);

/// Threads for `n` actors that may block at a time.
[[nodiscard]] size_t scheduler_threads(size_t n);

/// How many actors may block at a time in this system: 0 if its scheduler is
/// another one, or has too few threads.
[[nodiscard]] size_t may_block_count(const caf::actor_system& system);

/// Called by an actor before it blocks: what it has sent until now runs on
/// other threads. Does nothing where no message waits and outside of this
/// scheduler's threads.
void about_to_block();

} // namespace toadcache
