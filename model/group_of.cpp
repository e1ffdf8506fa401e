#include "model/group_of.hpp"

namespace toadcache {

namespace {

template <class Variant>
uint64_t number_of(const Variant& v) {
  if (auto i = std::get_if<int64_t>(&v))
    return static_cast<uint64_t>(*i);
  if (auto u = std::get_if<uint64_t>(&v))
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
        return number_of((*all)[i].data());
  return 0;
}

uint64_t group_of(const entity_type& type, const row& r) {
  return type.group_column && r ? number_of(r.at(*type.group_column)) : 0;
}

} // namespace toadcache
