#include "policy/change_set.hpp"

#include <algorithm>
#include <string>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

/// user: id, name (lookup under a collation that folds).
catalog_ptr types() {
  constexpr auto text = R"json({"version": 1, "entities": [
    {"name": "user", "table": "user", "primary_key": ["id"],
     "columns": [
       {"name": "id", "type": "int64", "sql_type": "BIGINT"},
       {"name": "name", "type": "text", "nullable": true, "length": 50,
        "collation": "utf8mb4_general_ci", "sql_type": "VARCHAR(50)"}],
     "lookups": [{"name": "name", "columns": ["name"]}]}]})json";
  return catalog::parse(text, "test").value();
}

struct fixture {
  catalog_ptr c = types();
  change_set changes{*c};
  const entity_type& user = (*c)[0];

  row make(int64_t id, const std::string& name) const {
    return row::encode(user.types, std::vector<value>{id, name}).value();
  }
  key id_of(int64_t id) const {
    return user.make_key(0, std::vector<value>{id}).value();
  }
  key name_key(const std::string& name) const {
    return user.make_key(1, std::vector<value>{name}).value();
  }
  bool covers(const key& k) const {
    auto all = changes.keys();
    auto& keys = all[0];
    return std::count(keys.begin(), keys.end(), k) == 1;
  }
};

} // namespace

TEST_CASE("several changes of a row become one") {
  fixture f;
  f.changes.add(0, f.make(1, "a"), f.make(1, "b"));
  f.changes.add(0, f.make(2, "x"), row{});
  f.changes.add(0, f.make(1, "b"), f.make(1, "c"));
  auto rows = f.changes.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0]
        == row_change{f.id_of(1), f.make(1, "a"), f.make(1, "c"), true});
  CHECK(rows[1] == row_change{f.id_of(2), f.make(2, "x"), row{}, true});
}

TEST_CASE("what ends as it began is told, unless it was never there") {
  fixture f;
  f.changes.add(0, row{}, f.make(3, "new"));
  f.changes.add(0, f.make(3, "new"), row{});
  CHECK(f.changes.rows().empty());
  CHECK(f.changes.keys().empty());
  f.changes.add(0, f.make(1, "a"), f.make(1, "b"));
  f.changes.add(0, f.make(1, "b"), f.make(1, "a"));
  REQUIRE(f.changes.rows().size() == 1);
  CHECK(f.changes.rows()[0].before == f.changes.rows()[0].after);
  CHECK(f.covers(f.id_of(1)));
}

TEST_CASE("a row erased and inserted again is one change") {
  fixture f;
  f.changes.add(0, f.make(1, "a"), row{});
  f.changes.add(0, row{}, f.make(1, "b"));
  REQUIRE(f.changes.rows().size() == 1);
  CHECK(f.changes.rows()[0].before == f.make(1, "a"));
  CHECK(f.changes.rows()[0].after == f.make(1, "b"));
}

TEST_CASE("a changed primary key follows the row") {
  fixture f;
  f.changes.add(0, f.make(1, "a"), f.make(2, "a"));
  f.changes.add(0, f.make(2, "a"), f.make(2, "b"));
  f.changes.add(0, row{}, f.make(1, "new"));
  auto rows = f.changes.rows();
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].id == f.id_of(1));
  CHECK(rows[0].after == f.make(2, "b"));
  CHECK(rows[1].before == row{});
  CHECK(f.covers(f.id_of(1)));
  CHECK(f.covers(f.id_of(2)));
}

TEST_CASE("keys name rows and lists of both images, and folded forms") {
  fixture f;
  f.changes.add(0, f.make(1, "Ann"), f.make(1, "bob"));
  CHECK(f.covers(f.id_of(1)));
  CHECK(f.covers(f.name_key("Ann")));
  CHECK(f.covers(f.name_key("ann")));
  CHECK(f.covers(f.name_key("bob")));
  CHECK(f.changes.keys()[0].size() == 4);
}
