// The group (guild) of what a key names or a row holds, where the type's group
// column is among them. Pure, thread-safe.
#pragma once

#include <cstdint>

#include "model/catalog.hpp"

namespace toadcache {

/// 0 when the key does not name the group. O(size of the key).
[[nodiscard]] uint64_t group_of(const entity_type& type, const key& k);

/// 0 when the row does not hold it, or holds no number there. O(1).
[[nodiscard]] uint64_t group_of(const entity_type& type, const row& r);

} // namespace toadcache
