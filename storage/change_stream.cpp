#include "storage/change_stream.hpp"

namespace toadcache {

std::string_view to_string(stream_fault f) noexcept {
  switch (f) {
  case stream_fault::connection_lost:
    return "connection_lost";
  case stream_fault::interrupted:
    return "interrupted";
  case stream_fault::position_lost:
    return "position_lost";
  case stream_fault::not_decodable:
    return "not_decodable";
  case stream_fault::privileges_missing:
    return "privileges_missing";
  case stream_fault::log_off:
    return "log_off";
  }
  return "unknown fault";
}

} // namespace toadcache
