// The entity type that docs/adding.md shows is one that the catalog takes.
#include <nlohmann/json.hpp>

#include "model/catalog.hpp"
#include "tests/catch.hpp"
#include "tests/docs/content.hpp"

using namespace toadcache;

TEST_CASE("docs/adding.md shows an entity type that parses", "[docs]") {
  auto text = content_of("docs/adding.md");
  auto begin = text.find("```json\n");
  REQUIRE(begin != std::string::npos);
  begin += 8;
  auto block = nlohmann::json::parse(
      text.substr(begin, text.find("```", begin) - begin));
  auto whole = nlohmann::json::parse(catalog::shipped_json());
  whole["entities"].push_back(block);
  auto parsed = catalog::parse(whole.dump(), "docs/adding.md");
  INFO((parsed ? "" : to_string(parsed.error())));
  REQUIRE(parsed);
  auto added = (*parsed)->find("tournament");
  REQUIRE(added != nullptr);
  CHECK(added->find_index("code").has_value());
  auto guild = (*parsed)->find("guild");
  REQUIRE(guild != nullptr);
  CHECK((*parsed)->find_list(guild->id, "tournaments").has_value());
}
