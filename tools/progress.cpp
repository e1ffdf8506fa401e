#include "tools/progress.hpp"

#include <cstdio>

#include "tools/terminal.hpp"

namespace toadcache {

progress::mode progress::usual(bool asked) {
  if (is_terminal(stderr))
    return mode::one_line;
  return asked ? mode::lines : mode::none;
}

progress::~progress() {
  if (how_ == mode::one_line && !what_.empty())
    std::fputs("\r\x1b[K", stderr);
}

void progress::step(std::string_view what) {
  what_ = what;
  if (how_ == mode::lines)
    std::fprintf(stderr, "%s\n", what_.c_str());
  else if (how_ == mode::one_line)
    std::fprintf(stderr, "\r\x1b[K%s", what_.c_str());
}

void progress::update(size_t done, size_t all) {
  if (how_ == mode::none || all == 0)
    return;
  const char* form = how_ == mode::lines ? "%s: %zu of %zu actions\n"
                                         : "\r\x1b[K%s: %zu of %zu actions";
  std::fprintf(stderr, form, what_.c_str(), done, all);
}

} // namespace toadcache
