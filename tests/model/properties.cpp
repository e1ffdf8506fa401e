// Properties of rows and keys over random and hostile input.
#include "model/key.hpp"
#include "tests/catch.hpp"
#include "tests/model/generators.hpp"
#include "tests/model/hostile.hpp"

using namespace toadcache;
using namespace toadcache::testing;

namespace {

std::vector<value::variant_type> plain(const std::vector<value>& values) {
  std::vector<value::variant_type> out;
  for (const auto& v : values)
    out.push_back(v.data());
  return out;
}

row encoded(const columns& c) {
  auto r = row::encode(c.types, c.values);
  RC_ASSERT(r.has_value());
  return *r;
}

// A copy that ends where its memory ends, so that a sanitizer sees every read
// beyond it.
result<row> decode_exact(const std::string& bytes) {
  std::vector<char> exact(bytes.begin(), bytes.end());
  return row::decode({exact.data(), exact.size()});
}

} // namespace

TEST_CASE("a row returns the values it was made of") {
  REQUIRE(rc::check([] {
    auto c = any_columns();
    auto r = encoded(c);
    RC_ASSERT(r.column_count() == c.types.size());
    for (size_t i = 0; i < c.types.size(); ++i) {
      RC_ASSERT(r.type_at(i) == c.types[i]);
      RC_ASSERT(r.is_null(i) == c.values[i].is_null());
      RC_ASSERT(value{r.at(i)} == c.values[i]);
    }
  }));
}

TEST_CASE("a decoded row equals the encoded one") {
  REQUIRE(rc::check([] {
    auto r = encoded(any_columns());
    auto again = decode_exact(std::string{r.bytes()});
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == r);
    RC_ASSERT(again->content_hash() == r.content_hash());
    RC_ASSERT(stays_inside(*again));
  }));
}

TEST_CASE("rows are equal exactly when types and values are") {
  REQUIRE(rc::check([] {
    auto a = any_columns();
    auto b = *rc::gen::arbitrary<bool>() ? a : any_columns();
    if (!b.types.empty() && *rc::gen::arbitrary<bool>()) {
      auto i = *rc::gen::inRange<size_t>(0, b.types.size());
      b.values[i] = any_value_or_null(b.types[i]);
    }
    bool same = a.types == b.types && plain(a.values) == plain(b.values);
    RC_ASSERT((encoded(a) == encoded(b)) == same);
    RC_ASSERT((encoded(a).content_hash() == encoded(b).content_hash()) == same);
  }));
}

TEST_CASE("random bytes are no row") {
  REQUIRE(rc::check([] { RC_ASSERT(!decode_exact(any_bytes())); }));
}

TEST_CASE("every flipped bit of a row is noticed") {
  REQUIRE(rc::check([] {
    std::string block{encoded(any_columns()).bytes()};
    auto bit = *rc::gen::inRange<size_t>(0, block.size() * 8);
    block[bit / 8] = static_cast<char>(block[bit / 8] ^ 1 << bit % 8);
    RC_ASSERT(!decode_exact(block));
  }));
}

TEST_CASE("what passes as a row after any change is safe to read") {
  REQUIRE(rc::check([] {
    std::string block{encoded(any_columns()).bytes()};
    auto changes = *rc::gen::inRange(1, 6);
    for (int i = 0; i < changes; ++i) {
      auto at = *rc::gen::inRange<size_t>(0, block.size());
      block[at] = *rc::gen::arbitrary<char>();
    }
    if (*rc::gen::inRange(0, 3) == 0)
      block.resize(*rc::gen::inRange<size_t>(16, block.size() + 8));
    reseal(block);
    auto r = decode_exact(block);
    if (r) { // RC_ASSERT would evaluate both sides of an ||
      RC_ASSERT(stays_inside(*r));
      RC_ASSERT(r->bytes() == block);
    }
  }));
}

TEST_CASE("a key returns the values it was made of") {
  REQUIRE(rc::check([] {
    auto values = any_tuple();
    auto again = decode_key(encode_key(values));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == values);
  }));
}

TEST_CASE("keys order as their values do") {
  REQUIRE(rc::check([] {
    auto a = any_tuple();
    auto b = any_tuple();
    if (*rc::gen::arbitrary<bool>()) // a common beginning
      b.insert(b.begin(), a.begin(), a.end());
    auto ka = std::string{encode_key(a).view()};
    auto kb = std::string{encode_key(b).view()};
    if (plain(a) < plain(b))
      RC_ASSERT(ka < kb);
    if (plain(b) < plain(a))
      RC_ASSERT(kb < ka);
    RC_ASSERT((ka == kb) == (plain(a) == plain(b)));
  }));
}

TEST_CASE("no key begins with another of the same number of values") {
  REQUIRE(rc::check([] {
    auto a = encode_key(std::vector<value>{any_value_or_null(any_type())});
    auto b = encode_key(std::vector<value>{any_value_or_null(any_type())});
    if (a != b)
      RC_ASSERT(!a.view().starts_with(b));
  }));
}

TEST_CASE("bytes are taken as a key only if they are one") {
  REQUIRE(rc::check([] {
    auto bytes = *rc::gen::arbitrary<bool>()
                     ? any_bytes()
                     : std::string{encode_key(any_tuple()).view()};
    if (!bytes.empty() && *rc::gen::arbitrary<bool>())
      bytes[*rc::gen::inRange<size_t>(0, bytes.size())]
          = *rc::gen::arbitrary<char>();
    std::vector<char> exact(bytes.begin(), bytes.end());
    auto values = decode_key({exact.data(), exact.size()});
    if (values)
      RC_ASSERT(encode_key(*values) == bytes);
  }));
}
