// A test that docs/consistency.md names exists.
#include <regex>
#include <set>

#include "tests/catch.hpp"
#include "tests/docs/content.hpp"

using namespace toadcache;

namespace {

/// The names of all test cases, string literals joined.
std::set<std::string> test_names() {
  namespace fs = std::filesystem;
  static const std::regex broken{"\"\\s*\n\\s*\""};
  static const std::regex name{
      "TEST_CASE(?:_METHOD)?\\((?:\\w+,)?\\s*\"([^\"]*)\""};
  std::set<std::string> out;
  for (auto& file : fs::recursive_directory_iterator{
           fs::path{TOADCACHE_SOURCE_DIR} / "tests"}) {
    if (file.path().extension() != ".cpp")
      continue;
    auto text = std::regex_replace(
        content_of(fs::relative(file.path(), TOADCACHE_SOURCE_DIR).string()),
        broken, "");
    for (std::sregex_iterator i{text.begin(), text.end(), name}, end; i != end;
         ++i)
      out.insert((*i)[1]);
  }
  return out;
}

} // namespace

TEST_CASE("docs/consistency.md names tests that exist", "[docs]") {
  auto known = test_names();
  REQUIRE(known.size() > 100);
  static const std::regex quoted{"\"([^\"]+)\""};
  static const std::regex line_break{"\\s*\n\\s*"};
  auto text
      = std::regex_replace(content_of("docs/consistency.md"), line_break, " ");
  size_t named = 0;
  for (std::sregex_iterator i{text.begin(), text.end(), quoted}, end; i != end;
       ++i, ++named) {
    INFO("docs/consistency.md names a test \"" << (*i)[1] << "\"");
    CHECK(known.contains((*i)[1]));
  }
  CHECK(named > 10);
}
