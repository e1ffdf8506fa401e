#include <limits>

#include "model/key.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

std::string encoded(std::initializer_list<value> values) {
  return std::string{encode_key(std::vector<value>(values)).view()};
}

std::string refused(std::string_view bytes) {
  auto r = decode_key(bytes);
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().code == errc::corrupt);
  return r.error().what;
}

} // namespace

TEST_CASE("a key's bytes are the documented ones") {
  using namespace std::string_literals;
  CHECK(encoded({nullptr}) == "\1");
  CHECK(encoded({1}) == "\2\x80\0\0\0\0\0\0\1"s);
  CHECK(encoded({-1}) == "\2\x7f\xff\xff\xff\xff\xff\xff\xff");
  CHECK(encoded({1u}) == "\3\0\0\0\0\0\0\0\1"s);
  CHECK(encoded({"a\0b"s})
        == "\5a\0\xff"s
           "b\0\1"s);
  CHECK(encoded({"", 1}) == "\5\0\1\2\x80\0\0\0\0\0\0\1"s);
}

TEST_CASE("the largest integers keep their order and value") {
  auto min = std::numeric_limits<int64_t>::min();
  auto max = std::numeric_limits<int64_t>::max();
  CHECK(encoded({min}) < encoded({-1}));
  CHECK(encoded({-1}) < encoded({0}));
  CHECK(encoded({0}) < encoded({max}));
  // Two snowflakes that one double would stand for.
  CHECK(encoded({int64_t{9007199254740993}})
        != encoded({int64_t{9007199254740992}}));
  CHECK(decode_key(encoded({max}))->front() == value{max});
}

TEST_CASE("values and views encode alike") {
  const value values[] = {1, "x", nullptr};
  const value_view views[] = {int64_t{1}, std::string_view{"x"}, {}};
  CHECK(encode_key(std::span{values}) == encode_key(std::span{views}));
}

TEST_CASE("a key of plain integers is the key of the same values") {
  auto min = std::numeric_limits<int64_t>::min();
  const value values[] = {7, min, -1};
  CHECK(key::of_integers(3, 2, {7, min, -1}) == key{3, 2, encode_key(values)});
  CHECK(key::of_integers(3, 0, {7}).hash() == key::hash_of(3, 0, encoded({7})));
}

TEST_CASE("bytes that are no key are refused with their reason") {
  using namespace std::string_literals;
  CHECK(refused("\0"s) == "key: unknown tag");
  CHECK(refused("\6") == "key: unknown tag");
  CHECK(refused("\2\1\2\3") == "key: number cut short");
  CHECK(refused("\5abc") == "key: bytes without an end");
  CHECK(refused("\5abc\0"s) == "key: bytes without an end");
  CHECK(refused("\5abc\0\7"s) == "key: unknown escape");
  CHECK(decode_key("")->empty());
}

TEST_CASE("keys differ by type, index and bytes") {
  key k{1, 2, encoded({5})};
  CHECK(k == key{1, 2, encoded({5})});
  CHECK_FALSE(k == key{2, 2, encoded({5})});
  CHECK_FALSE(k == key{1, 1, encoded({5})});
  CHECK_FALSE(k == key{1, 2, encoded({6})});
  CHECK(k.hash() == key{1, 2, encoded({5})}.hash());
  CHECK(k.hash() != key{2, 1, encoded({5})}.hash());
  CHECK(std::hash<key>{}(k) == k.hash());
  CHECK_FALSE(k.is_row());
  CHECK(key{1, primary_index, encoded({5})}.is_row());
}

TEST_CASE("a key without bytes is the default one") {
  CHECK(key{} == key{0, 0, ""});
  CHECK(key{}.hash() == 0);
}

TEST_CASE("the hash of a key is the same in every process") {
  CHECK(key{3, 1, encoded({42})}.hash() == 1293948486984899081u);
}

TEST_CASE("text folds to lower case without trailing blanks") {
  CHECK(fold_text("AbZ 9 ").bytes == "abz 9");
  CHECK(fold_text("AbZ 9 ").exact);
  CHECK(fold_text("   ").bytes.empty());
  CHECK(fold_text("@[`{~").bytes == "@[`{~");
  CHECK_FALSE(fold_text("\xc3\xa0").exact);
  CHECK_FALSE(fold_text("a\tb").exact);
  CHECK_FALSE(fold_text("a\x7f").exact);
}
