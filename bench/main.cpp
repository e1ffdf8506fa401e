// The benchmarks, all in one run, each beside its peer:
//   hit.*               reads answered from memory          hit.cpp,
//   peers_kv.cpp memory.*            what the cached rows cost memory.cpp
//   hit_ratio.*         eviction policies over streams      hit_ratios.cpp
//   miss.*              reads answered by the database      miss.cpp
//   write.*             writes through the cache            write.cpp
//   check_base_data.*   a bot's command checks its rows     checks.cpp
//   disk.*              the cache file                      disk.cpp
#include <cstdio>
#include <fstream>

#include <CLI/CLI.hpp>

#include "bench/run.hpp"
#include "bench/servers.hpp"

using namespace toadcache::bench;

namespace {

enum exit_code : int { ok = 0, skipped = 1, usage = 2, failed = 3 };

int measure_all(const settings& asked) {
  servers peers; // before any thread: it forks
  auto where = this_environment();
  std::fprintf(stderr, "%s", where.text().c_str());
  run r{asked};
  measure_memory(r); // first: while the process is small
  measure_hits(r);
  measure_kv_peers(r, peers);
  measure_checks(r, peers);
  measure_misses(r, peers);
  measure_writes(r, peers);
  measure_disk(r, peers);
  measure_hit_ratios(r);
  where.load_at_end = load_now();
  std::printf("%s\n%s", where.text().c_str(), r.results().text().c_str());
  if (!asked.json.empty()) {
    std::ofstream out{asked.json};
    out << r.results().json(where);
    if (!out.flush()) {
      std::fprintf(stderr, "toadcache: cannot write %s\n", asked.json.c_str());
      return failed;
    }
  }
  if (r.results().figures().empty()) {
    std::fprintf(stderr, "toadcache: no benchmark begins with '%s'\n",
                 asked.only.c_str());
    return usage;
  }
  return r.results().has_skipped() ? skipped : ok;
}

} // namespace

int main(int argc, char** argv) {
  settings asked;
  CLI::App app{"Benchmarks of toadcache, side by side with their peers"};
  app.add_flag("--quick", asked.quick,
               "Fewer repetitions and smaller counts; under 3 minutes");
  app.add_option("--json", asked.json, "Write the figures to a file as JSON");
  app.add_option("--only", asked.only, "Only the names that begin so");
  app.add_option("--traces", asked.traces,
                 "Folder of key streams for hit_ratio.*")
      ->check(CLI::ExistingDirectory);
  long seconds = 0;
  app.add_option("--duration", seconds, "Seconds of memory.growth")
      ->check(CLI::Range(1, 86400));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? ok : usage;
  }
  if (seconds > 0)
    asked.duration = std::chrono::seconds{seconds};
  else if (asked.quick)
    asked.duration = std::chrono::seconds{8};
  try {
    return measure_all(asked);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "toadcache: %s\n", e.what());
    return failed;
  }
}
