// Inserts, updates and deletes, their counts and their errors.
#include "tests/contract/database_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

template <class T>
errc code_of(const result<T>& r) {
  return r ? errc::none : r.error().code;
}

} // namespace

TEST_CASE("update counts the rows it met, changed or not") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("parent");
  auto id = inserted(*s, type, {{"id", 5}, {"name", "old"}});
  good(s->begin());
  auto set = set_of(type, {{"name", "new"}});
  CHECK(good(s->update(type, id, set)) == 1);
  CHECK(good(s->update(type, id, set)) == 1); // changes nothing
  CHECK(good(s->update(type, id, {})) == 1);
  CHECK(good(s->update(type, key_of(type, {6}), set)) == 0);
  CHECK(good(s->update(type, key_of(type, {6}), {})) == 0);
  CHECK(s->commit().how == outcome::committed);
  CHECK(at(read_one(*s, type, id), type, "name")
        == value_view{std::string_view{"new"}});
}

TEST_CASE("erase counts, and the row is gone") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("parent");
  auto id = inserted(*s, type, {{"id", 5}});
  good(s->begin());
  CHECK(good(s->erase(type, id)) == 1);
  CHECK(good(s->erase(type, id)) == 0);
  CHECK(s->commit().how == outcome::committed);
  CHECK_FALSE(read_one(*s, type, id));
}

TEST_CASE("a key that exists is a duplicate, and the transaction goes on") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("parent");
  inserted(*s, type, {{"id", 1}, {"number", 10}});
  good(s->begin());
  auto again = s->insert(type, set_of(type, {{"id", 1}}));
  CHECK(code_of(again) == errc::duplicate);
  CHECK(again.error().what.find("parent") != std::string::npos);
  CHECK(code_of(s->insert(type, set_of(type, {{"id", 2}, {"number", 10}})))
        == errc::duplicate);
  CHECK(s->in_transaction());
  good(s->insert(type, set_of(type, {{"id", 2}, {"number", 20}})));
  CHECK(code_of(
            s->update(type, key_of(type, {2}), set_of(type, {{"number", 10}})))
        == errc::duplicate);
  CHECK(s->commit().how == outcome::committed);
  CHECK(read_one(*s, type, key_of(type, {2})));
}

TEST_CASE("foreign keys: parents missing, children forbidding, actions") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& parent = d.type("parent");
  auto& child = d.type("child");
  inserted(*s, parent, {{"id", 1}});
  inserted(*s, parent, {{"id", 2}});
  auto id = inserted(*s, child,
                     {{"a", 1}, {"b", "x"}, {"parent_id", 1}, {"owner_id", 2}});
  good(s->begin());
  auto orphan = s->insert(
      child, set_of(child, {{"a", 2}, {"b", "x"}, {"parent_id", 9}}));
  CHECK(code_of(orphan) == errc::foreign_key);
  CHECK(code_of(s->update(child, id, set_of(child, {{"parent_id", 9}})))
        == errc::foreign_key);
  CHECK(code_of(s->erase(parent, key_of(parent, {1}))) == errc::foreign_key);
  CHECK(good(s->erase(parent, key_of(parent, {2}))) == 1); // SET NULL
  CHECK(
      good(s->update(parent, key_of(parent, {1}), set_of(parent, {{"id", 7}})))
      == 1); // CASCADE
  CHECK(s->commit().how == outcome::committed);
  auto r = read_one(*s, child, id);
  CHECK(at(r, child, "parent_id") == value_view{int64_t{7}});
  CHECK(at(r, child, "owner_id") == value_view{});
}

TEST_CASE("generated ids come back as keys") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("tag");
  auto first = inserted(*s, type, {{"text", "one"}});
  auto second = inserted(*s, type, {});
  CHECK(first == key_of(type, {uint64_t{1}}));
  CHECK(second == key_of(type, {uint64_t{2}}));
  CHECK(at(read_one(*s, type, first), type, "text")
        == value_view{std::string_view{"one"}});
  CHECK(at(read_one(*s, type, second), type, "text")
        == value_view{std::string_view{"none"}});
  auto given = inserted(*s, type, {{"id", 40}, {"text", "forty"}});
  CHECK(given == key_of(type, {uint64_t{40}}));
  CHECK(inserted(*s, type, {}) == key_of(type, {uint64_t{41}}));
}

TEST_CASE("an insert without its primary key is refused") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("parent");
  good(s->begin());
  auto r = s->insert(type, set_of(type, {{"name", "n"}}));
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::invalid);
  s->rollback();
  CHECK(good(s->read_where(type, {}, false)).empty());
}

TEST_CASE("text keys: the row tells its own bytes") {
  fresh_database d{each_kind()};
  auto s = d.connect();
  auto& type = d.type("word");
  auto id = inserted(*s, type, {{"id", "it's \"quoted\" \\ %_"}});
  auto r = read_one(*s, type, id);
  REQUIRE(r);
  CHECK(type.key_of(r) == id);
  good(s->begin());
  CHECK(
      good(s->update(type, id, set_of(type, {{"meaning", "'; DROP TABLE x"}})))
      == 1);
  CHECK(s->commit().how == outcome::committed);
  CHECK(at(read_one(*s, type, id), type, "meaning")
        == value_view{std::string_view{"'; DROP TABLE x"}});
}
