#include "tests/simulation/sim_database.hpp"

#include "tests/catch.hpp"
#include "tests/simulation/sim_catalog.hpp"

using namespace toadcache;
using namespace toadcache::simulation;

namespace {

struct server_fixture {
  sim_time time;
  catalog_ptr types = sim_catalog();
  const entity_type& owner = (*types)[owner_type];
  const entity_type& page = (*types)[page_type];
  const entity_type& badge = (*types)[badge_type];
  sim_server server{types, time, 1};
  sim_database source{server, "tested"};
  std::unique_ptr<session> one = source.connect().value();
  std::unique_ptr<session> two = source.connect().value();

  key k(const entity_type& t, std::vector<value> v, index_id i = 0) {
    return t.make_key(i, v).value();
  }
  key owner_key(int64_t id) { return k(owner, {id}); }

  result<key> make_owner(session& s, int64_t id, const char* name = "n") {
    return s.insert(owner,
                    {{owner_column::id, id}, {owner_column::name, name}});
  }
  result<key> make_page(session& s, const char* id, int64_t of,
                        int64_t tag = 7) {
    return s.insert(page, {{page_column::id, id},
                           {page_column::owner_id, of},
                           {page_column::tag, tag}});
  }
  result<key> make_badge(session& s, int64_t of, int64_t kind,
                         const char* slug) {
    return s.insert(badge, {{badge_column::owner_id, of},
                            {badge_column::kind, kind},
                            {badge_column::slug, slug}});
  }
  void rename(session& s, int64_t id, const char* name) {
    REQUIRE(s.update(owner, owner_key(id), {{owner_column::name, name}})
            == uint64_t{1});
  }
  std::string name_of(session& s, int64_t id, bool for_update = false) {
    auto key = owner_key(id);
    auto found = s.read_keys(owner, {&key, 1}, for_update);
    if (!found)
      return std::string{to_string(found.error().code)};
    return found->empty()
               ? "absent"
               : std::string{found->front().text_at(owner_column::name)};
  }
  size_t count(const entity_type& t) { return server.rows(t.id).size(); }
  void pass(int ms) {
    time.now += milliseconds{ms};
    server.tick();
  }
};

} // namespace

TEST_CASE_METHOD(server_fixture, "nothing is visible before its commit",
                 "[sim_database]") {
  REQUIRE(one->begin());
  CHECK(one->in_transaction());
  REQUIRE(make_owner(*one, 1, "first"));
  CHECK(name_of(*one, 1) == "first");
  CHECK(name_of(*two, 1) == "absent");
  auto done = one->commit();
  CHECK(done.how == outcome::committed);
  CHECK(done.at->offset == 1);
  CHECK_FALSE(one->in_transaction());
  CHECK(name_of(*two, 1) == "first");
}

TEST_CASE_METHOD(server_fixture, "a rollback leaves nothing",
                 "[sim_database]") {
  REQUIRE(make_owner(*one, 1, "first"));
  REQUIRE(one->begin());
  rename(*one, 1, "second");
  one->rollback();
  CHECK(name_of(*one, 1) == "first");
  REQUIRE(two->begin());
  rename(*two, 1, "third"); // no lock is left
  two.reset();              // a client that goes rolls back
  CHECK(name_of(*one, 1) == "first");
}

TEST_CASE_METHOD(server_fixture, "the trigger counts every write",
                 "[sim_database]") {
  REQUIRE(make_owner(*one, 1, "same"));
  rename(*one, 1, "same");
  CHECK(server.rows(owner_type)[0].int_at(owner_column::revision) == 2);
}

TEST_CASE_METHOD(server_fixture, "a lock conflict fails at once",
                 "[sim_database]") {
  REQUIRE(make_owner(*one, 1, "first"));
  REQUIRE(one->begin());
  CHECK(name_of(*one, 1, true) == "first");
  REQUIRE(two->begin());
  SECTION("as a deadlock, which rolls back") {
    server.faults.lock_timeout = 0;
    CHECK(name_of(*two, 1, true) == "deadlock");
    CHECK_FALSE(two->in_transaction());
    // What follows on that session commits by itself, as MySQL does.
    REQUIRE(make_owner(*two, 2));
    CHECK(name_of(*one, 2) == "n");
    CHECK(two->commit().how == outcome::committed);
  }
  SECTION("as a lock timeout, which does not") {
    server.faults.lock_timeout = 1000;
    REQUIRE(make_owner(*two, 2));
    CHECK(name_of(*two, 1, true) == "deadlock");
    CHECK(two->in_transaction());
    CHECK(name_of(*one, 2) == "absent");
  }
  SECTION("plain reads do not wait") {
    CHECK(name_of(*two, 1) == "first");
  }
}

TEST_CASE_METHOD(server_fixture, "unique keys hold across transactions",
                 "[sim_database]") {
  server.faults.lock_timeout = 1000;
  REQUIRE(make_owner(*one, 1));
  REQUIRE(make_badge(*one, 1, 1, "Alpha"));
  CHECK(make_owner(*one, 1).error().code == errc::duplicate);
  CHECK(make_badge(*one, 1, 1, "beta").error().code == errc::duplicate);
  CHECK(make_badge(*one, 1, 2, "ALPHA ").error().code == errc::duplicate);
  REQUIRE(one->begin());
  REQUIRE(make_badge(*one, 1, 3, "gamma"));
  REQUIRE(two->begin());
  CHECK(make_badge(*two, 1, 4, "GAMMA").error().code == errc::deadlock);
}

TEST_CASE_METHOD(server_fixture, "text keys compare by their collation",
                 "[sim_database]") {
  REQUIRE(make_owner(*one, 1));
  REQUIRE(make_page(*one, "abc", 1));
  for (auto asked : {"abc", "ABC", "abc  ", "àbc"}) {
    auto id = k(page, {asked});
    auto found = one->read_keys(page, {&id, 1}, false);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK(found->front().text_at(page_column::id) == "abc");
    CHECK(server.canonical(id) == k(page, {"abc"}));
  }
  CHECK(make_page(*one, "ABC", 1).error().code == errc::duplicate);
  CHECK(server.canonical(owner_key(1)) == owner_key(1));
}

TEST_CASE_METHOD(server_fixture, "indexes list rows in primary-key order",
                 "[sim_database]") {
  REQUIRE(make_owner(*one, 1));
  REQUIRE(make_owner(*one, 2));
  REQUIRE(make_page(*one, "b", 1, 7));
  REQUIRE(make_page(*one, "a", 2, 7));
  REQUIRE(make_page(*one, "c", 1, 8));
  auto tuple = k(page, {7}, pages_by_tag);
  auto found = one->read_index(page, pages_by_tag, {&tuple, 1}, false);
  REQUIRE(found);
  REQUIRE(found->size() == 2);
  CHECK((*found)[0].text_at(page_column::id) == "a");
  filter where;
  where.all_of = {{page_column::owner_id, compare::eq, {1}},
                  {page_column::id, compare::like, {"%C"}}};
  auto liked = one->read_where(page, where, false);
  REQUIRE(liked);
  REQUIRE(liked->size() == 1);
  CHECK(liked->front().text_at(page_column::id) == "c");
}

TEST_CASE_METHOD(server_fixture, "filters compare, order and limit",
                 "[sim_database]") {
  for (int i = 1; i <= 4; ++i)
    REQUIRE(make_owner(*one, i));
  REQUIRE(one->update(owner, owner_key(4), {{owner_column::name, nullptr}}));
  auto ids = [&](std::vector<comparison> all, uint64_t limit = 0) {
    filter where{std::move(all), {{owner_column::id, true}}, limit};
    std::vector<int64_t> out;
    auto found = one->read_where(owner, where, false).value();
    for (auto& r : found)
      out.push_back(r.int_at(owner_column::id));
    return out;
  };
  using v = std::vector<int64_t>;
  auto id = owner_column::id;
  auto name = owner_column::name;
  CHECK(ids({{id, compare::ne, {2}}}) == v{4, 3, 1});
  CHECK(ids({{id, compare::lt, {3}}}) == v{2, 1});
  CHECK(ids({{id, compare::le, {3}}}, 2) == v{3, 2});
  CHECK(ids({{id, compare::gt, {3}}}) == v{4});
  CHECK(ids({{id, compare::ge, {3}}}) == v{4, 3});
  CHECK(ids({{id, compare::in, {1, 3, 9}}}) == v{3, 1});
  CHECK(ids({{name, compare::is_null, {}}}) == v{4});
  CHECK(ids({{name, compare::is_not_null, {}}}) == v{3, 2, 1});
  CHECK(ids({{name, compare::eq, {"N"}}}) == v{3, 2, 1});
}

TEST_CASE_METHOD(server_fixture, "foreign keys act as the catalog says",
                 "[sim_database]") {
  CHECK(make_page(*one, "a", 1).error().code == errc::foreign_key);
  REQUIRE(make_owner(*one, 1));
  REQUIRE(make_badge(*one, 1, 1, "s"));
  std::vector<sim_commit> logged;
  std::vector<sim_commit> seen;
  server.on_logged = [&](const sim_commit& c) { logged.push_back(c); };
  server.on_visible = [&](const sim_commit& c) { seen.push_back(c); };
  SECTION("restrict") {
    REQUIRE(make_page(*one, "a", 1));
    CHECK(one->erase(owner, owner_key(1)).error().code == errc::foreign_key);
    CHECK(count(badge) == 1);
  }
  SECTION("delete cascades without a log entry") {
    CHECK(one->erase(owner, owner_key(1)) == uint64_t{1});
    CHECK(count(badge) == 0);
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].changes.size() == 2);
    CHECK(seen[0].origin == "tested");
    REQUIRE(logged.size() == 1);
    CHECK(logged[0].changes.size() == 1);
  }
  SECTION("a new key cascades") {
    REQUIRE(one->update(owner, owner_key(1), {{owner_column::id, 5}}));
    CHECK(server.rows(badge_type)[0].int_at(badge_column::owner_id) == 5);
    CHECK(name_of(*one, 1) == "absent");
    CHECK(name_of(*one, 5) == "n");
  }
  SECTION("a child's lock on its parent blocks the delete") {
    REQUIRE(one->begin());
    REQUIRE(make_page(*one, "a", 1));
    REQUIRE(two->begin());
    CHECK(two->erase(owner, owner_key(1)).error().code == errc::deadlock);
  }
  SECTION("an uncommitted parent blocks its child") {
    REQUIRE(one->begin());
    REQUIRE(make_owner(*one, 3));
    CHECK(make_page(*two, "a", 3).error().code == errc::deadlock);
  }
}

TEST_CASE_METHOD(server_fixture, "a failed statement leaves the earlier ones",
                 "[sim_database]") {
  REQUIRE(one->begin());
  REQUIRE(make_owner(*one, 1));
  CHECK(make_page(*one, "a", 9).error().code == errc::foreign_key);
  CHECK(one->in_transaction());
  CHECK(one->commit().how == outcome::committed);
  CHECK(count(owner) == 1);
  CHECK(one->insert(owner, {{owner_column::name, "x"}}).error().code
        == errc::invalid);
}

TEST_CASE_METHOD(server_fixture, "repeatable read keeps the first state",
                 "[sim_database]") {
  server.faults.repeatable_read = true;
  REQUIRE(make_owner(*one, 1, "old"));
  REQUIRE(one->begin());
  CHECK(name_of(*one, 1) == "old");
  rename(*two, 1, "new");
  CHECK(name_of(*one, 1) == "old");
  CHECK(name_of(*one, 1, true) == "new");
  REQUIRE(make_owner(*two, 2));
  CHECK(name_of(*one, 2) == "absent");
  CHECK(make_owner(*one, 2).error().code == errc::duplicate);
  one->rollback();
  CHECK(name_of(*one, 1) == "new");
}

TEST_CASE_METHOD(server_fixture, "a connection lost in a statement",
                 "[sim_database]") {
  REQUIRE(make_owner(*two, 1, "old"));
  REQUIRE(one->begin());
  rename(*one, 1, "new");
  auto id = one->connection_id();
  server.faults.lost_in_statement = 1000;
  CHECK(name_of(*one, 1) == "unavailable");
  server.faults.lost_in_statement = 0;
  CHECK_FALSE(one->usable());
  CHECK_FALSE(one->ping());
  CHECK_FALSE(one->in_transaction());
  CHECK(one->commit().how == outcome::rolled_back);
  CHECK(one->connection_gone(id).error().code == errc::unavailable);
  pass(5000);
  CHECK(two->connection_gone(id) == true);
  CHECK(name_of(*two, 1, true) == "old");
}

TEST_CASE_METHOD(server_fixture, "a connection lost around COMMIT",
                 "[sim_database]") {
  REQUIRE(make_owner(*two, 1, "old"));
  REQUIRE(one->begin());
  rename(*one, 1, "new");
  auto id = one->connection_id();
  SECTION("before it arrived") {
    server.faults.lost_before_commit = 1000;
    CHECK(one->commit().how == outcome::unknown);
    pass(5000);
    CHECK(name_of(*two, 1) == "old");
  }
  SECTION("carried out later") {
    server.faults.lost_in_commit = 1000;
    auto done = one->commit();
    CHECK(done.how == outcome::unknown);
    CHECK(done.why.code == errc::outcome_unknown);
    CHECK(name_of(*two, 1) == "old");
    CHECK(two->connection_gone(id) == false);
    CHECK(server.next_due());
    pass(10000);
    pass(10000);
    CHECK(name_of(*two, 1) == "new");
    CHECK_FALSE(server.next_due());
  }
  SECTION("after it was done") {
    server.faults.lost_after_commit = 1000;
    CHECK(one->commit().how == outcome::unknown);
    CHECK(name_of(*two, 1) == "new");
  }
  CHECK_FALSE(one->usable());
  CHECK(two->connection_gone(id) == true);
}

TEST_CASE_METHOD(server_fixture, "the log comes before visibility",
                 "[sim_database]") {
  uint64_t logged = 0;
  uint64_t visible = 0;
  server.on_logged = [&](const sim_commit& c) { logged = c.number; };
  server.on_visible = [&](const sim_commit& c) { visible = c.number; };
  auto writer = server.connect("foreign", true).value();
  REQUIRE(server.begin(writer));
  REQUIRE(server.insert(writer, owner, {{owner_column::id, 1}}));
  CHECK(server.commit_slowly(writer, milliseconds{10}).how
        == outcome::committed);
  CHECK(logged == 1);
  CHECK(visible == 0);
  CHECK(name_of(*one, 1) == "absent");
  SECTION("in time") {
    pass(10);
  }
  SECTION("by a crash's recovery") {
    server.stop();
    server.start();
    one = source.connect().value();
  }
  CHECK(visible == 1);
  CHECK(name_of(*one, 1) == "");
}

TEST_CASE_METHOD(server_fixture, "an outage ends every connection",
                 "[sim_database]") {
  REQUIRE(make_owner(*one, 1, "old"));
  REQUIRE(one->begin());
  rename(*one, 1, "new");
  auto id = one->connection_id();
  server.stop();
  CHECK_FALSE(server.running());
  CHECK(name_of(*one, 1) == "unavailable");
  CHECK(source.connect().error().code == errc::unavailable);
  server.start();
  auto three = source.connect().value();
  CHECK(name_of(*three, 1) == "old");
  CHECK(three->connection_gone(id) == true);
}

TEST_CASE_METHOD(server_fixture, "faults come by their chance",
                 "[sim_database]") {
  server.faults.connect_fails = 1000;
  CHECK(source.connect().error().code == errc::unavailable);
  CHECK(open_session(server, "reliable", true));
  server.faults.deadlock = 1000;
  REQUIRE(one->begin());
  CHECK(make_owner(*one, 1).error().code == errc::deadlock);
  CHECK_FALSE(one->in_transaction());
}

TEST_CASE_METHOD(server_fixture, "one seed gives one history",
                 "[sim_database]") {
  auto run = [&](uint64_t seed) {
    sim_server other{types, time, seed};
    other.faults.lost_in_statement = 200;
    other.faults.connect_fails = 300;
    std::string out;
    for (int i = 0; i < 40; ++i) {
      auto s = open_session(other, "x");
      out += s ? 'c' : '-';
      if (s)
        out += make_owner(**s, i) ? 'w' : '.';
    }
    return out;
  };
  CHECK(run(7) == run(7));
  CHECK(run(7) != run(8));
}

TEST_CASE_METHOD(server_fixture, "the database's other questions",
                 "[sim_database]") {
  std::vector<std::string> notes;
  CHECK(source.create_schema(*types));
  CHECK(source.learn(notes).error().code == errc::invalid);
  CHECK(source.compare(*types)->empty());
  CHECK(source.check()->empty());
  CHECK(source.identity() == "simulated");
  CHECK(source.description() == "simulated database");
  CHECK(one->changed_by_others() == false);
}
