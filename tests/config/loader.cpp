// The loader: precedence, origins, and what each bad source is told.
#include "config/loader.hpp"

#include "config/setting.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

using variables = std::map<std::string, std::string>;

config_sources sources(variables env = {}) {
  config_sources s;
  s.variables = [env](const std::string& name) -> std::optional<std::string> {
    auto i = env.find(name);
    return i == env.end() ? std::nullopt : std::optional{i->second};
  };
  return s;
}

loaded load(const config_sources& s) {
  auto x = load_config(s);
  if (!x)
    FAIL(x.error());
  return *x;
}

std::string error_of(const config_sources& s) {
  auto x = load_config(s);
  REQUIRE_FALSE(x);
  CHECK(x.error().find('\n') == std::string::npos);
  return x.error();
}

std::string error_of_file(const std::string& content) {
  temporary_folder folder;
  auto s = sources();
  s.file = folder.write("toad.json", content);
  auto text = error_of(s);
  auto prefix = "file " + *s.file + ": ";
  REQUIRE(text.substr(0, prefix.size()) == prefix);
  return text.substr(prefix.size());
}

} // namespace

TEST_CASE("without sources every setting has its default") {
  auto x = load(sources());
  options defaults;
  CHECK(x.origins.size() == settings().size());
  for (const auto& s : settings()) {
    CHECK(s.get(x.values) == s.get(defaults));
    CHECK(x.origins.at(std::string{s.name}) == "default");
  }
}

TEST_CASE("command line wins over environment over file over default") {
  temporary_folder folder;
  auto s = sources({{"SQL_POOL_MAX", "20"}, {"SQL_POOL_MIN", "2"}});
  s.file = folder.write("toad.json", R"({
    "pool": {"max_count": 30, "min_count": 3, "idle": "40s"},
    "pool.acquire": 1500
  })");
  s.assignments = {"pool.max_count=9", "pool.max_count=10"};
  auto x = load(s);
  CHECK(x.values.pool.max_count == 10);
  CHECK(x.origins.at("pool.max_count") == "command line");
  CHECK(x.values.pool.min_count == 2);
  CHECK(x.origins.at("pool.min_count") == "environment SQL_POOL_MIN");
  CHECK(x.values.pool.idle == 40s);
  CHECK(x.origins.at("pool.idle") == "file " + *s.file);
  CHECK(x.values.pool.acquire == 1500ms);
  CHECK(x.origins.at("pool.queue_count") == "default");
}

TEST_CASE("the file can be named by the environment") {
  temporary_folder folder;
  auto path = folder.write("toad.json", R"({"log_level": "debug"})");
  auto x = load(sources({{"TOADCACHE_CONFIG", path}}));
  CHECK(x.values.log_level == "debug");
  auto other = sources({{"TOADCACHE_CONFIG", "/nowhere.json"}});
  other.file = path;
  CHECK(load(other).values.log_level == "debug");
}

TEST_CASE("the variables of ToadOverlay keep their names and units") {
  auto x = load(sources({
      {"SQL_HOST", "db.example"},
      {"SQL_USER", "toad"},
      {"SQL_PASS", "peach"},
      {"SQL_NAME", "overlay"},
      {"SQL_POOL_MAX", "12"},
      {"SQL_POOL_MIN", "3"},
      {"SQL_POOL_ACQUIRE", "30001"},
      {"SQL_POOL_IDLE", "10001"},
      {"CACHE_MEMORY_TTL", "301"},
      {"CACHE_CHECK_PERIOD", "61"},
      {"CACHE_MAX_KEYS", "10001"},
      {"CACHE_PERSISTENT_ENABLED", "false"},
      {"CACHE_PERSISTENT_TTL", "3601"},
      {"CACHE_DB_PATH", R"(app_data\db\cache.db)"},
      {"ENVIRONMENT", "DEVELOPMENT"},
  }));
  const auto& o = x.values;
  CHECK(o.database.kind == database_kind::mysql);
  CHECK(x.origins.at("database.kind") == "environment SQL_HOST");
  CHECK(o.database.host == "db.example");
  CHECK(o.database.user == "toad");
  CHECK(o.database.password == "peach");
  CHECK(o.database.schema == "overlay");
  CHECK(o.pool.max_count == 12);
  CHECK(o.pool.min_count == 3);
  CHECK(o.pool.acquire == 30001ms);
  CHECK(o.pool.idle == 10001ms);
  CHECK(o.ttl.fresh == 301s);
  CHECK(o.memory.check_period == 61s);
  CHECK(o.memory.max_keys_count == 10001);
  CHECK_FALSE(o.persistence.enabled);
  CHECK(o.persistence.ttl == 3601s);
  CHECK(o.persistence.file == "app_data/db/cache.db");
  CHECK(o.profile == profile_kind::development);
}

TEST_CASE("an empty variable counts as not set") {
  auto x = load(sources({{"SQL_POOL_MAX", ""}, {"SQL_HOST", ""}}));
  CHECK(x.origins.at("pool.max_count") == "default");
  CHECK(x.values.database.kind == database_kind::sqlite);
}

TEST_CASE("a named kind wins over the one that a host implies") {
  auto s = sources({{"SQL_HOST", "db.example"}});
  s.assignments = {"database.kind=sqlite"};
  CHECK(load(s).values.database.kind == database_kind::sqlite);
}

TEST_CASE("a value of SQL_* that names a secret file means its content") {
  temporary_folder folder;
  variables env{{"SQL_HOST", folder.write("host", "db.example\n")},
                {"SQL_USER", folder.write("user", "toad\r\n")},
                {"SQL_PASS", folder.write("pass", " pe ach\n\n")},
                {"SQL_NAME", "overlay"},
                {"SQL_POOL_MAX", folder.write("max", "7\n")},
                {"CACHE_DB_PATH", folder.write("cache", "content")}};
  auto s = sources(env);
  s.secrets = folder.path();
  auto x = load(s);
  CHECK(x.values.database.host == "db.example");
  CHECK(x.values.database.user == "toad");
  CHECK(x.values.database.password == " pe ach");
  CHECK(x.values.pool.max_count == 7);
  CHECK(x.origins.at("database.user")
        == "environment SQL_USER (secret file " + env["SQL_USER"] + ")");

  SECTION("other variables are never read from files") {
    CHECK(x.values.persistence.file == env["CACHE_DB_PATH"]);
  }
  SECTION("files elsewhere are not read") {
    temporary_folder elsewhere;
    env["SQL_PASS"] = elsewhere.write("pass", "no secret");
    auto outside = sources(env);
    outside.secrets = folder.path();
    CHECK(load(outside).values.database.password == env["SQL_PASS"]);
    env["SQL_PASS"]
        = (folder.path() / ".." / elsewhere.path().filename() / "pass")
              .string();
    auto around = sources(env);
    around.secrets = folder.path();
    CHECK(load(around).values.database.password == env["SQL_PASS"]);
  }
  SECTION("a missing one is an error") {
    auto path = (folder.path() / "none").string();
    env["SQL_PASS"] = path;
    auto missing = sources(env);
    missing.secrets = folder.path();
    CHECK(error_of(missing)
          == "environment SQL_PASS: " + path
                 + ": this secret file cannot be read");
  }
  SECTION("one too large to be a secret is an error") {
    env["SQL_PASS"] = folder.write("big", std::string(65537, 'x'));
    auto big = sources(env);
    big.secrets = folder.path();
    CHECK(error_of(big).find("cannot be read") != std::string::npos);
  }
}

TEST_CASE("the database URL counts as command line, below --set") {
  auto s = sources({{"SQL_PASS", "peach"}, {"SQL_HOST", "other"}});
  s.database_url = "mysql://toad@db.example:3307/overlay?tls=true";
  s.assignments = {"database.port=3308"};
  auto x = load(s);
  CHECK(x.values.database.kind == database_kind::mysql);
  CHECK(x.values.database.host == "db.example");
  CHECK(x.values.database.user == "toad");
  CHECK(x.values.database.password == "peach");
  CHECK(x.values.database.schema == "overlay");
  CHECK(x.values.database.port == 3308);
  CHECK(x.values.database.tls);
  CHECK(x.origins.at("database.host") == "command line");

  s.database_url = "sqlite:toad.db";
  s.assignments.clear();
  x = load(s);
  CHECK(x.values.database.kind == database_kind::sqlite);
  CHECK(x.values.database.file == "toad.db");

  s.database_url = "mysql://toad@db.example/overlay?colour=red";
  CHECK(error_of(s) == "command line: database.colour: unknown setting");
}

TEST_CASE("a bad environment variable is named with its setting") {
  CHECK(error_of(sources({{"SQL_POOL_MAX", "many"}}))
        == "environment SQL_POOL_MAX: pool.max_count: expected a whole number "
           "from 1 to 1000, got 'many'");
  CHECK(error_of(sources({{"ENVIRONMENT", "STAGING"}}))
        == "environment ENVIRONMENT: profile: expected production or "
           "development, got 'STAGING'");
  CHECK(error_of(sources({{"CACHE_PERSISTENT_ENABLED", "maybe"}}))
        == "environment CACHE_PERSISTENT_ENABLED: persistence.enabled: "
           "expected true or false, got 'maybe'");
}

TEST_CASE("a bad command line is named with its setting") {
  auto s = sources();
  s.assignments = {"pool.max=3"};
  CHECK(error_of(s) == "command line: pool.max: unknown setting");
  s.assignments = {"pool.max_count"};
  CHECK(error_of(s) == "command line: pool.max_count: expected name=value");
  s.assignments = {"pool.max_count=0"};
  CHECK(error_of(s)
        == "command line: pool.max_count: expected a whole number from 1 to "
           "1000, got '0'");
  s.assignments.clear();
  s.database_url = "postgres://toad:peach@db/overlay";
  auto text = error_of(s);
  CHECK(text.find("command line: database URL: expected 'mysql://") == 0);
  CHECK(text.find("peach") == std::string::npos);
}

TEST_CASE("a bad file is named with key or position") {
  CHECK(error_of_file(R"({"pool": {"max": 3}})")
        == "pool.max: unknown setting");
  CHECK(error_of_file(R"({"pool": {"max_count": "3"}})")
        == "pool.max_count: expected a whole number from 1 to 1000, got a "
           "string");
  CHECK(error_of_file(R"({"pool.max_count": 0})")
        == "pool.max_count: expected a whole number from 1 to 1000, got '0'");
  CHECK(error_of_file(R"({"pool.max_count": 3, "pool": {"max_count": 4}})")
        == "pool.max_count: named twice");
  CHECK(error_of_file(R"({"persistence": {"enabled": 1}})")
        == "persistence.enabled: expected true or false, got a number");
  CHECK(error_of_file(R"({"database": {"host": true}})")
        == "database.host: expected text, got a boolean");
  CHECK(error_of_file(R"({"pool": [1]})")
        == "pool: expected a single value, got an array");
  CHECK(error_of_file(R"({"pool": null})")
        == "pool: expected a single value, got null");
  CHECK(error_of_file("[]") == "expected an object of settings, got an array");
  CHECK(error_of_file("3")
        == "expected an object of settings, got a single value");
  CHECK(error_of_file("").find("line 1, column 1") != std::string::npos);
  auto text = error_of_file("{\n\"database.password\": \"peach\n}");
  CHECK(text.find("line 3, column") != std::string::npos);
  CHECK(text.find("peach") == std::string::npos);

  auto s = sources();
  s.file = "/nowhere/toad.json";
  CHECK(error_of(s) == "file /nowhere/toad.json: cannot be read");
}

TEST_CASE("settings at odds with each other name the origin") {
  CHECK(error_of(sources({{"SQL_POOL_MIN", "11"}}))
        == "environment SQL_POOL_MIN: pool.min_count: expected at most "
           "pool.max_count (10), got '11'");
  CHECK(error_of_file(R"({"database.statement_timeout": "10s"})")
        == "database.statement_timeout: expected less than "
           "database.read_timeout (10s), got '10s'");
}
