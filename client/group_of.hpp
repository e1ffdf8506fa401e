// The group (guild) of a request, for fairness between groups: known when the
// key asked for holds the type's group column. Pure, thread-safe.
#pragma once

#include <cstdint>

#include "model/catalog.hpp"
#include "model/operation.hpp"

namespace toadcache {

/// 0 when the key does not name the group. O(size of the key).
[[nodiscard]] uint64_t group_of(const entity_type& type, const key& k);

/// Of a write: by its new values or its key.
[[nodiscard]] uint64_t group_of(const entity_type& type, const operation& op);

} // namespace toadcache
