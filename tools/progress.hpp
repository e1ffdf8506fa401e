// Tells on stderr how far a long command is: one line that is written anew on a
// terminal, a line per step elsewhere. One thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace toadcache {

class progress {
public:
  enum class mode : unsigned char { none, lines, one_line };
  /// On a terminal one line; elsewhere lines if they were `asked` for.
  [[nodiscard]] static mode usual(bool asked);

  explicit progress(mode how) : how_(how) {}
  /// Ends the line.
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// A new step of the work.
  void step(std::string_view what);
  void update(size_t done, size_t all);

private:
  mode how_;
  std::string what_;
};

} // namespace toadcache
