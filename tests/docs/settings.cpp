// The documents say what the code says.
#include "config/setting.hpp"
#include "tests/catch.hpp"
#include "tests/docs/content.hpp"

using namespace toadcache;

TEST_CASE("docs/operations.md holds the table of settings", "[docs]") {
  auto text = content_of("docs/operations.md");
  auto table = settings_reference();
  INFO("docs/operations.md must contain this table:\n" << table);
  CHECK(text.find(table) != std::string::npos);
}
