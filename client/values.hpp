// How callers write keys, columns and conditions: by value and by column name.
// Values, thread-safe.
#pragma once

#include <concepts>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/operation.hpp"

namespace toadcache {

/// One value or a tuple, as a key is asked for: `42`, `{user_id, channel_id}`.
/// Borrows: use it as a function parameter only.
class values {
public:
  template <class T>
  requires std::convertible_to<T&&, value> values(T&& v)
      : one_(std::forward<T>(v)), all_(&one_, 1) {}
  values(std::initializer_list<value> v) : all_(v.begin(), v.size()) {}
  values(const std::vector<value>& v) : all_(v) {}
  values(std::span<const value> v) : all_(v) {}
  values(const values&) = delete;
  values& operator=(const values&) = delete;

  [[nodiscard]] std::span<const value> all() const noexcept { return all_; }

private:
  value one_;
  std::span<const value> all_;
};

/// New values by column name: `{{"name", "Toad"}, {"fc_switch", nullptr}}`.
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
