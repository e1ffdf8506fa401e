#include "model/error.hpp"

namespace toadcache {

std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::none:
    return "none";
  case errc::not_found:
    return "not_found";
  case errc::duplicate:
    return "duplicate";
  case errc::foreign_key:
    return "foreign_key";
  case errc::deadlock:
    return "deadlock";
  case errc::unavailable:
    return "unavailable";
  case errc::timeout:
    return "timeout";
  case errc::outcome_unknown:
    return "outcome_unknown";
  case errc::invalid:
    return "invalid";
  case errc::overloaded:
    return "overloaded";
  case errc::shutting_down:
    return "shutting_down";
  case errc::tier_closed:
    return "tier_closed";
  case errc::corrupt:
    return "corrupt";
  case errc::internal:
    return "internal";
  }
  return "unknown error code"; // a newer peer's number
}

std::string to_string(const failure& f) {
  std::string text{to_string(f.code)};
  if (!f.what.empty()) {
    text += ": ";
    text += f.what;
  }
  return text;
}

} // namespace toadcache
