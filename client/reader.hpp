// Reads: first the partition, in the caller's thread; what it cannot answer is
// asked of ENTITY CACHE through the DISPATCHER, and of DB POOL directly when
// the cache is off, bypassed or its actor down. Thread-safe, never blocks.
//
// Counts: a lookup is one row or list asked of memory, a hit or a miss; a read
// past the cache on purpose counts as bypassed and is no lookup.
#pragma once

#include <vector>

#include "client/client_core.hpp"
#include "client/record.hpp"

namespace toadcache {

/// What memory answers, or nothing: absent, too old, hidden. Counts, and asks
/// for the refresh of a stale answer. Requires: a row key.
[[nodiscard]] std::optional<row_reply>
probe_row(client_core& core, const key& id, const read_options& how);

/// What the borrowing form calls: with the caller's own thing, and what memory
/// holds (an empty row: there is none).
using row_visitor = void (*)(void* with, const row& content, freshness state,
                             milliseconds age);
/// As probe_row, borrowed. False: nothing was called.
bool visit_row(client_core& core, const key& id, const read_options& how,
               row_visitor f, void* with);

using row_predicate = bool (*)(void* with, const row& content);
/// Whether `wanted` accepts a row of the list as memory knows it; asked in the
/// order of the list until it does. False also where memory cannot tell: the
/// list or a row before is not there. Requires: a list key.
[[nodiscard]] bool any_in_list(client_core& core, const entity_type& type,
                               const key& list, const read_options& how,
                               row_predicate wanted, void* with);

[[nodiscard]] answer<record> read_row(client_core& core,
                                      const entity_type& type, result<key> id,
                                      const read_options& how);
[[nodiscard]] answer<records> read_rows(client_core& core,
                                        const entity_type& type,
                                        result<std::vector<key>> ids,
                                        const read_options& how);
[[nodiscard]] answer<records> read_list(client_core& core,
                                        const entity_type& type,
                                        result<key> list,
                                        const read_options& how);
/// The first row of a list, or a record that is not found.
[[nodiscard]] answer<record> read_first(client_core& core,
                                        const entity_type& type,
                                        result<key> list,
                                        const read_options& how);
[[nodiscard]] answer<records> read_where(client_core& core,
                                         const entity_type& type,
                                         result<filter> where,
                                         const read_options& how);

} // namespace toadcache
