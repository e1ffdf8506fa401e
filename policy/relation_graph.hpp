// What else a change touches, by the catalog's relations: children that the
// database changes by itself (foreign-key cascades write no row events), and
// what hangs on a row for an explicit invalidation. Pure; thread-safe.
#pragma once

#include <vector>

#include "model/catalog.hpp"
#include "model/operation.hpp"

namespace toadcache {

/// The types that the database changes by cascade when `change` is applied to a
/// row of its type, recursively, each once. Where an image is missing the worst
/// is assumed.
[[nodiscard]] std::vector<entity_id> cascaded_types(const catalog& c,
                                                    const row_change& change);

/// What hangs on one row: the lists of its children by child type.
struct dependents {
  std::vector<key> lists;
  /// Children whose foreign key does not point at the primary key: the row's
  /// key cannot name their lists, so they are flushed.
  std::vector<entity_id> whole_types;
};
[[nodiscard]] dependents dependents_of(const catalog& c, const key& row_key);

} // namespace toadcache
