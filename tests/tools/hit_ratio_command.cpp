// `toadcache hit-ratio` as a user runs it.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/program.hpp"

namespace {

program_result run(std::vector<std::string> arguments) {
  temporary_folder folder;
  arguments.insert(arguments.begin(), "hit-ratio");
  return run_program(folder.path(), arguments);
}

} // namespace

TEST_CASE("hit-ratio prints a line for each stream and size", "[program]") {
  auto r = run({"loop:100:20", "--size", "50,25%", "--policy", "sieve",
                "--policy", "w_tiny_lfu"});
  CHECK(r.code == 0);
  CHECK(r.err.empty());
  CHECK(r.out.starts_with("trace              size  sieve  w_tiny_lfu    OPT\n"
                          "loop:100:20          50    0.0 "));
  CHECK(std::count(r.out.begin(), r.out.end(), '\n') == 3);
}

TEST_CASE("hit-ratio without options: all policies at three sizes",
          "[program]") {
  auto r = run({"zipf:2000:5000:0.99:1", "--json"});
  CHECK(r.code == 0);
  auto results = nlohmann::json::parse(r.out)["results"];
  CHECK(results.size() == 18);
  for (const auto& x : results)
    CHECK(x["hits"].get<uint64_t>() <= x["bound"].get<double>() * 5000 + 0.5);
}

TEST_CASE("hit-ratio tells its progress when asked", "[program]") {
  auto r = run({"loop:10:2", "--size", "5", "--policy", "lru", "--progress"});
  CHECK(r.code == 0);
  CHECK(r.err
        == "loop:10:2\nloop:10:2, 5 entries: lru\nloop:10:2, 5 entries: "
           "OPT\n");
}

TEST_CASE("hit-ratio refuses bad input in one line", "[program]") {
  auto refused = [](const std::vector<std::string>& arguments) {
    auto r = run(arguments);
    CHECK(r.code == 2);
    CHECK(r.out.empty());
    CHECK(is_one_line(r.err));
    return r.err;
  };
  CHECK(refused({"no-such-file"})
        == "toadcache: no-such-file: cannot be read\n");
  CHECK(refused({"loop:3:3", "--size", "0"})
        == "toadcache: --size 0: expected a number from 1 on, or a percentage "
           "as in 0.1%\n");
  refused({"loop:3:3", "--size", "101%"});
  refused({"loop:3:3", "--size", "1e400"});
  refused({"loop:3:3", "--size", "x"});
  CHECK(refused({"loop:3:3", "--policy", "random"})
        == "toadcache: --policy random: expected adaptive_fifo, lru, s3_fifo, "
           "sieve, w_tiny_lfu or exact_lru\n");
  refused({"loop:3:3", "--format", "csv"});
  refused({"loop:0:3"});
  refused({});
}
