// The program `toadcache`: parses the command line and runs one command.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/command.hpp"

using namespace toadcache;

namespace {

constexpr const char* footer
    = "Settings: command line over environment over file over defaults;\n"
      "`toadcache config reference` lists them.\n"
      "Exit codes: 0 success; 1 what was checked is not in order; 2 bad\n"
      "command line, configuration, catalog or scenario; 3 the database, a\n"
      "file or the cache failed.";

void add_sources(CLI::App& app, config_sources& sources) {
  app.add_option("--config", sources.file,
                 "JSON file of settings (default: $TOADCACHE_CONFIG)")
      ->type_name("FILE");
  app.add_option("--set", sources.assignments, "One setting; repeatable")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_option("--database", sources.database_url,
                 "mysql://user@host:port/schema[?tls=true&...] (password: "
                 "$SQL_PASS) or sqlite:FILE")
      ->type_name("URL");
}

int run(int argc, char** argv) {
  command_context context;
  CLI::App app{"toadcache: an entity cache in front of MySQL and MariaDB"};
  app.set_version_flag("--version", TOADCACHE_VERSION);
  app.footer(footer);
  app.fallthrough();
  app.require_subcommand(1);
  add_sources(app, context.sources);
  register_config(app, context);
  register_schema(app, context);
  register_catalog(app, context);
  register_simulate(app, context);
  register_hit_ratio(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0)
      return app.exit(e); // --help, --version
    return complain(exit_usage, std::string{e.what()} + " (see --help)");
  }
  return context.run();
}

} // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    return complain(exit_failed, e.what());
  }
}
