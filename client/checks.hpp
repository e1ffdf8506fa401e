// What a ToadOverlay command checks before it runs: that the rows of its guild,
// channel and user exist and carry Discord's current names. Finds or creates,
// parents before children, then renames. When all of it is in memory and right
// an answer is ready at once, without a database call or a coroutine. Safe when
// two processes do it at the same time. Thread-safe; valid while the cache is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "client/cache.hpp"

namespace toadcache {

/// What Discord says; ids are snowflakes.
struct discord_guild {
  int64_t id = 0;
  std::string name;
};
struct discord_channel {
  int64_t id = 0;
  int64_t guild_id = 0;
  std::string name;
};
struct discord_user {
  int64_t id = 0;
  std::string name;
  std::string discriminator;
  std::string displayname; ///< the name in the guild; empty: `name`
};

struct base_data {
  record user;
  record guild;
  record channel;
};

class checks {
public:
  explicit checks(const cache& of);

  answer<record> check_guild(const discord_guild& guild) const;
  /// Requires: the guild's row exists.
  answer<record> check_channel(const discord_channel& channel) const;
  /// Also makes the user's profile named 'default'.
  answer<record> check_user(const discord_user& user) const;
  /// Draws a free access code for a new row. `activate` marks the row active
  /// and links the channel to the user's default profile. Requires: the rows of
  /// both exist.
  answer<record> check_user_channel(int64_t user_id, int64_t channel_id,
                                    bool activate = false) const;
  /// Requires: the rows of both exist.
  answer<record> check_guild_user(const discord_guild& guild,
                                  const discord_user& user) const;
  /// All five.
  answer<base_data> check_base_data(const discord_guild& guild,
                                    const discord_channel& channel,
                                    const discord_user& user) const;

private:
  client_core* core_;
  entity_handle guilds_, channels_, users_, profiles_, user_channels_,
      guild_users_, channel_profiles_;
};

} // namespace toadcache
