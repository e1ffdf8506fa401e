// A check whose rows are all in memory and as they should be: the rows are
// looked at where they are, and only the answer's own are taken. Everything
// else is left to plan_check. Thread-safe, never blocks.
#pragma once

#include "client/checks.hpp"

namespace toadcache {

class warm_check {
public:
  explicit warm_check(const check_types& types);

  /// Takes the rows that `into` wants. False when a row of the check is not in
  /// memory, too old, or not as it should be; some may have been taken. Counts
  /// each row that it looks at. No allocation.
  [[nodiscard]] bool find(client_core& core, const check_view& what,
                          const wanted_rows& into) const;

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
    size_t displayname;
  } at_{};
};

} // namespace toadcache
