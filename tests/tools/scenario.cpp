// Scenarios: what a bad one is told, and that the shipped ones are good.
#include "tools/scenario.hpp"

#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"
#include "tools/report.hpp"

using namespace toadcache;
using json = nlohmann::ordered_json;

namespace {

json good() {
  return json::parse(R"({
    "version": 1, "name": "small", "seed": 7, "clients": 2,
    "population": {"guilds": 2, "channels": 4, "users": 6, "overlays": 3,
                   "zipf": 0.9, "new_user_ratio": 0.1, "profile_bytes": 100},
    "commands": {"status": 3, "set_team": 1},
    "phases": [{"name": "one", "seconds": 1.5, "commands_per_second": 10,
                "scores_per_second": 1, "polls_per_second": 20}],
    "assertions": {"hit_ratio": {"at_least": 0.5, "at_most": 1}}
  })");
}

tl::expected<scenario, std::string> parsed(const json& x) {
  return parse_scenario(x.dump(), "s.json", report::metric_names());
}

/// The error after `change` to the good scenario, without its origin.
template <class F>
std::string error_after(F change) {
  auto x = good();
  change(x);
  auto s = parsed(x);
  REQUIRE_FALSE(s);
  CHECK(s.error().find("s.json: ") == 0);
  CHECK(s.error().find('\n') == std::string::npos);
  return s.error().substr(8);
}

} // namespace

TEST_CASE("a good scenario is read as it is written") {
  auto s = parsed(good());
  if (!s)
    FAIL(s.error());
  CHECK(s->name == "small");
  CHECK(s->seed == 7);
  CHECK(s->clients_count == 2);
  CHECK(s->population.channels_count == 4);
  CHECK(s->population.new_user_ratio == 0.1);
  REQUIRE(s->commands.size() == 2);
  CHECK(s->commands[1].second == 1);
  CHECK(s->duration() == std::chrono::milliseconds{1500});
  REQUIRE(s->assertions.size() == 2);
  CHECK(s->assertions[0].at_least != s->assertions[1].at_least);
}

TEST_CASE("a bad scenario is told in one line that names the key") {
  CHECK(error_after([](json& x) { x["version"] = 2; })
        == "version: expected 1");
  CHECK(error_after([](json& x) { x.erase("seed"); }) == "seed: missing");
  CHECK(error_after([](json& x) { x["name"] = 3; })
        == "name: expected a string");
  CHECK(error_after([](json& x) { x["colour"] = 3; }) == "colour: unknown key");
  CHECK(error_after([](json& x) { x["clients"] = 0; })
        == "clients: expected a whole number from 1 to 256, got 0");
  CHECK(error_after([](json& x) { x["clients"] = "2"; }).find("clients: ")
        == 0);
  CHECK(error_after([](json& x) { x["population"] = 1; })
        == "population: expected an object");
  CHECK(error_after([](json& x) { x["population"]["channels"] = 1; })
        == "population.channels: expected a whole number from 2 to 10000000, "
           "got 1");
  CHECK(error_after([](json& x) { x["population"]["zipf"] = -1; })
        == "population.zipf: expected a number from 0.0 to 3.0, got -1");
  CHECK(error_after([](json& x) { x["population"]["cats"] = 1; })
        == "population.cats: unknown key");
  CHECK(error_after([](json& x) { x["population"]["overlays"] = 0; })
        == "population.overlays: expected at least 1, since phase 'one' has "
           "polls");
  CHECK(error_after([](json& x) {
          x["commands"]["poll"] = 1;
        }).find("commands.poll: unknown command; expected status")
        == 0);
  CHECK(error_after([](json& x) { x["commands"] = json::object(); })
        == "commands: expected at least one weight above 0");
  CHECK(error_after([](json& x) { x["phases"] = json::array(); })
        == "phases: expected a list of at least one phase");
  CHECK(error_after([](json& x) {
          x["phases"][0]["seconds"] = 0;
        }).find("phases[0].seconds: expected a number")
        == 0);
  CHECK(error_after([](json& x) { x["phases"][0].erase("name"); })
        == "phases[0].name: missing");
  CHECK(error_after([](json& x) {
          x["phases"][0]["polls_per_second"] = 999999;
          x["phases"][0]["seconds"] = 60;
        }).find("phases: expected rates")
        == 0);
  CHECK(error_after([](json& x) {
          x["assertions"]["luck"]["at_least"] = 1;
        }).find("assertions.luck: unknown metric; expected one of hit_ratio,")
        == 0);
  CHECK(error_after([](json& x) {
          x["assertions"]["hit_ratio"] = json{{"exactly", 1}};
        })
        == "assertions.hit_ratio.exactly: unknown key; expected at_least or "
           "at_most");
  CHECK(error_after(
            [](json& x) { x["assertions"]["hit_ratio"] = json::object(); })
        == "assertions.hit_ratio: expected at_least or at_most");
  CHECK(error_after([](json& x) { x = json::array(); })
        == "the scenario: expected an object");
  auto text = parse_scenario("{", "s.json", {});
  REQUIRE_FALSE(text);
  CHECK(text.error().find("s.json: parse error at line 1, column 2") == 0);
}

TEST_CASE("the shipped scenarios are good") {
  for (auto name : {"evening", "must_fail"}) {
    auto path = std::string{TOADCACHE_SOURCE_DIR "/examples/simulations/"}
                + name + ".json";
    std::ifstream in{path};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    auto s = parse_scenario(text, path, report::metric_names());
    if (!s)
      FAIL(s.error());
  }
}
