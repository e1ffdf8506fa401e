#include "client/group_of.hpp"

namespace toadcache {

namespace {

uint64_t number_of(const value& v) {
  if (auto i = std::get_if<int64_t>(&v.data()))
    return static_cast<uint64_t>(*i);
  if (auto u = std::get_if<uint64_t>(&v.data()))
    return *u;
  return 0;
}

} // namespace

uint64_t group_of(const entity_type& type, const key& k) {
  if (!type.group_column)
    return 0;
  const auto& columns = type.index_columns(k.index());
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i] == *type.group_column)
      if (auto all = decode_key(k.bytes()); all && i < all->size())
        return number_of((*all)[i]);
  return 0;
}

uint64_t group_of(const entity_type& type, const operation& op) {
  if (type.group_column)
    for (auto& [column, v] : op.set)
      if (column == *type.group_column)
        return number_of(v);
  return op.keys.empty() ? 0 : group_of(type, op.keys.front());
}

} // namespace toadcache
