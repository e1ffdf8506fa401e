// The eviction policies that a catalog can name. They are made in
// policy/eviction.cpp, whose test compares the two lists. Immutable.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace toadcache {

inline constexpr std::array<std::string_view, 5> eviction_names
    = {"adaptive_fifo", "lru", "s3_fifo", "sieve", "w_tiny_lfu"};

/// Of an entity type whose catalog entry names none.
inline constexpr std::string_view default_eviction = eviction_names.front();

[[nodiscard]] constexpr bool is_eviction(std::string_view name) {
  for (auto known : eviction_names)
    if (known == name)
      return true;
  return false;
}

/// "adaptive_fifo, lru, ...", for messages.
[[nodiscard]] inline std::string known_evictions() {
  std::string all;
  for (auto name : eviction_names)
    all.append(all.empty() ? "" : ", ").append(name);
  return all;
}

} // namespace toadcache
