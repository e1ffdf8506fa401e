#include "tools/command.hpp"

#include <cstdio>
#include <string>

namespace toadcache {

int complain(exit_code code, std::string_view what) {
  std::string line = "toadcache: " + std::string{what} + "\n";
  std::fputs(line.c_str(), stderr);
  return code;
}

} // namespace toadcache
