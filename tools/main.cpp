// The program `toadcache`: parses the command line and runs one command.
#include <CLI/CLI.hpp>

int main(int argc, char** argv) {
  CLI::App app{"toadcache: an entity cache in front of MySQL and MariaDB"};
  app.require_subcommand(1);
  CLI11_PARSE(app, argc, argv);
  return 0;
}
