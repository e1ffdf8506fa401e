#include "tools/terminal.hpp"

#include <cstdlib>

#ifdef _WIN32
#include <io.h>
#else
#include <unistd.h>
#endif

namespace toadcache {

bool is_terminal(FILE* stream) {
#ifdef _WIN32
  return _isatty(_fileno(stream)) != 0;
#else
  return isatty(fileno(stream)) != 0;
#endif
}

palette::palette(FILE* stream) {
  const char* no_color = std::getenv("NO_COLOR");
  on_ = is_terminal(stream) && (no_color == nullptr || *no_color == '\0');
}

std::string palette::bold(std::string_view text) const {
  return wrap("1", text);
}

std::string palette::dim(std::string_view text) const {
  return wrap("2", text);
}

std::string palette::good(std::string_view text) const {
  return wrap("32", text);
}

std::string palette::bad(std::string_view text) const {
  return wrap("31", text);
}

std::string palette::wrap(std::string_view code, std::string_view text) const {
  if (!on_)
    return std::string{text};
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

} // namespace toadcache
