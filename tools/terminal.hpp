// Colours and progress on a terminal. Thread-safe.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace toadcache {

/// True when `stream` is a terminal.
[[nodiscard]] bool is_terminal(FILE* stream);

/// Colours for one stream: none unless it is a terminal and NO_COLOR is not
/// set (https://no-color.org).
class palette {
public:
  explicit palette(FILE* stream);
  [[nodiscard]] std::string bold(std::string_view text) const;
  [[nodiscard]] std::string dim(std::string_view text) const;
  [[nodiscard]] std::string good(std::string_view text) const;
  [[nodiscard]] std::string bad(std::string_view text) const;

private:
  [[nodiscard]] std::string wrap(std::string_view code,
                                 std::string_view text) const;
  bool on_ = false;
};

} // namespace toadcache
