#include <limits>

#include "model/value.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

constexpr auto min_int = std::numeric_limits<int64_t>::min();
constexpr auto max_uint = std::numeric_limits<uint64_t>::max();

std::string refusal(value v, column_type type) {
  auto r = coerce(std::move(v), type);
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().code == errc::invalid);
  return r.error().what;
}

} // namespace

TEST_CASE("values print for people") {
  CHECK(to_string(value{}) == "NULL");
  CHECK(to_string(value{-7}) == "-7");
  CHECK(to_string(value{max_uint}) == "18446744073709551615");
  CHECK(to_string(value{0.5}) == "0.5");
  CHECK(to_string(value{"it's"}) == "'it''s'");
  CHECK(to_string(value{"\xc3\xa0"}) == "'\xc3\xa0'");
  CHECK(to_string(value{"\xff\x01"}) == "x'ff01'");
}

TEST_CASE("NULL is not the empty text") {
  CHECK(value{} == value{nullptr});
  CHECK_FALSE(value{} == value{""});
  CHECK(value{}.is_null());
  CHECK_FALSE(value{""}.is_null());
}

TEST_CASE("a view of a value holds the same") {
  for (const auto& v : {value{}, value{1}, value{2u}, value{0.5}, value{"x"},
                        value{true}, value{std::string_view{"y"}}})
    CHECK(value{v.view()} == v);
}

TEST_CASE("integers change sign only where the number fits") {
  CHECK(*coerce(value{5}, column_type::uint64) == value{5u});
  CHECK(*coerce(value{5u}, column_type::int64) == value{5});
  CHECK(*coerce(value{max_uint}, column_type::uint64) == value{max_uint});
  CHECK(refusal(value{-1}, column_type::uint64) == "-1 does not fit uint64");
  CHECK(refusal(value{max_uint}, column_type::int64)
        == "18446744073709551615 does not fit int64");
}

TEST_CASE("integers become doubles only where that is exact") {
  auto exact = int64_t{1} << 53;
  CHECK(*coerce(value{exact}, column_type::float64) == value{0x1p53});
  CHECK(*coerce(value{3u}, column_type::float64) == value{3.0});
  CHECK(refusal(value{exact + 1}, column_type::float64)
        == "9007199254740993 does not fit float64");
  refusal(value{-exact - 1}, column_type::float64);
  refusal(value{max_uint}, column_type::float64);
}

TEST_CASE("integers become decimals without loss") {
  CHECK(*coerce(value{min_int}, column_type::decimal)
        == value{"-9223372036854775808"});
  CHECK(*coerce(value{max_uint}, column_type::decimal)
        == value{"18446744073709551615"});
}

TEST_CASE("an integer column takes integers only") {
  for (auto type : {column_type::int64, column_type::uint64}) {
    auto name = std::string{to_string(type)};
    CHECK(refusal(value{1.0}, type) == "expected " + name + ", got float64");
    CHECK(refusal(value{"1"}, type) == "expected " + name + ", got text");
  }
  CHECK(refusal(value{"1"}, column_type::float64)
        == "expected float64, got text");
}

TEST_CASE("bytes stay bytes, numbers are not taken for text") {
  for (auto type :
       {column_type::decimal, column_type::text, column_type::binary,
        column_type::date, column_type::time, column_type::datetime,
        column_type::timestamp, column_type::json})
    CHECK(*coerce(value{"12.50"}, type) == value{"12.50"});
  CHECK(refusal(value{1}, column_type::text) == "expected text, got int64");
  CHECK(refusal(value{1u}, column_type::json) == "expected json, got uint64");
  CHECK(refusal(value{1.5}, column_type::decimal)
        == "expected decimal, got float64");
}

TEST_CASE("NULL is of every type") {
  CHECK(coerce(value{}, column_type::int64)->is_null());
  CHECK(coerce(value{}, column_type::text)->is_null());
}

TEST_CASE("column types have names that parse back") {
  for (int i = 1; i <= 11; ++i) {
    auto type = static_cast<column_type>(i);
    CHECK(parse_column_type(to_string(type)) == type);
  }
  CHECK(to_string(static_cast<column_type>(0)) == "unknown type");
  CHECK(parse_column_type("int").error().what
        == "expected one of int64, uint64, float64, decimal, text, binary, "
           "date, time, datetime, timestamp, json, got 'int'");
}

TEST_CASE("UTF-8 is told from other bytes") {
  for (auto good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "na\xc3\xafve"})
    CHECK(is_utf8(good));
  for (auto bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ", "\xe0\x9f\xbf",
        "\xed\xa0\x80", "\xe2\x82", "\xe2\x82 ", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x90\x80", "\xff"})
    CHECK_FALSE(is_utf8(bad));
}
