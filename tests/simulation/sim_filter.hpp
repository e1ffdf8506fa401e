// Conditions as the simulated server evaluates them. Pure functions.
#pragma once

#include <vector>

#include "model/operation.hpp"

namespace toadcache::simulation {

/// Does the row meet every comparison? NULL meets none but `is_null`.
[[nodiscard]] bool satisfies(const entity_type& type, const row& r,
                             const filter& where);

/// Sorts by the filter's order and cuts at its limit.
void arrange(const entity_type& type, const filter& where,
             std::vector<row>& rows);

} // namespace toadcache::simulation
