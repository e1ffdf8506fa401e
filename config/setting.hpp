// One row of the table of settings, and how its values are read and printed.
// The table drives the keys of the file, the environment variables, the command
// line, `config show` and the reference in the docs. Immutable, thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "config/options.hpp"

namespace toadcache {

/// How the text of a setting is read; decides which alternative of
/// `setting_value` it has.
enum class setting_kind : uint8_t {
  boolean,  ///< bool: true, false (also yes/no, on/off, 1/0)
  count,    ///< uint64_t: a whole number
  bytes,    ///< uint64_t: a whole number, or with KiB, MiB, GiB
  ratio,    ///< double
  duration, ///< milliseconds: "20ms", "5s", "10m", "1h", or a number in `unit`
  text,     ///< std::string
  path,     ///< std::string: a file, in Windows or Linux form
  choice,   ///< std::string: one of `choices`, in any case
  secret,   ///< std::string, never printed
};

using setting_value
    = std::variant<bool, uint64_t, double, milliseconds, std::string>;

struct setting {
  std::string_view name;     ///< "pool.max_count": as in the file and --set
  std::string_view variable; ///< "SQL_POOL_MAX"; empty: none
  setting_kind kind = setting_kind::text;
  std::string_view unit; ///< duration: of a bare number, "s" or "ms"
  /// Smallest and largest value; durations in milliseconds. Text: unused.
  double min = 0;
  double max = 0;
  std::vector<std::string_view> choices;
  std::string_view doc; ///< one sentence
  std::function<setting_value(const options&)> get;
  /// Requires: the alternative that `kind` names, within the range.
  std::function<void(options&, const setting_value&)> set;
};

/// Every setting, in the order of `options`.
[[nodiscard]] std::span<const setting> settings();

/// nullptr when there is none of that name. O(n).
[[nodiscard]] const setting* find_setting(std::string_view name);

/// What a value must be: "a whole number from 1 to 1000".
[[nodiscard]] std::string expectation(const setting& s);

/// Reads and checks a value. The error says what was expected and got, but not
/// where; that of a secret never holds the value.
[[nodiscard]] tl::expected<setting_value, std::string>
parse_value(const setting& s, std::string_view text);

/// True when a value lies within the setting's range and choices.
[[nodiscard]] bool in_range(const setting& s, const setting_value& v);

/// As `parse_value` reads it: "300s", "256MiB", "true". A secret: "(set)" or
/// "".
[[nodiscard]] std::string format_value(const setting& s,
                                       const setting_value& v);

/// The table as a Markdown section, for the docs and `config reference`.
[[nodiscard]] std::string settings_reference();

} // namespace toadcache
