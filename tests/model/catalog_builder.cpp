// What only drafts made in code can get wrong; the JSON form refuses the rest
// earlier.
#include "model/catalog_builder.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

entity_draft draft() {
  entity_draft d;
  d.name = d.table = "shop";
  column id;
  id.name = "id";
  id.type = column_type::int64;
  id.sql_type = "BIGINT";
  d.columns = {id};
  d.primary_key = {"id"};
  return d;
}

std::string refused(entity_draft d) {
  auto c = catalog_builder::build("live schema", {std::move(d)});
  REQUIRE_FALSE(c.has_value());
  CHECK(c.error().code == errc::invalid);
  return c.error().what;
}

} // namespace

TEST_CASE("a draft becomes a catalog that prints and parses back") {
  auto c = catalog_builder::build("live schema", {draft()});
  if (!c)
    FAIL(c.error().what);
  auto again = catalog::parse((*c)->to_json(), "printed");
  if (!again)
    FAIL(again.error().what);
  CHECK((*again)->types()[0] == (*c)->types()[0]);
}

TEST_CASE("drafts without names are refused") {
  auto d = draft();
  d.table.clear();
  CHECK(refused(d) == "live schema: entities: expected a table with a name");
  d = draft();
  relation_draft r;
  r.name = "parent";
  r.parent = "shop";
  r.columns = r.parent_columns = {"id"};
  d.relations = {r};
  CHECK(refused(d)
        == "live schema: entity 'shop': relation 'parent': expected the name "
           "of the parent's list");
  d = draft();
  d.eviction = "random";
  CHECK(refused(d)
        == "live schema: entity 'shop': eviction: expected one of "
           "adaptive_fifo, lru, s3_fifo, sieve, w_tiny_lfu, got 'random'");
}

TEST_CASE("drafts with impossible values are refused") {
  auto d = draft();
  d.ttl.negative = milliseconds{-1};
  CHECK(refused(d)
        == "live schema: entity 'shop': ttl: expected times of zero or more");
  d = draft();
  d.group_column = "id";
  d.group_relation = "shop";
  CHECK(refused(d)
        == "live schema: entity 'shop': group: expected either a column or a "
           "relation");
}

TEST_CASE("names that are not UTF-8 print as such, without failing") {
  auto d = draft();
  d.columns[0].name = d.primary_key[0] = "\xff";
  auto c = *catalog_builder::build("live schema", {d});
  CHECK(c->to_json().find("\xef\xbf\xbd") != std::string::npos);
}
