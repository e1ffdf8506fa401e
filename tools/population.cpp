#include "tools/population.hpp"

#include <array>
#include <cstdio>

namespace toadcache {

namespace {

constexpr int64_t run_span = 10'000'000'000'000;
constexpr int64_t kind_span = 1'000'000'000;
enum class id_kind : uint8_t { guild, channel, user };

int64_t make_id(int run, id_kind kind, size_t i) {
  return first_simulated_id + run * run_span
         + static_cast<int64_t>(kind) * kind_span + static_cast<int64_t>(i);
}

} // namespace

population::population(const population_sizes& sizes, uint64_t seed, int run)
    : sizes_(sizes), run_(run), guild_ranks_(sizes.guilds_count, sizes.zipf),
      members_(sizes.guilds_count) {
  random_source random{seed};
  for (size_t u = 0; u < sizes.users_count; ++u) {
    // Every guild has a member; the others go where most are.
    auto home = u < sizes.guilds_count ? u : guild_ranks_.draw(random);
    homes_.push_back(home);
    members_[home].push_back(u);
    known_.push_back(random.unit() >= sizes.new_user_ratio);
  }
  for (size_t g = 0; g < sizes.guilds_count; ++g) {
    member_ranks_.emplace_back(members_[g].size(), sizes.zipf);
    channel_ranks_.emplace_back(channels_of(g), sizes.zipf);
  }
  constexpr int64_t smallest_auth = 100'000'000;
  constexpr int64_t auths_per_run = 400'000'000;
  for (size_t i = 0; i < sizes.overlays_count; ++i) {
    const auto& candidates = members_[i % sizes.guilds_count];
    auto user = candidates[random.below(candidates.size())];
    known_[user] = true;
    overlays_.push_back(
        {user, i,
         smallest_auth + run * auths_per_run + static_cast<int64_t>(i)});
  }
}

size_t population::channels_of(size_t guild) const {
  // Channel i belongs to guild i % guilds.
  return (sizes_.channels_count - guild + sizes_.guilds_count - 1)
         / sizes_.guilds_count;
}

discord_guild population::guild(size_t i) const {
  return {make_id(run_, id_kind::guild, i), "Guild " + std::to_string(i)};
}

discord_channel population::channel(size_t i) const {
  return {make_id(run_, id_kind::channel, i),
          make_id(run_, id_kind::guild, i % sizes_.guilds_count),
          "channel-" + std::to_string(i)};
}

discord_user population::user(size_t i) const {
  auto name = "User " + std::to_string(i);
  return {make_id(run_, id_kind::user, i), name,
          std::to_string(1000 + i % 9000), name};
}

std::string population::profile_id(size_t user) const {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "00000000-0000-4000-8%03d-%012zx",
                run_, user);
  return text.data();
}

std::string population::profile_text(uint64_t salt) const {
  auto text = "/* " + std::to_string(salt) + " */";
  auto half = sizes_.profile_bytes / 2;
  while (text.size() < half)
    text += " .score { color: #" + std::to_string(100000 + salt % 900000)
            + "; }";
  text.resize(half);
  return text;
}

population::speaker population::draw(random_source& random) const {
  auto guild = guild_ranks_.draw(random);
  auto channel
      = guild + channel_ranks_[guild].draw(random) * sizes_.guilds_count;
  auto user = members_[guild][member_ranks_[guild].draw(random)];
  return {guild, channel, user};
}

} // namespace toadcache
