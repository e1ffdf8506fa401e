// Reads a document of the source tree. Blocks.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace toadcache {

inline std::string content_of(const std::string& name) {
  std::ifstream in{std::filesystem::path{TOADCACHE_SOURCE_DIR} / name};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

} // namespace toadcache
