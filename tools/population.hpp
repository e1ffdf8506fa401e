// Who takes part in a simulation: guilds, channels, users and overlays with
// their ids and names, all derived from the scenario and a seed. Immutable,
// thread-safe.
#pragma once

#include <string>
#include <vector>

#include "client/checks.hpp"
#include "tools/random.hpp"
#include "tools/scenario.hpp"

namespace toadcache {

/// Ids of all populations lie in [first_id, last_id); so the rows of a
/// simulation are told from others.
inline constexpr int64_t first_simulated_id = 7'000'000'000'000'000'000;
inline constexpr int64_t last_simulated_id = 7'001'000'000'000'000'000;

class population {
public:
  /// Populations of different `run` (0 or 1) share no id, so that each starts
  /// from the same state.
  population(const population_sizes& sizes, uint64_t seed, int run);

  struct overlay {
    size_t user;
    size_t channel;
    int64_t auth; ///< its access code
  };

  [[nodiscard]] const population_sizes& sizes() const { return sizes_; }
  [[nodiscard]] discord_guild guild(size_t i) const;
  [[nodiscard]] discord_channel channel(size_t i) const;
  [[nodiscard]] discord_user user(size_t i) const;
  /// Id of a user's default profile.
  [[nodiscard]] std::string profile_id(size_t user) const;
  /// Text of a profile's CSS or HTML.
  [[nodiscard]] std::string profile_text(uint64_t salt) const;
  [[nodiscard]] size_t home_guild(size_t user) const { return homes_[user]; }
  /// False: the user's rows are made by the first command.
  [[nodiscard]] bool known(size_t user) const { return known_[user]; }
  [[nodiscard]] const std::vector<overlay>& overlays() const {
    return overlays_;
  }

  /// Someone who writes somewhere, by popularity.
  struct speaker {
    size_t guild;
    size_t channel;
    size_t user;
  };
  [[nodiscard]] speaker draw(random_source& random) const;

private:
  [[nodiscard]] size_t channels_of(size_t guild) const;

  population_sizes sizes_;
  int run_;
  zipf_ranks guild_ranks_;
  std::vector<size_t> homes_;                ///< by user: the guild
  std::vector<bool> known_;                  ///< by user
  std::vector<std::vector<size_t>> members_; ///< by guild: users
  std::vector<zipf_ranks> member_ranks_;     ///< by guild
  std::vector<zipf_ranks> channel_ranks_;    ///< by guild
  std::vector<overlay> overlays_;
};

/// Makes the rows of everybody known, where they are missing. Blocks; about
/// 50 us per row. errc::invalid when the tables hold rows of anyone else.
[[nodiscard]] result<void> populate(database& target, const catalog& types,
                                    const population& who);

} // namespace toadcache
