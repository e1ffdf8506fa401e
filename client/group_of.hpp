// The group (guild) of a request, for fairness between groups. Pure,
// thread-safe.
#pragma once

#include "model/group_of.hpp"
#include "model/operation.hpp"

namespace toadcache {

/// Of a write: by its new values or its key; 0 when neither names it.
[[nodiscard]] uint64_t group_of(const entity_type& type, const operation& op);

} // namespace toadcache
