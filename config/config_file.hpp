// Reads a configuration file: JSON, its keys nested or dotted. Blocks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace toadcache {

/// One scalar of the file, as text with its type in JSON.
struct file_setting {
  enum class json_type : uint8_t { boolean, number, string };
  std::string name; ///< dotted: "pool.max_count"
  std::string text;
  json_type type = json_type::string;
};

/// The settings of the file at `path`, in its order; names are not checked.
/// Errors: unreadable, not JSON (with line and column), a key named twice, a
/// null or an array.
[[nodiscard]] tl::expected<std::vector<file_setting>, std::string>
read_config_file(const std::string& path);

} // namespace toadcache
