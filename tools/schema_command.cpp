// `schema create`.
#include <cstdio>

#include <CLI/CLI.hpp>

#include "tools/command.hpp"
#include "tools/opened.hpp"

namespace toadcache {

namespace {

int create(const config_sources& sources) {
  int code = exit_ok;
  auto x = open_all(sources, code);
  if (!x)
    return code;
  auto where = x->source->description();
  if (auto ok = x->source->create_schema(*x->types); !ok)
    return complain(exit_failed, where + ": " + to_string(ok.error()));
  std::printf("%zu tables are there in %s\n", x->types->size(), where.c_str());
  return exit_ok;
}

} // namespace

void register_schema(CLI::App& app, command_context& context) {
  auto* schema = app.add_subcommand("schema", "Make the tables of the catalog");
  schema->require_subcommand(1);
  schema
      ->add_subcommand("create",
                       "Create the tables of the catalog that are missing")
      ->callback([&context] {
        context.run = [&context] { return create(context.sources); };
      });
}

} // namespace toadcache
