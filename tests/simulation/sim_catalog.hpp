// The entity types of simulated runs: few, but with everything that makes a
// cache go wrong. Thread-safe.
//
// owner: integer key. page: text key under utf8mb4_general_ci, a lookup, child
// of owner (ON UPDATE CASCADE, ON DELETE RESTRICT). badge: composite key, a
// unique key that is text, child of owner (both CASCADE). Each has `mark`, set
// by every write to its number, and `revision`, counted by the server's
// trigger.
#pragma once

#include "model/catalog.hpp"

namespace toadcache::simulation {

inline constexpr entity_id owner_type = 0;
inline constexpr entity_id page_type = 1;
inline constexpr entity_id badge_type = 2;

/// Lists.
inline constexpr index_id pages_by_tag = 1, pages_of_owner = 2;
inline constexpr index_id badges_by_slug = 1, badges_of_owner = 2;

/// Column positions.
namespace owner_column {
inline constexpr size_t id = 0, name = 1, note = 2, mark = 3, revision = 4;
}
namespace page_column {
inline constexpr size_t id = 0, owner_id = 1, tag = 2, title = 3, mark = 4,
                        revision = 5;
}
namespace badge_column {
inline constexpr size_t owner_id = 0, kind = 1, slug = 2, mark = 3,
                        revision = 4;
}

/// Parsed once. TTLs of a few virtual seconds, so that expiry happens in runs.
[[nodiscard]] catalog_ptr sim_catalog();
/// The same, of somebody who does not know what the foreign keys do.
[[nodiscard]] catalog_ptr sim_catalog_without_cascades();

} // namespace toadcache::simulation
