// From names to positions: builds the operations that the database layer takes
// out of what callers write. Every error is errc::invalid and names entity and
// column. Pure, thread-safe.
#pragma once

#include <string_view>

#include "client/values.hpp"
#include "model/catalog.hpp"
#include "model/disk_entry.hpp"
#include "model/operation.hpp"

namespace toadcache {

/// The index of `name`: an index ("auth"), a relation by its parent ("user") or
/// by its list ("profiles") where only one relation has that list name.
[[nodiscard]] result<index_id> find_list(const entity_type& type,
                                         std::string_view name);
[[nodiscard]] result<key> list_key(const entity_type& type,
                                   std::string_view name, const values& v);

/// Coerced to the columns' types; the same column twice is an error.
[[nodiscard]] result<assignments> to_assignments(const entity_type& type,
                                                 const fields& set);
[[nodiscard]] result<filter> to_filter(const entity_type& type, const query& q);

/// Sets the columns `updated` and, for a new row, `created` to `now` (UTC,
/// seconds) where the type has them and `set` does not name them.
void stamp(const entity_type& type, assignments& set, wall_time now,
           bool create);

[[nodiscard]] result<operation> make_insert(const entity_type& type,
                                            const fields& set, wall_time now);
[[nodiscard]] result<operation> make_update(const entity_type& type,
                                            const values& id, const fields& set,
                                            wall_time now);
[[nodiscard]] result<operation> make_update_where(const entity_type& type,
                                                  const query& q,
                                                  const fields& set,
                                                  wall_time now);
[[nodiscard]] result<operation> make_erase(const entity_type& type,
                                           const values& id);
[[nodiscard]] result<operation> make_erase_where(const entity_type& type,
                                                 const query& q);
[[nodiscard]] result<operation> make_find_or_create(const entity_type& type,
                                                    const fields& where,
                                                    const fields& defaults,
                                                    wall_time now);
/// find_or_create, then update without `created`, in one transaction.
[[nodiscard]] result<std::vector<operation>>
make_upsert(const entity_type& type, const fields& set, wall_time now);

/// The primary key when `where` names exactly its columns.
[[nodiscard]] std::optional<key> primary_key_in(const entity_type& type,
                                                const fields& where);

} // namespace toadcache
