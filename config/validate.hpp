// Checks options as a whole: each value's range and how values fit together.
// Pure.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "config/options.hpp"

namespace toadcache {

/// A setting that cannot stand, and why: "20 is above pool.max_count (10)".
struct invalid_setting {
  std::string name;
  std::string what;
};

/// The first setting out of range or at odds with another one. For options
/// that a program fills by itself; `load_config` calls it already.
[[nodiscard]] tl::expected<void, invalid_setting> validate(const options& o);

} // namespace toadcache
