#include "model/reply.hpp"

namespace toadcache {

std::string_view to_string(tier t) noexcept {
  switch (t) {
  case tier::memory:
    return "memory";
  case tier::disk:
    return "disk";
  case tier::database:
    return "database";
  }
  return "unknown tier";
}

std::string_view to_string(freshness f) noexcept {
  switch (f) {
  case freshness::fresh:
    return "fresh";
  case freshness::stale:
    return "stale";
  }
  return "unknown freshness";
}

} // namespace toadcache
