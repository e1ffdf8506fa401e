// `simulate FILE`.
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>

#include <CLI/CLI.hpp>

#include "tools/command.hpp"
#include "tools/opened.hpp"
#include "tools/process_memory.hpp"
#include "tools/progress.hpp"
#include "tools/report.hpp"
#include "tools/scratch_folder.hpp"

namespace toadcache {

namespace {

struct simulate_options {
  std::string file;
  std::optional<uint64_t> seed;
  bool as_json = false;
  bool show_progress = false;
};

std::atomic<bool> interrupted{false};

extern "C" void interrupt(int) {
  interrupted = true;
}

tl::expected<scenario, std::string> read_scenario(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (!in.is_open() || in.bad())
    return tl::unexpected<std::string>(path + ": cannot be read");
  return parse_scenario(text, path, report::metric_names());
}

/// The two runs of one simulation and what they need.
class simulator {
public:
  simulator(opened& x, scenario plan, uint64_t seed, progress& told)
      : x_(x), told_(told) {
    out_.plan = std::move(plan);
    out_.seed = seed;
    out_.database = x.source->description();
  }

  result<simulation> run() {
    told_.step("making tables and rows");
    if (auto ok = x_.source->create_schema(*x_.types); !ok)
      return fail(ok.error());
    population cached_people{out_.plan.population, out_.seed, 0};
    population direct_people{out_.plan.population, out_.seed, 1};
    for (const auto* people : {&cached_people, &direct_people})
      if (auto ok = populate(*x_.source, *x_.types, *people); !ok)
        return fail(ok.error());
    if (auto ok = run_cached(cached_people); !ok)
      return fail(ok.error());
    if (auto ok = run_direct(direct_people); !ok)
      return fail(ok.error());
    if (interrupted)
      return fail(errc::shutting_down, "interrupted");
    return std::move(out_);
  }

private:
  result<void> run_cached(const population& who) {
    told_.step("with cache");
    auto before = resident_bytes();
    auto load = std::make_shared<database_load>();
    cache_parts parts;
    parts.config = x_.config.values;
    parts.types = x_.types;
    parts.source = measure(x_.source, load);
    auto running = cache::open(std::move(parts));
    if (!running)
      return fail(running.error());
    auto connect = [&]() -> result<std::unique_ptr<bot_backend>> {
      return make_cached_backend(*running);
    };
    auto done = run_one(who, *load, connect);
    if (!done)
      return fail(done.error());
    out_.cached = std::move(*done);
    out_.cache = running->statistics();
    auto after = resident_bytes();
    out_.process_bytes = after > before ? after - before : 0;
    running->stop();
    return {};
  }

  result<void> run_direct(const population& who) {
    told_.step("without cache");
    auto load = std::make_shared<database_load>();
    auto source = measure(x_.source, load);
    auto connect = [&] { return make_direct_backend(*source, *x_.types); };
    auto done = run_one(who, *load, connect);
    if (!done)
      return fail(done.error());
    out_.direct = std::move(*done);
    return {};
  }

  template <class F>
  result<load_result> run_one(const population& who, database_load& load,
                              F connect) {
    auto actions = make_workload(out_.plan, who, out_.seed);
    return run_load({actions, who, out_.plan.clients_count, load, connect,
                     [&](size_t done) { told_.update(done, actions.size()); },
                     interrupted});
  }

  opened& x_;
  progress& told_;
  simulation out_;
};

/// Configures the run: without --database an SQLite file in `scratch`, whatever
/// the environment says; the cache file there in any case; no log of what is as
/// expected. An assignment on the command line wins.
config_sources sources_in(const scratch_folder& scratch,
                          config_sources sources) {
  if (!sources.database_url)
    sources.database_url = "sqlite:" + scratch.file("simulation.db");
  sources.assignments.insert(
      sources.assignments.begin(),
      {"persistence.file=" + scratch.file("cache.db"), "log_level=warning"});
  return sources;
}

int check_entities(const catalog& types) {
  for (auto name : {"user", "guild", "channel", "profile", "user_channel",
                    "guild_user", "channel_profile"})
    if (types.find(name) == nullptr)
      return complain(exit_usage, "the catalog has no entity '"
                                      + std::string{name}
                                      + "', which a simulation needs");
  return exit_ok;
}

int simulate(const config_sources& sources, const simulate_options& asked) {
  auto plan = read_scenario(asked.file);
  if (!plan)
    return complain(exit_usage, plan.error());
  // From here on there is something to remove at the end.
  std::signal(SIGINT, interrupt);
  std::signal(SIGTERM, interrupt);
  auto scratch = scratch_folder::make();
  if (!scratch)
    return complain(exit_failed, to_string(scratch.error()));
  int code = exit_ok;
  auto x = open_all(sources_in(*scratch, sources), code);
  if (!x)
    return code;
  if (code = check_entities(*x->types); code != exit_ok)
    return code;
  result<simulation> done = fail(errc::internal, "not run");
  {
    progress told{progress::usual(asked.show_progress)};
    auto seed = asked.seed.value_or(plan->seed);
    done = simulator{*x, std::move(*plan), seed, told}.run();
  }
  if (!done)
    return complain(exit_failed,
                    x->source->description() + ": " + to_string(done.error()));
  report outcome{std::move(*done)};
  auto text = asked.as_json ? outcome.json() : outcome.text(palette{stdout});
  std::fputs(text.c_str(), stdout);
  if (outcome.passed())
    return exit_ok;
  return complain(exit_findings,
                  "an assertion of " + asked.file + " does not hold");
}

} // namespace

void register_simulate(CLI::App& app, command_context& context) {
  auto* command = app.add_subcommand(
      "simulate", "Run a load scenario with and without the cache; by default "
                  "against an SQLite file made for it");
  auto asked = std::make_shared<simulate_options>();
  command->add_option("FILE", asked->file, "The scenario, JSON")->required();
  command->add_option("--seed", asked->seed, "Instead of the scenario's seed");
  command->add_flag("--json", asked->as_json, "Print the report as JSON");
  command->add_flag("--progress", asked->show_progress,
                    "Tell the progress on stderr although it is no terminal");
  command->callback([&context, asked] {
    context.run
        = [&context, asked] { return simulate(context.sources, *asked); };
  });
}

} // namespace toadcache
