// A load scenario as data: who is there, what they do, for how long, and what
// the outcome must satisfy. Parsed from JSON, then immutable.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

namespace toadcache {

/// What a client of the simulation does.
enum class action_kind : uint8_t {
  poll,         ///< an overlay asks for its channel and profile
  score,        ///< a score bot's message: check, then new channel scores
  status,       ///< a command that only checks its base data
  setup,        ///< links user, channel and default profile
  set_team,     ///< reads the channel, then writes a team's name and tag
  edit_profile, ///< lists the user's profiles, then writes the default's CSS
};
inline constexpr size_t action_kind_count = 6;
[[nodiscard]] std::string_view to_string(action_kind k) noexcept;

/// A part of the run with even rates.
struct phase {
  std::string name;
  std::chrono::milliseconds duration{0};
  double commands_per_second = 0;
  double scores_per_second = 0;
  double polls_per_second = 0;
};

/// Sizes of the population. Popularity follows Zipf's law with exponent
/// `zipf` among guilds, among a guild's channels and among its members.
struct population_sizes {
  size_t guilds_count = 0;
  size_t channels_count = 0;
  size_t users_count = 0;
  size_t overlays_count = 0;
  double zipf = 1;
  /// Share of the users whose first command comes during the run.
  double new_user_ratio = 0;
  /// CSS and HTML of a profile together.
  size_t profile_bytes = 0;
};

/// A bound that a metric of the report must keep.
struct assertion {
  std::string metric;
  bool at_least = true; ///< else: at most
  double bound = 0;
};

struct scenario {
  /// Version of the JSON form; others are refused.
  static constexpr int format_version = 1;

  std::string name;
  uint64_t seed = 0;
  size_t clients_count = 1; ///< threads that act at once
  population_sizes population;
  std::vector<std::pair<action_kind, double>> commands; ///< and their weights
  std::vector<phase> phases;
  std::vector<assertion> assertions;

  [[nodiscard]] std::chrono::milliseconds duration() const;
};

/// Parses and checks. The error is one line: origin, key, what was expected.
/// `metrics` are the names that assertions may use.
[[nodiscard]] tl::expected<scenario, std::string>
parse_scenario(std::string_view json, std::string_view origin,
               const std::vector<std::string>& metrics);

} // namespace toadcache
