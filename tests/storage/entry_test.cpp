#include "storage/entry.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

row row_of(const std::string& text) {
  const std::vector<column_type> types{column_type::text};
  return *row::encode(types, std::vector<value>{text});
}

key key_of(index_id index, const value& v) {
  return {3, index, encode_key(std::vector<value>{v})};
}

} // namespace

TEST_CASE("an entry holds what it was made of") {
  entry_parts p;
  p.id = key_of(primary_index, 42);
  p.content = row_of("toad");
  p.fetched = time_point{1234ms};
  p.from = tier::disk;
  auto e = make_entry(p, (uint64_t{1} << 40) - 2, 7);
  CHECK(e->is(p.id));
  CHECK_FALSE(e->is(key_of(primary_index, 43)));
  CHECK_FALSE(e->is(key_of(1, 42)));
  CHECK(e->id(3) == p.id);
  CHECK(e->hash(3) == p.id.hash());
  CHECK(e->is_row());
  CHECK(e->has_content());
  CHECK(e->content() == p.content);
  e->with_content([&](const row& r) { CHECK(r == p.content); });
  CHECK(e->list(3).empty());
  CHECK(e->fetched() == p.fetched);
  CHECK(e->from() == tier::disk);
  CHECK(e->birth(uint64_t{1} << 40) == (uint64_t{1} << 40) - 2);
  CHECK(e->slot() == 7);
}

TEST_CASE("births are told apart beyond what an entry keeps of them") {
  constexpr auto bit_40 = uint64_t{1} << 40;
  for (auto born : {uint64_t{1}, bit_40 - 1, bit_40, 5 * bit_40 - 3}) {
    auto e = make_entry({key_of(primary_index, 1), {}, {}, {}}, born);
    CHECK_FALSE(e->born_before(born));
    CHECK(e->born_before(born + 1));
    CHECK(e->born_before(born + bit_40 / 2 - 1));
    CHECK(e->birth(born) == born);
    CHECK(e->birth(born + 1000) == born);
    CHECK(e->birth(born + bit_40 / 2 - 1) == born);
  }
}

TEST_CASE("what was fetched before the clock began stays old") {
  entry_parts p;
  p.id = key_of(primary_index, 1);
  p.fetched = time_point{-3600s};
  CHECK(make_entry(p)->fetched() == p.fetched);
  p.fetched = time_point{1ms + 999us}; // never younger than it is
  CHECK(make_entry(p)->fetched() == time_point{1ms});
}

TEST_CASE("an entry without a row says that there is none") {
  entry_parts p;
  p.id = key_of(primary_index, 1);
  auto e = make_entry(p);
  CHECK_FALSE(e->has_content());
  CHECK_FALSE(e->content());
  e->with_content([](const row& r) { CHECK_FALSE(r); });
}

TEST_CASE("a list of keys, also none, comes back as it was") {
  entry_parts p;
  p.id = key_of(2, "a text");
  CHECK(make_entry(p)->list(3).empty());
  p.list = {key_of(primary_index, 1), key_of(primary_index, "x"),
            key_of(primary_index, std::string(300, 'y'))};
  auto e = make_entry(p);
  CHECK_FALSE(e->is_row());
  CHECK_FALSE(e->has_content());
  CHECK(e->list(3) == p.list);
}

TEST_CASE("a row taken from an entry outlives it") {
  entry_parts p;
  p.id = key_of(primary_index, 1);
  p.content = row_of(std::string(1000, 'z'));
  auto e = make_entry(p);
  auto taken = e->content();
  auto again = taken;
  e = nullptr;
  CHECK(taken == p.content);
  taken = row{};
  CHECK(again.text_at(0).size() == 1000);
}

TEST_CASE("an entry knows what it occupies") {
  entry_parts p;
  p.id = key_of(primary_index, 1);
  p.content = row_of(std::string(200, 'z'));
  CHECK(make_entry(p)->bytes() == bytes_of(p));
  CHECK(bytes_of(p) >= p.content.bytes().size() + p.id.bytes().size());
  CHECK(bytes_of(p) <= p.content.bytes().size() + 64);
  p = {};
  p.id = key_of(1, 1);
  p.list = {key_of(primary_index, 1), key_of(primary_index, 2)};
  CHECK(make_entry(p)->bytes() == bytes_of(p));
}

TEST_CASE("what no entry can hold is refused") {
  entry_parts p;
  p.id = key_of(primary_index, 1);
  CHECK(fits_entry(p));
  p.id = key_of(256, 1);
  CHECK_FALSE(fits_entry(p));
  p.id = key_of(primary_index, std::string(70'000, 'k'));
  CHECK_FALSE(fits_entry(p));
  p.id = key_of(1, 1);
  p.list = {key_of(primary_index, std::string(70'000, 'k'))};
  CHECK_FALSE(fits_entry(p));
}
