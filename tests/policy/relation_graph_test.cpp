// What a change touches besides its own row: cascades and dependents.
#include "policy/relation_graph.hpp"

#include <algorithm>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

// grandparent <- parent (cascade) <- child (set null on delete, cascade on
// update) and a bystander that refers to a non-key column with restrict.
constexpr const char* family = R"({
  "version": 1,
  "entities": [
    {"name": "grand", "table": "grand",
     "columns": [{"name": "id", "type": "int64", "sql_type": "bigint"},
                 {"name": "code", "type": "int64", "sql_type": "bigint"}],
     "primary_key": ["id"],
     "unique": [{"name": "code", "columns": ["code"]}]},
    {"name": "parent", "table": "parent",
     "columns": [{"name": "id", "type": "int64", "sql_type": "bigint"},
                 {"name": "grand_id", "type": "int64", "sql_type": "bigint"}],
     "primary_key": ["id"],
     "relations": [{"name": "grand", "list": "parents",
                    "columns": ["grand_id"], "references": "grand",
                    "referenced": ["id"],
                    "on_update": "cascade", "on_delete": "cascade"}]},
    {"name": "child", "table": "child",
     "columns": [{"name": "id", "type": "int64", "sql_type": "bigint"},
                 {"name": "parent_id", "type": "int64", "sql_type": "bigint",
                  "nullable": true}],
     "primary_key": ["id"],
     "relations": [{"name": "parent", "list": "children",
                    "columns": ["parent_id"], "references": "parent",
                    "referenced": ["id"],
                    "on_update": "cascade", "on_delete": "set null"}]},
    {"name": "bystander", "table": "bystander",
     "columns": [{"name": "id", "type": "int64", "sql_type": "bigint"},
                 {"name": "code", "type": "int64", "sql_type": "bigint"}],
     "primary_key": ["id"],
     "relations": [{"name": "grand", "list": "bystanders",
                    "columns": ["code"], "references": "grand",
                    "referenced": ["code"],
                    "on_update": "restrict", "on_delete": "restrict"}]}
  ]})";

struct fixture {
  catalog_ptr types;
  fixture() {
    auto parsed = catalog::parse(family, "family");
    if (!parsed)
      throw std::runtime_error(parsed.error().what);
    types = *parsed;
  }
  const entity_type& type(const char* name) const { return *types->find(name); }
  row make(const char* name, int64_t a, int64_t b) const {
    std::vector<value> values{value{a}, value{b}};
    return *row::encode(type(name).types, values);
  }
  std::vector<std::string> names(std::vector<entity_id> ids) const {
    std::vector<std::string> result;
    for (auto id : ids)
      result.push_back((*types)[id].name);
    std::sort(result.begin(), result.end());
    return result;
  }
};

using expected = std::vector<std::string>;

} // namespace

TEST_CASE_METHOD(fixture, "a delete reaches the children of children") {
  row_change c;
  c.before = make("grand", 1, 10);
  c.id = type("grand").key_of(c.before);
  CHECK(names(cascaded_types(*types, c)) == expected{"child", "parent"});
}

TEST_CASE_METHOD(fixture, "an update of another column cascades nothing") {
  row_change c;
  c.before = make("grand", 1, 10);
  c.after = make("grand", 1, 11);
  c.id = type("grand").key_of(c.before);
  CHECK(cascaded_types(*types, c).empty());
}

TEST_CASE_METHOD(fixture, "an update of the key cascades") {
  row_change c;
  c.before = make("grand", 1, 10);
  c.after = make("grand", 2, 10);
  c.id = type("grand").key_of(c.before);
  CHECK(names(cascaded_types(*types, c)) == expected{"child", "parent"});
}

TEST_CASE_METHOD(fixture, "an insert cascades nothing") {
  row_change c;
  c.after = make("grand", 1, 10);
  c.id = type("grand").key_of(c.after);
  CHECK(cascaded_types(*types, c).empty());
}

TEST_CASE_METHOD(fixture, "with an image missing the worst is assumed") {
  row_change c;
  c.id = type("parent").key_of(make("parent", 1, 1));
  c.complete = false;
  CHECK(names(cascaded_types(*types, c)) == expected{"child"});
}

TEST_CASE_METHOD(fixture, "dependents are the lists of the children") {
  auto id = type("grand").key_of(make("grand", 1, 10));
  auto d = dependents_of(*types, id);
  REQUIRE(d.lists.size() == 1);
  CHECK(d.lists[0].type() == type("parent").id);
  CHECK(d.lists[0]
        == type("parent").key_of(make("parent", 5, 1),
                                 type("parent").relations[0].list_index));
  // Its foreign key does not point at the primary key.
  CHECK(names(d.whole_types) == expected{"bystander"});
}
