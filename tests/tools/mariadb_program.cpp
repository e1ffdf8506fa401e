// The program's commands on a real MariaDB.
#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tests/mariadb.hpp"
#include "tests/program.hpp"

using toadcache::tests::mariadb_server;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// The server's schema as --database takes it.
std::string url_of(const mariadb_server& server, const std::string& schema) {
  std::string socket;
  for (auto c : server.socket())
    socket += c == '/' ? std::string{"%2F"} : std::string{c};
  return "--database=mysql://root@" + socket + "/" + schema;
}

} // namespace

TEST_CASE("the commands work on MariaDB") {
  temporary_folder folder;
  mariadb_server server;
  server.create_schema("toad");
  auto on_server = url_of(server, "toad");
  auto ended = [&](std::vector<std::string> command) {
    command.push_back(on_server);
    return run_program(folder.path(), command);
  };

  auto checked = ended({"config", "check"});
  INFO(checked.out + checked.err);
  CHECK(checked.code == 0);
  CHECK(has(checked.out, "warning: log_bin is OFF"));
  checked = ended({"config", "check", "--set", "feed.mode=required"});
  CHECK(checked.code == 1);
  CHECK(has(checked.out, "error: log_bin is OFF"));
  CHECK(ended({"config", "check", "--set", "feed.mode=off"}).out.find("log_bin")
        == std::string::npos);

  auto differs = ended({"catalog", "check"});
  CHECK(differs.code == 1);
  CHECK(has(differs.err, "toadcache: catalog does not match mysql"));

  CHECK(ended({"schema", "create"}).code == 0);
  auto same = ended({"catalog", "check"});
  INFO(same.err);
  CHECK(same.code == 0);

  CHECK(ended({"catalog", "learn", "--output", "own.json"}).code == 0);
  auto learned = ended({"catalog", "check", "--set", "catalog_file=own.json"});
  INFO(learned.err);
  CHECK(learned.code == 0);

  std::string must_fail
      = TOADCACHE_SOURCE_DIR "/examples/simulations/must_fail.json";
  auto run = ended({"simulate", must_fail, "--json"});
  INFO(run.err);
  REQUIRE(run.code == 1);
  auto x = nlohmann::json::parse(run.out);
  CHECK(x["metrics"]["failures_count"]["value"] == 0);
  CHECK(x["with_cache"]["actions"] == x["without_cache"]["actions"]);
  CHECK(server.sql("SELECT COUNT(*) FROM guild", "toad")[0][0] == "8");

  // What belongs to others is never touched.
  server.sql("INSERT INTO guild (id, name, created, updated) VALUES "
             "(5, 'real', NOW(), NOW())",
             "toad");
  auto refused = ended({"simulate", must_fail});
  CHECK(refused.code == 3);
  CHECK(is_one_line(refused.err));
  CHECK(has(refused.err, "table guild holds rows of others"));
}
