// What the commands of the program share: the sources of the configuration,
// exit codes, and the way a command is chosen and run. Main thread only.
#pragma once

#include <functional>
#include <string_view>

#include "config/loader.hpp"

namespace CLI {
class App;
}

namespace toadcache {

/// How the program ends; `--help` documents them.
enum exit_code : int {
  exit_ok = 0,
  exit_findings = 1, ///< what was checked is not in order
  exit_usage = 2,    ///< bad command line, configuration, catalog or scenario
  exit_failed = 3,   ///< the database, a file or the cache failed
};

/// One run of the program.
struct command_context {
  config_sources sources;
  /// Set by the command that the command line names; yields an exit code.
  std::function<int()> run;
};

/// Prints "toadcache: <what>" to stderr; yields `code`.
int complain(exit_code code, std::string_view what);

// One function per file of commands: adds its subcommands, whose callbacks set
// `context.run`. `context` outlives the app.
void register_config(CLI::App& app, command_context& context);
void register_schema(CLI::App& app, command_context& context);
void register_catalog(CLI::App& app, command_context& context);
void register_simulate(CLI::App& app, command_context& context);
void register_hit_ratio(CLI::App& app, command_context& context);

} // namespace toadcache
