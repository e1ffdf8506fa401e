// The decisions of a check, apart from how its rows are read and written: which
// rows it needs, whether what was read satisfies it, and which operations make
// it so. Pure but for the random access code and ids; thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "client/checks.hpp"
#include "model/disk_entry.hpp"
#include "model/operation.hpp"

namespace toadcache {

/// Makes the operations, parents before children, that turn `rows` into what
/// `what` asks for; empty when they satisfy it already. `auth` is a free access
/// code, used when the user channel has to be made.
[[nodiscard]] result<std::vector<operation>>
plan_check(const check_types& types, const check_request& what,
           const checked_rows& rows, int64_t auth, wall_time now);

/// True when a new access code is needed.
[[nodiscard]] bool needs_auth(const check_request& what,
                              const checked_rows& rows);

/// Takes over what the operations of `plan_check` answered.
void take_results(const check_types& types,
                  const std::vector<operation>& planned,
                  const std::vector<operation_result>& results,
                  checked_rows& rows);

/// The user's profile named 'default' among `profiles`; not found when absent.
[[nodiscard]] record default_profile_in(const records& profiles);

/// Whose default profile the check needs, if any.
[[nodiscard]] std::optional<int64_t> profile_owner(const check_request& what);

/// Nine random digits, the first not zero.
[[nodiscard]] int64_t random_auth();
/// A random (version 4) UUID as text.
[[nodiscard]] std::string random_uuid();

} // namespace toadcache
