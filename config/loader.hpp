// Loads the options: command line over environment over JSON file over
// defaults, and remembers where each value came from. Reads files (blocks);
// call it once at the start, from any thread.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include "config/options.hpp"

namespace toadcache {

/// A look-up of environment variables; nothing when one is not set.
using environment
    = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process.
[[nodiscard]] environment process_environment();

/// Where to look.
struct config_sources {
  /// A JSON file (--config); without one the file that TOADCACHE_CONFIG names,
  /// if it is set.
  std::optional<std::string> file;
  /// "name=value", the later one wins (--set).
  std::vector<std::string> assignments;
  /// mysql://... or sqlite:FILE (--database); the assignments win over it.
  std::optional<std::string> database_url;
  environment variables = process_environment();
  /// A value of SQL_* that names a file in here stands for its content.
  std::filesystem::path secrets = "/run/secrets";
};

struct loaded {
  options values;
  /// By setting: "default", "file toad.json", "environment SQL_HOST",
  /// "command line". Every setting has one.
  std::map<std::string, std::string, std::less<>> origins;
};

/// Loads and validates. An empty environment variable counts as not set. When a
/// host is set and database.kind is not, the kind is mysql. The error is one
/// line: where the value came from, its name, what was expected; it never holds
/// a secret.
[[nodiscard]] tl::expected<loaded, std::string>
load_config(const config_sources& sources);

} // namespace toadcache
