// What the simulated bot and overlays ask of their data: one interface, with
// the cache behind it or the bare database. One per client thread, blocking.
#pragma once

#include <memory>

#include "client/checks.hpp"
#include "client/record.hpp"
#include "storage/database.hpp"

namespace toadcache {

class bot_backend {
public:
  virtual ~bot_backend() = default;

  /// Each call yields whether memory alone had the answer.
  struct found {
    records rows; ///< missing ones absent
    bool from_memory = false;
  };

  virtual result<bool> check_base_data(const discord_guild& guild,
                                       const discord_channel& channel,
                                       const discord_user& user)
      = 0;
  /// As `_setup` does: the access code, and the link to the default profile.
  virtual result<bool> activate_user_channel(int64_t user_id,
                                             int64_t channel_id)
      = 0;
  virtual result<found> find(std::string_view entity,
                             const std::vector<value>& id)
      = 0;
  /// By lookup, or by relation under its parent's name.
  virtual result<found> list(std::string_view entity, std::string_view index,
                             const std::vector<value>& of)
      = 0;
  virtual result<void> update(std::string_view entity,
                              const std::vector<value>& id, const fields& set)
      = 0;
};

/// `of` outlives it.
[[nodiscard]] std::unique_ptr<bot_backend> make_cached_backend(const cache& of);

/// A connection of its own; `types` outlives it.
[[nodiscard]] result<std::unique_ptr<bot_backend>>
make_direct_backend(database& of, const catalog& types);

} // namespace toadcache
