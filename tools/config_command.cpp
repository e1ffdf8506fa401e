// `config show`, `config check`, `config reference`.
#include <algorithm>
#include <cstdio>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "config/setting.hpp"
#include "storage/binlog_check.hpp"
#include "tools/command.hpp"
#include "tools/opened.hpp"
#include "tools/terminal.hpp"

namespace toadcache {

namespace {

using json = nlohmann::ordered_json;

/// Version of the form that --json prints.
constexpr int show_format = 1;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
}

void show_json(const loaded& config) {
  auto all = json::object();
  for (const auto& s : settings()) {
    auto& x = all[std::string{s.name}];
    x["value"] = format_value(s, s.get(config.values));
    x["origin"] = config.origins.find(s.name)->second;
  }
  print(json{{"format", show_format}, {"settings", all}}.dump(2) + "\n");
}

void show_text(const loaded& config) {
  palette colours{stdout};
  size_t names = 0;
  size_t values = 0;
  for (const auto& s : settings()) {
    names = std::max(names, s.name.size());
    values = std::max(values, format_value(s, s.get(config.values)).size());
  }
  for (const auto& s : settings()) {
    auto name = std::string{s.name};
    name.resize(names, ' ');
    auto text = format_value(s, s.get(config.values));
    text.resize(values, ' ');
    const auto& origin = config.origins.find(s.name)->second;
    auto line = name + " = " + text + "  # " + origin;
    print((origin == "default" ? colours.dim(line) : line) + "\n");
  }
}

int show(const config_sources& sources, bool as_json) {
  auto config = load_config(sources);
  if (!config)
    return complain(exit_usage, config.error());
  as_json ? show_json(*config) : show_text(*config);
  return exit_ok;
}

int check(const config_sources& sources) {
  int code = exit_ok;
  auto x = open_all(sources, code);
  if (!x)
    return code;
  auto problems = x->source->check();
  if (!problems)
    return complain(exit_failed, x->source->description() + ": "
                                     + to_string(problems.error()));
  const auto& o = x->config.values;
  if (o.database.kind == database_kind::mysql
      && o.feed.mode != feed_mode::off) {
    auto found = check_log(o.database);
    if (!found)
      return complain(exit_failed, x->source->description() + ": "
                                       + to_string(found.error()));
    for (auto& p : *found) { // without the log the times to live count
      p.fatal = p.fatal && o.feed.mode == feed_mode::required;
      problems->push_back(std::move(p));
    }
  }
  palette colours{stdout};
  for (const auto& p : *problems) {
    print((p.fatal ? colours.bad("error") : "warning") + ": " + p.what + "\n");
    if (!p.remedy.empty())
      print("  remedy: " + p.remedy + "\n");
    if (p.fatal)
      code = exit_findings;
  }
  if (code == exit_ok)
    print(colours.good("ok") + ": " + x->source->description() + "\n");
  return code;
}

} // namespace

void register_config(CLI::App& app, command_context& context) {
  auto* config = app.add_subcommand("config", "Show or check the settings");
  config->require_subcommand(1);

  auto* show_it = config->add_subcommand(
      "show", "Print every effective setting with its origin");
  auto as_json = std::make_shared<bool>(false);
  show_it->add_flag("--json", *as_json, "Print JSON");
  show_it->callback([&context, as_json] {
    context.run
        = [&context, as_json] { return show(context.sources, *as_json); };
  });

  config
      ->add_subcommand("check", "Check the settings, the catalog, and whether "
                                "the database is set up as the cache needs it")
      ->callback([&context] {
        context.run = [&context] { return check(context.sources); };
      });

  config
      ->add_subcommand("reference",
                       "Print every setting with its meaning, as Markdown")
      ->callback([&context] {
        context.run = [] {
          print(settings_reference());
          return exit_ok;
        };
      });
}

} // namespace toadcache
