// A check whose rows are all in memory and as they should be: the rows are
// looked at where they are, and only the answer's own are taken. Everything
// else is left to plan_check. Thread-safe, never blocks.
#pragma once

#include <optional>

#include "client/checks.hpp"

namespace toadcache {

class warm_check {
public:
  explicit warm_check(const check_types& types);

  /// The rows of `answered`, a set of `part`s; nothing when a row of the check
  /// is not in memory, too old, or not as it should be. Counts each row that it
  /// looks at. No allocation.
  [[nodiscard]] std::optional<checked_rows>
  find(client_core& core, const check_view& what, uint8_t answered) const;

  enum part : uint8_t {
    guild = 1,
    channel = 2,
    user = 4,
    user_channel = 8,
    guild_user = 16,
  };

private:
  class look;

  check_types types_;
  /// All key columns are plain integers, but for the profiles' own; else
  /// nothing is found here.
  bool plain_keys_ = false;
  index_id profiles_of_user_ = primary_index;
  struct columns {
    size_t guild_name;
    size_t channel_name;
    size_t user_name;
    size_t discriminator;
    size_t profile_name;
    size_t is_active;
    size_t displayname;
  } at_{};
};

} // namespace toadcache
