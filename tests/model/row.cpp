#include <limits>

#include "model/row.hpp"
#include "tests/catch.hpp"
#include "tests/model/hostile.hpp"

using namespace toadcache;
using testing::reseal;

namespace {

constexpr column_type types[]
    = {column_type::int64, column_type::text, column_type::uint64,
       column_type::float64, column_type::decimal};

row sample() {
  const value values[] = {-5, "abc", 7u, 0.25, nullptr};
  return *row::encode(types, values);
}

std::string refused(std::string block) {
  auto r = row::decode(block);
  REQUIRE_FALSE(r.has_value());
  CHECK(r.error().code == errc::corrupt);
  return r.error().what;
}

// The sample with one byte changed and its hash made to match.
std::string changed(size_t at, char to) {
  std::string block{sample().bytes()};
  block[at] = to;
  reseal(block);
  return block;
}

constexpr size_t offsets_at = 16;
constexpr size_t types_at = offsets_at + 5 * 4;

} // namespace

TEST_CASE("a row gives its columns") {
  auto r = sample();
  CHECK(r.column_count() == 5);
  CHECK(r.int_at(0) == -5);
  CHECK(r.text_at(1) == "abc");
  CHECK(r.at(2) == value_view{uint64_t{7}});
  CHECK(r.at(3) == value_view{0.25});
  CHECK(r.is_null(4));
  CHECK(r.at(4) == value_view{});
  CHECK(r.type_at(4) == column_type::decimal);
}

TEST_CASE("a column read as another type is zero or empty") {
  auto r = sample();
  CHECK(r.int_at(1) == 0);
  CHECK(r.int_at(2) == 0);
  CHECK(r.int_at(4) == 0);
  CHECK(r.text_at(0).empty());
  CHECK(r.text_at(4).empty());
}

TEST_CASE("a column that the row does not have is NULL") {
  auto r = sample();
  for (size_t i : {size_t{5}, size_t{1000}, std::numeric_limits<size_t>::max()})
    for (const auto& x : {r, row{}}) {
      CHECK(x.is_null(i));
      CHECK(x.at(i) == value_view{});
      CHECK(x.int_at(i) == 0);
      CHECK(x.text_at(i).empty());
    }
}

TEST_CASE("no row is empty and equals only itself") {
  row none;
  CHECK_FALSE(none);
  CHECK(none.bytes().empty());
  CHECK(none.column_count() == 0);
  CHECK(none.content_hash() == 0);
  CHECK(none == row{});
  CHECK_FALSE(none == sample());
  auto empty = *row::encode({}, {});
  CHECK(empty);
  CHECK(empty.column_count() == 0);
  CHECK_FALSE(none == empty);
}

TEST_CASE("the text of a row is not copied") {
  auto r = sample();
  auto all = r.bytes();
  CHECK(r.text_at(1).data() > all.data());
  CHECK(r.text_at(1).data() < all.data() + all.size());
  auto copy = r;
  CHECK(copy.bytes().data() == all.data());
}

TEST_CASE("the layout of a row is the documented one") {
  const column_type t[] = {column_type::int64, column_type::text};
  const value v[] = {258, nullptr};
  std::string expected{"\x22\0\0\0\2\0\1\0"
                       "hash----"
                       "\x08\0\0\0\x08\0\0\x80"
                       "\1\5"
                       "\2\1\0\0\0\0\0\0",
                       34};
  reseal(expected);
  CHECK(row::encode(t, v)->bytes() == expected);
}

TEST_CASE("values that do not fit their column are refused") {
  auto refusal = [](column_type type, value v) {
    const column_type t[] = {column_type::int64, type};
    const value both[] = {value{1}, std::move(v)};
    auto r = row::encode(t, both);
    REQUIRE_FALSE(r.has_value());
    CHECK(r.error().code == errc::invalid);
    return r.error().what;
  };
  CHECK(refusal(column_type::text, 1) == "column 1: expected text, got int64");
  CHECK(refusal(column_type::int64, "1")
        == "column 1: expected int64, got text");
  CHECK(refusal(column_type::int64, 1u)
        == "column 1: expected int64, got uint64");
  CHECK(refusal(column_type::uint64, 1.0)
        == "column 1: expected uint64, got float64");
  CHECK(refusal(static_cast<column_type>(0), nullptr)
        == "column 1: expected unknown type, got NULL");
  const value one[] = {1};
  CHECK(row::encode(types, one).error().what
        == "row: expected 5 values, got 1");
  std::vector<column_type> many(70000, column_type::int64);
  CHECK(row::encode(many, std::vector<value>(70000)).error().what
        == "row: more than 65535 columns");
}

TEST_CASE("broken blocks are refused with their reason") {
  std::string good{sample().bytes()};
  CHECK(row::decode(good).has_value());
  CHECK(refused("") == "row: impossible size");
  CHECK(refused(good + "x") == "row: the size does not match its header");
  CHECK(refused(changed(6, 2)) == "row: unknown format");
  CHECK(refused(changed(7, 1)) == "row: unknown format");
  CHECK(refused(changed(5, 1)) == "row: more columns than bytes");
  auto flipped = good;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  CHECK(refused(flipped) == "row: the hash does not match the content");
}

TEST_CASE("blocks with a matching hash are still checked") {
  CHECK(refused(changed(offsets_at + 4, 7))
        == "row: a column leaves the block"); // ends before it starts
  CHECK(refused(changed(offsets_at + 13, 1))
        == "row: a column leaves the block"); // ends after the block
  CHECK(refused(changed(offsets_at, 7))
        == "row: a column has an impossible length");
  CHECK(refused(changed(types_at, 12)) == "row: unknown column type");
  CHECK(refused(changed(types_at, 0)) == "row: unknown column type");
  CHECK(refused(changed(types_at + 1, 1))
        == "row: a column has an impossible length");
  CHECK(refused(changed(offsets_at + 3, '\x80'))
        == "row: a column has an impossible length"); // a NULL of 8 bytes
  std::string longer{sample().bytes()};
  longer += '\0';
  reseal(longer);
  CHECK(refused(longer) == "row: bytes after the last column");
}
