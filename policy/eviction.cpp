#include "policy/eviction.hpp"

#include "policy/clock_lru.hpp"

namespace toadcache {

result<std::unique_ptr<eviction_policy>>
make_eviction_policy(std::string_view name) {
  if (name == "lru")
    return std::make_unique<clock_lru>();
  return fail(errc::invalid, "eviction policy '" + std::string{name}
                                 + "' is unknown: expected lru");
}

} // namespace toadcache
