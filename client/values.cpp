#include "client/values.hpp"

namespace toadcache {

condition equals(std::string column, value v) {
  if (v.is_null())
    return {std::move(column), compare::is_null, {}};
  return {std::move(column), compare::eq, {std::move(v)}};
}

condition is_in(std::string column, std::vector<value> any_of) {
  return {std::move(column), compare::in, std::move(any_of)};
}

} // namespace toadcache
