#include "config/file_path.hpp"

#include <algorithm>
#include <cctype>

namespace toadcache {

std::string normalise_path(std::string_view path) {
  std::string out{path};
  std::replace(out.begin(), out.end(), '\\', '/');
#ifndef _WIN32
  auto is_drive = out.size() >= 3 && out[1] == ':' && out[2] == '/'
                  && std::isalpha(static_cast<unsigned char>(out[0])) != 0;
  if (is_drive) {
    auto letter
        = static_cast<char>(std::tolower(static_cast<unsigned char>(out[0])));
    out = std::string{"/"} + letter + out.substr(2);
  }
#endif
  return out;
}

} // namespace toadcache
