// The part of a read that runs in the DISPATCHER: asks the cache actor of the
// type, falls through to DB POOL, puts rows and lists together. Each function
// calls its `done` exactly once. Not for other threads.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "client/client_core.hpp"
#include "client/record.hpp"

namespace toadcache {

/// One read under way. Immutable.
struct read_request {
  client_core_ptr core;
  const entity_type* type = nullptr;
  read_options how;
  time_point deadline;
  bool cached = true; ///< false: DB POOL at once
};
using read_request_ptr = std::shared_ptr<const read_request>;

using rows_done = std::function<void(result<std::vector<row_reply>>)>;
using list_done = std::function<void(result<list_reply>)>;

/// One reply per key, in their order.
void ask_rows(dispatcher_context context, read_request_ptr rq,
              std::vector<key> ids, rows_done done);

/// A list with its rows where the answer brought them.
void ask_list(dispatcher_context context, read_request_ptr rq, key list,
              list_done done);

/// The rows of a list: those of `known` (one per key of the list, empty where
/// memory had none) and the rest by ask_rows; each checked against the value
/// asked for.
void complete_list(dispatcher_context context, read_request_ptr rq, key list,
                   list_reply found,
                   std::vector<std::optional<row_reply>> known, rows_done done);

/// Rows by filter, from the database.
void ask_where(dispatcher_context context, read_request_ptr rq, filter where,
               rows_done done);

/// Does `r` belong to the list asked for?
enum class membership {
  yes,
  no,
  unknown ///< the collation decides, and only the database knows it
};
[[nodiscard]] membership belongs(const entity_type& type, const row& r,
                                 const key& list);

} // namespace toadcache
