#include "model/key_bytes.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

using namespace toadcache;

TEST_CASE("the bytes of a key are those that were appended, short or long") {
  REQUIRE(rc::check([](const std::vector<std::string>& pieces) {
    key_bytes bytes;
    std::string expected;
    for (auto& p : pieces) {
      bytes += p;
      expected += p;
    }
    RC_ASSERT(bytes.view() == expected);
    RC_ASSERT(bytes.size() == expected.size());
    RC_ASSERT(bytes.empty() == expected.empty());
  }));
}

TEST_CASE("copies and moves of a key's bytes are independent") {
  const std::string shorter(key_bytes::inline_size, 's');
  const std::string longer(key_bytes::inline_size + 1, 'l');
  for (auto& text : {shorter, longer})
    for (auto& other : {shorter, longer}) {
      key_bytes a{text};
      key_bytes b{a};
      b += "!";
      CHECK(a == key_bytes{text});
      CHECK(b.view() == text + "!");
      key_bytes c{std::move(b)};
      CHECK(c.view() == text + "!");
      a = key_bytes{other};
      CHECK(a.view() == other);
      c = a;
      a += "?";
      CHECK(c.view() == other);
    }
}
