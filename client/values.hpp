// How callers write keys, columns and conditions: by value and by column name.
// Values, thread-safe.
#pragma once

#include <array>
#include <concepts>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/operation.hpp"

namespace toadcache {

/// One value or a tuple of up to four, as a key is asked for: `42`,
/// `{user_id, channel_id}`; longer ones as a vector, which it borrows: use it
/// as a function parameter only.
class values {
public:
  static constexpr size_t max_count = 4;

  template <class... Ts>
  requires(sizeof...(Ts) >= 1 && sizeof...(Ts) <= max_count
           && (std::convertible_to<Ts&&, value> && ...)) values(Ts&&... v)
      : own_{value(std::forward<Ts>(v))...}, all_(own_.data(), sizeof...(Ts)) {}
  values(const std::vector<value>& v) : all_(v) {}
  values(std::span<const value> v) : all_(v) {}
  values(const values&) = delete;
  values& operator=(const values&) = delete;

  [[nodiscard]] std::span<const value> all() const noexcept { return all_; }

private:
  std::array<value, max_count> own_;
  std::span<const value> all_;
};

/// New values by column name: `{{"name", "Toad"}, {"fc_switch", nullptr}}`.
/// (g++ 12 cannot compile such a list inside a co_await expression; give it a
/// name first.)
using fields = std::vector<std::pair<std::string, value>>;

/// One comparison by column name.
struct condition {
  std::string column;
  compare op = compare::eq;
  std::vector<value> operands;
};

/// `column = v`; for NULL: `column IS NULL`.
[[nodiscard]] condition equals(std::string column, value v);
[[nodiscard]] condition is_in(std::string column, std::vector<value> any_of);

/// All conditions hold. Answered by the database, never cached.
struct query {
  std::vector<condition> all_of;
  /// Column and whether descending.
  std::vector<std::pair<std::string, bool>> order_by;
  uint64_t limit = 0; ///< 0: no limit
};

struct write_options {
  /// Time the call may take; absent: client_options::request_timeout.
  std::optional<milliseconds> timeout;
};

} // namespace toadcache
