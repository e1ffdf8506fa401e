// `catalog learn`, `catalog check`.
#include <cstdio>
#include <fstream>
#include <memory>

#include <CLI/CLI.hpp>

#include "tools/command.hpp"
#include "tools/opened.hpp"

namespace toadcache {

namespace {

int learn(const config_sources& sources, const std::string& output) {
  int code = exit_ok;
  auto x = open_all(sources, code);
  if (!x)
    return code;
  std::vector<std::string> notes;
  auto learned = x->source->learn(notes);
  for (const auto& note : notes)
    complain(exit_ok, "note: " + note);
  if (!learned)
    return complain(exit_failed, x->source->description() + ": "
                                     + to_string(learned.error()));
  auto text = (*learned)->to_json() + "\n";
  if (output.empty()) {
    std::fputs(text.c_str(), stdout);
    return exit_ok;
  }
  std::ofstream file{output, std::ios::binary};
  if (!(file << text).flush())
    return complain(exit_failed, output + ": cannot be written");
  return exit_ok;
}

int check(const config_sources& sources) {
  int code = exit_ok;
  auto x = open_all(sources, code);
  if (!x)
    return code;
  auto where = x->source->description();
  auto differences = x->source->compare(*x->types);
  if (!differences)
    return complain(exit_failed, where + ": " + to_string(differences.error()));
  for (const auto& line : *differences)
    complain(exit_findings, "catalog does not match " + where + ": " + line);
  if (!differences->empty())
    return exit_findings;
  std::printf("ok: the catalog's %zu entities match %s\n", x->types->size(),
              where.c_str());
  return exit_ok;
}

} // namespace

void register_catalog(CLI::App& app, command_context& context) {
  auto* types = app.add_subcommand("catalog", "Learn or check the catalog of "
                                              "entity types");
  types->require_subcommand(1);

  auto* learn_it = types->add_subcommand(
      "learn", "Write a catalog from the tables of the database");
  auto output = std::make_shared<std::string>();
  learn_it->add_option("--output", *output, "File to write (default: stdout)");
  learn_it->callback([&context, output] {
    context.run
        = [&context, output] { return learn(context.sources, *output); };
  });

  types
      ->add_subcommand("check",
                       "Compare the catalog with the tables of the database")
      ->callback([&context] {
        context.run = [&context] { return check(context.sources); };
      });
}

} // namespace toadcache
