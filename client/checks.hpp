// What a ToadOverlay command checks before it runs: that the rows of its guild,
// channel and user exist and carry Discord's current names. Finds or creates,
// parents before children, then renames. When all of it is in memory and right
// an answer is ready at once, without a database call or a coroutine. Safe when
// two processes do it at the same time. Thread-safe; valid while the cache is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// Which rows a check covers, and what they should hold; borrowed.
struct check_view {
  const discord_guild* guild = nullptr;
  const discord_channel* channel = nullptr;
  const discord_user* user = nullptr;
  std::optional<std::pair<int64_t, int64_t>> user_channel; ///< user, channel
  bool activate = false;                                   ///< the user channel
  /// User, guild, and the display name.
  std::optional<std::pair<int64_t, int64_t>> guild_user;
  std::string_view displayname;
};

/// The same, owned.
struct check_request {
  explicit check_request(const check_view& v);
  std::optional<discord_guild> guild;
  std::optional<discord_channel> channel;
  std::optional<discord_user> user;
  std::optional<std::pair<int64_t, int64_t>> user_channel; ///< user, channel
  bool activate = false;                                   ///< the user channel
  std::optional<std::pair<int64_t, int64_t>> guild_user;
  std::string displayname;
};

/// The rows of a check; those it does not cover are not found().
struct checked_rows {
  record guild;
  record channel;
  record user;
  record default_profile;
  record user_channel;
  record channel_profile;
  record guild_user;
};

/// Where the rows of an answer go; null: not wanted.
struct wanted_rows {
  record* guild = nullptr;
  record* channel = nullptr;
  record* user = nullptr;
  record* user_channel = nullptr;
  record* guild_user = nullptr;
};

/// The entity types of the seven, found once.
struct check_types {
  const entity_type* guild = nullptr;
  const entity_type* channel = nullptr;
  const entity_type* user = nullptr;
  const entity_type* profile = nullptr;
  const entity_type* user_channel = nullptr;
  const entity_type* guild_user = nullptr;
  const entity_type* channel_profile = nullptr;

  /// errc::invalid names the entity that the catalog lacks.
  [[nodiscard]] static result<check_types> of(const catalog& types);
};

class warm_check;

class checks {
public:
  /// With a catalog that lacks one of the seven every check answers
  /// errc::invalid.
  explicit checks(const cache& of) : checks(of.core()) {}
  explicit checks(client_core& core);

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
  /// All five. errc::invalid when the channel is not of the guild.
  answer<base_data> check_base_data(const discord_guild& guild,
                                    const discord_channel& channel,
                                    const discord_user& user) const;

private:
  /// `rows_of(T&)` says as wanted_rows which rows go where in the answer.
  template <class T, class RowsOf>
  answer<T> run(const check_view& what, RowsOf rows_of) const;

  client_core* core_;
  result<check_types> types_;
  std::shared_ptr<const warm_check> warm_; ///< null without the types
};

} // namespace toadcache
