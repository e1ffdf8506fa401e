// Messages between readers and ENTITY CACHE.
#pragma once

#include <vector>

#include "messages/inspect_model.hpp"

namespace toadcache {

/// Rows of one type by primary key, for what the partition could not answer.
struct get_rows {
  std::vector<key> keys;
  read_options options;
  request_header header;
  friend bool operator==(const get_rows&, const get_rows&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_rows& x) {
  return f(caf::meta::type_name("get_rows"), x.keys, x.options, x.header);
}

/// One reply per key, in the order of the keys.
struct rows {
  std::vector<row_reply> replies;
  friend bool operator==(const rows&, const rows&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, rows& x) {
  return f(caf::meta::type_name("rows"), x.replies);
}

/// Lists of one type: unique keys, lookups, relations (keys with index > 0).
struct get_lists {
  std::vector<key> keys;
  read_options options;
  request_header header;
  friend bool operator==(const get_lists&, const get_lists&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_lists& x) {
  return f(caf::meta::type_name("get_lists"), x.keys, x.options, x.header);
}

/// One reply per key, in the order of the keys.
struct lists {
  std::vector<list_reply> replies;
  friend bool operator==(const lists&, const lists&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, lists& x) {
  return f(caf::meta::type_name("lists"), x.replies);
}

/// A reader met a stale entry and claimed its refresh: fetch it again.
struct refresh {
  key id;
  friend bool operator==(const refresh&, const refresh&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, refresh& x) {
  return f(caf::meta::type_name("refresh"), x.id);
}

} // namespace toadcache
