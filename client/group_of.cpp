#include "client/group_of.hpp"

namespace toadcache {

uint64_t group_of(const entity_type& type, const operation& op) {
  if (type.group_column)
    for (auto& [column, v] : op.set)
      if (column == *type.group_column) {
        if (auto i = std::get_if<int64_t>(&v.data()))
          return static_cast<uint64_t>(*i);
        if (auto u = std::get_if<uint64_t>(&v.data()))
          return *u;
        return 0;
      }
  return op.keys.empty() ? 0 : group_of(type, op.keys.front());
}

} // namespace toadcache
