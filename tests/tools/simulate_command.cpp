// `toadcache simulate`, as a user sees it.
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/program.hpp"

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

const std::string must_fail
    = TOADCACHE_SOURCE_DIR "/examples/simulations/must_fail.json";

size_t files_in(const std::filesystem::path& folder) {
  std::filesystem::directory_iterator all{folder};
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

} // namespace

TEST_CASE("a scenario whose assertion does not hold ends with exit code 1") {
  temporary_folder folder;
  temporary_folder temporary;
  // Its database is never the one of the environment.
  auto r = run_program(folder.path(), {"simulate", must_fail},
                       {{"TMPDIR", temporary.path().string()},
                        {"SQL_HOST", "127.0.0.1"},
                        {"SQL_USER", "toad"},
                        {"SQL_NAME", "overlay"}});
  CHECK(r.code == 1);
  CHECK(r.err
        == "toadcache: an assertion of " + must_fail + " does not hold\n");
  CHECK(has(r.out, "must fail: 4 guilds, 8 channels, 40 users, 4 overlays"));
  CHECK(has(r.out, "FAILED  hit_ratio at least 1.01"));
  CHECK(has(r.out, "ok      failures_count at most 0"));
  CHECK(files_in(folder.path()) == 0);
  CHECK(files_in(temporary.path()) == 0);
}

TEST_CASE("a simulation runs on a given database, and again") {
  temporary_folder folder;
  for (int i = 0; i < 2; ++i) {
    auto r = run_program(folder.path(),
                         {"simulate", must_fail, "--json", "--progress",
                          "--seed", "3", "--database", "sqlite:own.db"});
    CHECK(r.code == 1);
    CHECK(has(r.err, "with cache\n"));
    CHECK(has(r.err, "without cache\n"));
    auto x = nlohmann::json::parse(r.out);
    CHECK(x["format"] == 1);
    CHECK(x["seed"] == 3);
    CHECK(x["with_cache"]["actions"] == x["without_cache"]["actions"]);
    CHECK(x["with_cache"]["actions"] > 50);
    CHECK(x["with_cache"]["statements"] > 0);
    CHECK(x["metrics"]["failures_count"]["value"] == 0);
    CHECK(x["metrics"]["hit_ratio"]["value"] > 0);
    CHECK(x["entities"].size() == 7);
  }
  CHECK(std::filesystem::exists(folder.path() / "own.db"));
}

TEST_CASE("a bad scenario is one line and exit code 2") {
  temporary_folder folder;
  folder.write("bad.json", R"({"version": 1, "name": 3})");
  auto r = run_program(folder.path(), {"simulate", "bad.json"});
  CHECK(r.code == 2);
  CHECK(r.out.empty());
  CHECK(r.err == "toadcache: bad.json: name: expected a string\n");
  auto none = run_program(folder.path(), {"simulate", "none.json"});
  CHECK(none.code == 2);
  CHECK(none.err == "toadcache: none.json: cannot be read\n");
}

TEST_CASE("an interrupted simulation leaves nothing behind") {
  temporary_folder folder;
  auto evening = TOADCACHE_SOURCE_DIR "/examples/simulations/evening.json";
  auto r = run_program(
      folder.path(), {"simulate", evening},
      {{"TMPDIR", folder.path().string()}},
      {"/usr/bin/timeout", "--preserve-status", "--signal=INT", "2"});
  CHECK(r.code == 3);
  CHECK(r.out.empty());
  CHECK(is_one_line(r.err));
  CHECK(has(r.err, "interrupted"));
  CHECK(files_in(folder.path()) == 0);
}
