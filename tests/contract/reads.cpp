// Keys, indexes and conditions find the rows they name, in one statement each.
#include <algorithm>

#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

/// parents 1, 2, 3; children (a, b) of them.
void fill(session& s, fresh_database& d) {
  auto& parent = d.type("parent");
  auto& child = d.type("child");
  for (int id : {1, 2, 3})
    inserted(
        s, parent,
        {{"id", id}, {"name", "p" + std::to_string(id)}, {"number", id * 10}});
  auto add
      = [&](int a, const char* b, int of, value owner, int auth, value note) {
          inserted(s, child,
                   {{"a", a},
                    {"b", b},
                    {"parent_id", of},
                    {"owner_id", std::move(owner)},
                    {"auth", auth},
                    {"note", std::move(note)}});
        };
  add(2, "x", 1, nullptr, 77, "n");
  add(1, "y", 1, 2, 78, nullptr);
  add(1, "x", 1, 2, 77, "n");
  add(3, "x", 2, nullptr, 79, "m");
}

std::vector<std::string> labels(const entity_type& child,
                                const std::vector<row>& rows) {
  std::vector<std::string> out;
  for (auto& r : rows)
    out.push_back(to_string(at(r, child, "a"))
                  + std::string{std::get<std::string_view>(at(r, child, "b"))});
  return out;
}

using list = std::vector<std::string>;

} // namespace

TEST_CASE("a batch of a thousand keys yields the rows that exist") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("parent");
  good(s->begin());
  for (int i = 0; i < 1000; i += 2)
    good(s->insert(type, set_of(type, {{"id", i}, {"name", "n"}})));
  REQUIRE(s->commit().how == outcome::committed);
  for (size_t count : {1u, 2u, 8u, 9u, 100u, 512u, 1000u}) {
    std::vector<key> keys;
    for (size_t i = 0; i < count; ++i)
      keys.push_back(key_of(type, {int64_t(i)}));
    auto rows = good(s->read_keys(type, keys, false));
    REQUIRE(rows.size() == (count + 1) / 2);
    std::vector<int64_t> ids;
    for (auto& r : rows)
      ids.push_back(r.int_at(0));
    std::sort(ids.begin(), ids.end());
    for (size_t i = 0; i < ids.size(); ++i)
      CHECK(ids[i] == int64_t(2 * i));
  }
  CHECK(good(s->read_keys(type, {}, false)).empty());
}

TEST_CASE("composite keys find exactly their rows") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  fill(*s, d);
  auto& type = d.type("child");
  auto one = read_one(*s, type, key_of(type, {1, "x"}));
  CHECK(at(one, type, "auth") == value_view{int64_t{77}});
  CHECK_FALSE(read_one(*s, type, key_of(type, {2, "y"})));
  std::vector<key> keys{key_of(type, {1, "x"}), key_of(type, {1, "y"}),
                        key_of(type, {2, "y"}), key_of(type, {3, "x"})};
  auto rows = good(s->read_keys(type, keys, false));
  auto found = labels(type, rows);
  std::sort(found.begin(), found.end());
  CHECK(found == list{"1x", "1y", "3x"});
}

TEST_CASE("indexes list rows in primary-key order") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  fill(*s, d);
  auto& parent = d.type("parent");
  auto& type = d.type("child");
  auto read = [&](const char* name, std::vector<std::vector<value>> tuples) {
    auto index = index_of(type, name);
    std::vector<key> keys;
    for (auto& t : tuples)
      keys.push_back(key_of(type, t, index));
    return labels(type, good(s->read_index(type, index, keys, false)));
  };
  CHECK(read("auth", {{77}}) == list{"1x", "2x"});
  CHECK(read("auth", {{79}, {77}}) == list{"1x", "2x", "3x"});
  CHECK(read("auth", {{1}}).empty());
  CHECK(read("auth_note", {{77, "n"}, {79, "n"}}) == list{"1x", "2x"});
  CHECK(read("parent.childs", {{1}}) == list{"1x", "1y", "2x"});
  CHECK(read("parent.childs", {{2}, {1}}) == list{"1x", "1y", "2x", "3x"});
  CHECK(read("parent.childs_by_owner", {{2}}) == list{"1x", "1y"});
  auto number = index_of(parent, "number");
  std::vector<key> numbers{key_of(parent, {20}, number)};
  auto rows = good(s->read_index(parent, number, numbers, false));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].int_at(0) == 2);
  CHECK(good(s->read_index(type, index_of(type, "auth"), {}, false)).empty());
}

TEST_CASE("conditions, order and limit") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  fill(*s, d);
  auto& type = d.type("child");
  auto column = [&](const char* name) { return *type.find_column(name); };
  auto read = [&](filter f) {
    return labels(type, good(s->read_where(type, f, false)));
  };
  auto where = [&](const char* name, compare op, std::vector<value> operands) {
    filter f;
    f.all_of.push_back({column(name), op, std::move(operands)});
    return read(f);
  };
  CHECK(read({}) == list{"1x", "1y", "2x", "3x"});
  CHECK(where("auth", compare::eq, {77}) == list{"1x", "2x"});
  CHECK(where("auth", compare::ne, {77}) == list{"1y", "3x"});
  CHECK(where("auth", compare::lt, {78}) == list{"1x", "2x"});
  CHECK(where("auth", compare::le, {78}) == list{"1x", "1y", "2x"});
  CHECK(where("auth", compare::gt, {78}) == list{"3x"});
  CHECK(where("auth", compare::ge, {78}) == list{"1y", "3x"});
  CHECK(where("auth", compare::in, {77, 79}) == list{"1x", "2x", "3x"});
  CHECK(where("auth", compare::in, {}).empty());
  CHECK(where("note", compare::is_null, {}) == list{"1y"});
  CHECK(where("note", compare::is_not_null, {}) == list{"1x", "2x", "3x"});
  CHECK(where("note", compare::eq, {nullptr}) == list{"1y"});
  CHECK(where("note", compare::ne, {nullptr}) == list{"1x", "2x", "3x"});
  CHECK(where("b", compare::like, {"x%"}) == list{"1x", "2x", "3x"});
  CHECK(where("b", compare::like, {"\\%"}).empty());
  filter f;
  f.all_of.push_back({column("parent_id"), compare::eq, {1}});
  f.all_of.push_back({column("b"), compare::eq, {"x"}});
  CHECK(read(f) == list{"1x", "2x"});
  f.order_by = {{column("a"), true}};
  CHECK(read(f) == list{"2x", "1x"});
  f.limit = 1;
  CHECK(read(f) == list{"2x"});
}

TEST_CASE("decimals and dates order as such") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("everything");
  inserted(*s, type,
           {{"id", 1}, {"price", "9.5000000000"}, {"day", "2026-01-02"}});
  inserted(*s, type,
           {{"id", 2}, {"price", "10.0000000000"}, {"day", "2026-11-02"}});
  filter f;
  f.all_of.push_back({*type.find_column("price"), compare::gt, {"9.75"}});
  auto rows = good(s->read_where(type, f, false));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].int_at(0) == 2);
  f.all_of = {{*type.find_column("day"), compare::lt, {"2026-02-01"}}};
  rows = good(s->read_where(type, f, false));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].int_at(0) == 1);
}

TEST_CASE("questions that make no sense are refused") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("child");
  auto& parent = d.type("parent");
  auto refused = [](const auto& r) {
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::invalid);
  };
  std::vector<key> foreign{key_of(parent, {1})};
  refused(s->read_keys(type, foreign, false));
  refused(s->read_index(type, 99, foreign, false));
  refused(s->read_index(type, 1, foreign, false));
  refused(s->read_keys(parent, std::vector<key>(10000, foreign[0]), false));
  filter f;
  f.all_of.push_back({99, compare::eq, {1}});
  refused(s->read_where(type, f, false));
  f.all_of = {{0, compare::eq, {}}};
  refused(s->read_where(type, f, false));
  f.all_of = {{0, compare::lt, {nullptr}}};
  refused(s->read_where(type, f, false));
  f.all_of = {{0, compare::eq, {"text"}}};
  refused(s->read_where(type, f, false));
  f.all_of = {};
  f.order_by = {{99, false}};
  refused(s->read_where(type, f, false));
  CHECK(s->usable());
}
