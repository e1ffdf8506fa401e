// Explicit invalidation and the switches, as requests to INVALIDATION and the
// cache actors. All are idempotent and asked again while an actor restarts.
// Thread-safe, never blocks.
#pragma once

#include "client/client_core.hpp"

namespace toadcache {

[[nodiscard]] answer<void> invalidate_row(client_core& core, result<key> id,
                                          invalidation_scope scope);
[[nodiscard]] answer<void> invalidate_type(client_core& core, entity_id type);
[[nodiscard]] answer<void> invalidate_everything(client_core& core);

/// Switches these types; `everything` also the switch over all.
[[nodiscard]] answer<void> switch_cache(client_core& core,
                                        std::vector<entity_id> types,
                                        bool everything, bool on);

/// errc::invalid: out of the range of memory.budget_bytes.
[[nodiscard]] answer<void> set_memory_budget(client_core& core, size_t bytes);

} // namespace toadcache
