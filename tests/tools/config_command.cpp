// `toadcache config ...` and the command line in general, as a user sees it.
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/program.hpp"

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("help names the commands and the exit codes") {
  temporary_folder folder;
  auto r = run_program(folder.path(), {"--help"});
  CHECK(r.code == 0);
  for (auto part : {"config", "schema", "catalog", "--database", "Exit codes"})
    CHECK(has(r.out, part));
  CHECK(run_program(folder.path(), {"--version"}).out == "0.1.0\n");
}

TEST_CASE("a bad command line is one line and exit code 2") {
  temporary_folder folder;
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {}, {"fly"}, {"config"}, {"config", "show", "--colour"}}) {
    auto r = run_program(folder.path(), arguments);
    CHECK(r.code == 2);
    CHECK(r.out.empty());
    CHECK(is_one_line(r.err));
    CHECK(r.err.find("toadcache: ") == 0);
  }
}

TEST_CASE("config show prints every value with its origin") {
  temporary_folder folder;
  auto file = folder.write("toad.json", R"({"pool": {"idle": "7s"}})");
  auto r = run_program(
      folder.path(),
      {"config", "show", "--config", file, "--set", "batch.max_count=200"},
      {{"SQL_HOST", "db.example"},
       {"SQL_USER", "toad"},
       {"SQL_PASS", "peach"},
       {"SQL_NAME", "overlay"}});
  CHECK(r.code == 0);
  CHECK(r.err.empty());
  auto line_of = [&](const std::string& name) {
    auto at = r.out.find("\n" + name + " ");
    return at == std::string::npos
               ? ""
               : r.out.substr(at + 1, r.out.find('\n', at + 1) - at - 1);
  };
  CHECK(has(line_of("database.host"), "= db.example"));
  CHECK(has(line_of("database.host"), "# environment SQL_HOST"));
  CHECK(has(line_of("database.password"), "= (set)"));
  CHECK(has(line_of("pool.idle"), "= 7s"));
  CHECK(has(line_of("pool.idle"), "# file " + file));
  CHECK(has(line_of("batch.max_count"), "= 200"));
  CHECK(has(line_of("batch.max_count"), "# command line"));
  CHECK(has(line_of("ttl.fresh"), "# default"));
  CHECK_FALSE(has(r.out, "peach"));
  CHECK_FALSE(has(r.out, "\x1b")); // no colours into a file
}

TEST_CASE("config show --json can be read by programs") {
  temporary_folder folder;
  auto r = run_program(folder.path(), {"config", "show", "--json"},
                       {{"CACHE_MEMORY_TTL", "42"}, {"SQL_PASS", "peach"}});
  CHECK(r.code == 0);
  auto x = nlohmann::json::parse(r.out);
  CHECK(x["format"] == 1);
  CHECK(x["settings"]["ttl.fresh"]["value"] == "42s");
  CHECK(x["settings"]["ttl.fresh"]["origin"] == "environment CACHE_MEMORY_TTL");
  CHECK(x["settings"]["database.password"]["value"] == "(set)");
  CHECK_FALSE(has(r.out, "peach"));
}

TEST_CASE("a bad configuration is one line and exit code 2") {
  temporary_folder folder;
  auto file = folder.write("toad.json", R"({"pool": {"max_count": 0}})");
  for (auto command : {"show", "check"}) {
    auto r = run_program(folder.path(), {"config", command, "--config", file});
    CHECK(r.code == 2);
    CHECK(r.out.empty());
    CHECK(r.err
          == "toadcache: file " + file
                 + ": pool.max_count: expected a whole number from 1 to 1000, "
                   "got '0'\n");
  }
}

TEST_CASE("config reference prints the table of settings") {
  temporary_folder folder;
  auto r = run_program(folder.path(), {"config", "reference"});
  CHECK(r.code == 0);
  CHECK(r.out.find("| setting | environment |") == 0);
  CHECK(has(r.out, "`CACHE_DB_PATH`"));
}

TEST_CASE("config check connects to the database") {
  temporary_folder folder;
  auto good = run_program(folder.path(),
                          {"config", "check", "--database", "sqlite:toad.db"});
  CHECK(good.code == 0);
  CHECK(good.err.empty());
  CHECK(has(good.out, "ok: sqlite"));

  folder.write("text.db", std::string(4096, 'x'));
  auto bad = run_program(folder.path(),
                         {"config", "check", "--database", "sqlite:text.db"});
  CHECK(bad.code == 3);
  CHECK(is_one_line(bad.err));
  CHECK(has(bad.err, "text.db"));

  // Nothing listens on the discard port of the loopback.
  auto down
      = run_program(folder.path(), {"config", "check", "--database",
                                    "mysql://toad:peach@127.0.0.1:9/overlay"});
  CHECK(down.code == 3);
  CHECK(is_one_line(down.err));
  CHECK(has(down.err, "127.0.0.1:9"));
  CHECK_FALSE(has(down.err, "peach"));
}
