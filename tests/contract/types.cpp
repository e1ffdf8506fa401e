// Every column type comes back as it went in, or is refused with one line.
#include <limits>

#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

constexpr auto lowest = std::numeric_limits<int64_t>::min();
constexpr auto highest = std::numeric_limits<int64_t>::max();

std::string with_nul() {
  return {"a\0b\xff\xfe\0", 6};
}

} // namespace

TEST_CASE("values of every type round trip exactly") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("everything");
  auto check = [&](named_values values) {
    auto id = inserted(*s, type, values);
    auto r = read_one(*s, type, id);
    REQUIRE(r);
    for (auto& [column, v] : values) {
      INFO(column);
      CHECK(to_string(at(r, type, column)) == to_string(v));
      CHECK(at(r, type, column) == v.view());
    }
    CHECK(type.key_of(r) == id);
  };
  check({{"id", lowest},
         {"small", -128},
         {"big", lowest},
         {"huge", std::numeric_limits<uint64_t>::max()},
         {"ratio", -1.0 / 3.0},
         {"price", "12345678901234567890.0123456789"},
         {"select", "Grüße \U0001F438"},
         {"long \"`text", std::string(300000, 'x') + "\U0001F438"},
         {"code", with_nul()},
         {"blob", std::string(70000, '\0') + with_nul()},
         {"day", "2026-11-22"},
         {"span", "-10:11:12.5"},
         {"at", "2026-11-22 10:11:12.123456"},
         {"at_second", "2026-11-22 10:11:12"},
         {"stamp", "2026-11-22 10:11:12.125"},
         {"document", "{\"a\": [1, null]}"},
         {"color", "12"}});
  check({{"id", highest},
         {"big", highest},
         {"huge", uint64_t{1} << 63},
         {"ratio", std::numeric_limits<double>::denorm_min()},
         {"price", "-0.0000000001"},
         {"span", "838:59:59.0"},
         {"at", "1000-01-01 00:00:00.000001"},
         {"stamp", "1970-01-01 00:00:01.000"}});
  // A snowflake that a double would round.
  check({{"id", int64_t{1234567890123456789}},
         {"big", int64_t{9007199254740993}}});
}

TEST_CASE("NULL stays apart from empty, and defaults are the database's") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("everything");
  auto id = inserted(*s, type,
                     {{"id", 1},
                      {"select", ""},
                      {"long \"`text", nullptr},
                      {"code", ""},
                      {"blob", nullptr},
                      {"big", nullptr},
                      {"huge", 0}});
  auto r = read_one(*s, type, id);
  CHECK(at(r, type, "select") == value_view{std::string_view{""}});
  CHECK(at(r, type, "code") == value_view{std::string_view{""}});
  CHECK(at(r, type, "huge") == value_view{uint64_t{0}});
  for (auto name : {"long \"`text", "blob", "big", "at", "span", "document"})
    CHECK(at(r, type, name) == value_view{});
  CHECK(at(r, type, "counted") == value_view{int64_t{7}});
  CHECK(at(r, type, "named") == value_view{std::string_view{"empty"}});
}

TEST_CASE("values that do not fit their column are refused by name") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("everything");
  good(s->begin());
  auto refused = [&](named_values values) {
    values.emplace_back("id", 1);
    auto r = s->insert(type, set_of(type, values));
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::invalid);
    return r.error().what;
  };
  CHECK(refused({{"named", nullptr}})
        == "table every thing, column named: expected a value, got NULL");
  CHECK(refused({{"named", "12345678901"}})
        == "table every thing, column named: expected at most 10 characters, "
           "got 11");
  CHECK(refused({{"code", std::string(17, 'x')}})
        == "table every thing, column code: expected at most 16 bytes, got 17");
  CHECK(refused({{"big", "12"}})
        == "table every thing, column big: expected int64, got text");
  CHECK(refused({{"huge", -1}}).find("column huge: -1 does not fit uint64")
        != std::string::npos);
  CHECK(refused({{"select", "\xff"}})
        == "table every thing, column select: expected UTF-8 text");
  auto nowhere = s->insert(type, {{size_t{99}, value{1}}});
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == errc::invalid);
  // Ten characters of four bytes each do fit, and the transaction goes on.
  auto frogs = std::string{};
  for (int i = 0; i < 10; ++i)
    frogs += "\U0001F438";
  auto id = good(s->insert(type, set_of(type, {{"id", 2}, {"named", frogs}})));
  REQUIRE(s->commit().how == outcome::committed);
  CHECK(at(read_one(*s, type, id), type, "named")
        == value_view{std::string_view{frogs}});
}

TEST_CASE("rows that do not fit the catalog are refused with their place") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  d.foreign_sql("INSERT INTO parent (id, name) VALUES (1, 'a name of 14 c')");
  auto json = d.schema()->to_json();
  auto changed = [&](const std::string& from, const std::string& to) {
    auto text = json;
    auto place = text.find("\"parent\"");
    place = text.find(from, place);
    REQUIRE(place != std::string::npos);
    text.replace(place, from.size(), to);
    return good(catalog::parse(text, "changed"));
  };
  auto why = [&](const catalog_ptr& c) {
    auto& type = *c->find("parent");
    auto r = s->read_where(type, {}, false);
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::invalid);
    return r.error().what;
  };
  auto find = [](const std::string& where, std::string_view what) {
    return where.find(what) != std::string::npos;
  };
  // Another program's table has no such column.
  d.foreign_sql("ALTER TABLE parent RENAME COLUMN number TO other");
  auto line = why(d.schema());
  CHECK(find(line, "table parent"));
  CHECK(find(line, "number"));
  d.foreign_sql("ALTER TABLE parent RENAME COLUMN other TO number");
  CHECK(s->read_where(d.type("parent"), {}, false));
  // It holds what this catalog excludes.
  for (auto shorter : {"\"length\": 50", "\"length\":50"})
    if (json.find(shorter) != std::string::npos) {
      auto c = changed(shorter, "\"length\": 4");
      CHECK(why(c)
            == "table parent, column name: expected at most 4 characters, got "
               "14");
    }
}
