#include "client/read_request.hpp"
#include "client/reader.hpp"
#include "tests/catch.hpp"
#include "tests/client/scripted_actors.hpp"

using namespace toadcache;
using namespace std::chrono_literals;
using toadcache::tests::scripted_fixture;

namespace {

rows all_absent(const get_rows& m) {
  return rows{std::vector<row_reply>(m.keys.size())};
}

row_reply fetched_row(row r) {
  return {std::move(r), tier::database, freshness::fresh, 0ms, 0};
}

const failure down{errc::tier_closed, "restarting"};

} // namespace

TEST_CASE("a resident row is answered without a message") {
  scripted_fixture f;
  f.put_row("guild", f.make_row("guild", {1, "a"}));
  f.advance(5000ms);
  auto a = f.handle("guild").find_by_pk(1);
  REQUIRE(a.ready());
  auto r = a.get().value();
  CHECK(r.text_at("name") == "a");
  CHECK(r.from() == tier::memory);
  CHECK(r.age() == 5000ms);
  CHECK(r.generation() == 0); // production
  CHECK(f.core->permits->used() == 0);
  CHECK(f.caches->row_asks.empty());
}

TEST_CASE("a visit borrows what memory holds, and asks nobody else") {
  scripted_fixture f;
  f.put_row("guild", f.make_row("guild", {1, "a"}));
  f.put(f.type("guild").make_key(primary_index, values{2}.all()).value(), {});
  f.advance(5000ms);
  auto guilds = f.handle("guild");
  std::string name;
  auto look = [&](const row& content, freshness state, milliseconds age) {
    name = content ? std::string{content.text_at(1)} : "absent";
    CHECK(state == freshness::fresh);
    CHECK(age == 5000ms);
  };
  CHECK(guilds.visit(1, look).value());
  CHECK(name == "a");
  CHECK(guilds.visit(2, look).value());
  CHECK(name == "absent");
  CHECK_FALSE(guilds.visit(3, look).value());
  read_options young;
  young.max_age = 10ms;
  CHECK_FALSE(guilds.visit(1, look, young).value());
  CHECK(guilds.visit({1, 2}, look).error().code == errc::invalid);
  f.shared->enabled = false;
  CHECK_FALSE(guilds.visit(1, look).value());
  f.run();
  CHECK(f.caches->row_asks.empty());
  auto& count = f.shared->count.entities[f.type("guild").id];
  CHECK(count.hits.load() == 2);
  CHECK(count.misses.load() == 2);
}

TEST_CASE("a visit by a prepared key sees the same") {
  scripted_fixture f;
  f.put_row("guild", f.make_row("guild", {1, "a"}));
  auto guilds = f.handle("guild");
  std::string name;
  auto look = [&](const row& content, freshness, milliseconds) {
    name = content.text_at(1);
  };
  const auto id = guilds.key_of(1).value();
  CHECK(guilds.visit_key(id, look));
  CHECK(name == "a");
  CHECK_FALSE(guilds.visit_key(guilds.key_of(2).value(), look));
  CHECK_FALSE(f.handle("user").visit_key(id, look)); // of another entity
  CHECK(guilds.key_of({1, 2}).error().code == errc::invalid);
}

TEST_CASE("in the development profile replies tell the generation") {
  options o;
  o.profile = profile_kind::development;
  scripted_fixture f{o};
  f.put_row("guild", f.make_row("guild", {1, "a"}));
  CHECK(f.handle("guild").find_by_pk(1).get().value().generation() == 1);
  f.caches->on_rows = all_absent;
  (void)f.finish(f.handle("guild").find_by_pk(2));
  CHECK(f.caches->row_asks.at(0).header.trace != 0);
}

TEST_CASE("a stale row is served and refreshed by one reader only") {
  scripted_fixture f;
  f.set_lifetimes("guild", 1000ms, 1000ms);
  f.put_row("guild", f.make_row("guild", {1, "a"}));
  f.advance(1500ms);
  auto guilds = f.handle("guild");
  for (int i = 0; i < 3; ++i) {
    auto r = guilds.find_by_pk(1).get().value();
    CHECK(r.state() == freshness::stale);
  }
  f.run();
  CHECK(f.caches->refreshes.size() == 1);
  auto& count = f.shared->count.entities[f.type("guild").id];
  CHECK(count.stale_hits == 3);
  CHECK(count.hits.load() == 3);

  f.caches->on_rows = [&](const get_rows&) {
    return rows{{fetched_row(f.make_row("guild", {1, "b"}))}};
  };
  read_options strict;
  strict.accept_stale = false;
  CHECK(f.finish(guilds.find_by_pk(1, strict)).value().text_at("name") == "b");
  CHECK(count.misses.load() == 1);
}

TEST_CASE("a stale row waits for its cache actor to be refreshed") {
  scripted_fixture f;
  f.set_lifetimes("guild", 1000ms, 1000ms);
  auto e = f.put_row("guild", f.make_row("guild", {1, "a"}));
  f.advance(1500ms);
  f.shared->actors.set_cache(f.type("guild").id, {});
  (void)f.handle("guild").find_by_pk(1).get();
  CHECK_FALSE(e->refresh_claimed.load()); // the next reader may try again
}

TEST_CASE("a missing row is asked of the cache actor with the time left") {
  scripted_fixture f;
  f.caches->on_rows = all_absent;
  read_options how;
  how.timeout = 750ms;
  how.max_age = 10ms;
  CHECK_FALSE(f.finish(f.handle("guild").find_by_pk(1, how)).value().found());
  REQUIRE(f.caches->row_asks.size() == 1);
  auto& ask = f.caches->row_asks[0];
  CHECK(ask.header.remaining == 750ms);
  CHECK(ask.header.group == 1); // the guild itself
  CHECK(ask.options == how);
  CHECK(f.core->permits->used() == 0);
}

TEST_CASE("only what memory lacks is asked for") {
  scripted_fixture f;
  f.put_row("guild", f.make_row("guild", {2, "two"}));
  f.caches->on_rows = [&](const get_rows& m) {
    rows out;
    for (size_t i = 0; i < m.keys.size(); ++i)
      out.replies.push_back(fetched_row(f.make_row("guild", {1, "other"})));
    return out;
  };
  auto r = f.finish(f.handle("guild").find_many({1, 2, 3})).value();
  REQUIRE(f.caches->row_asks.size() == 1);
  CHECK(f.caches->row_asks[0].keys.size() == 2);
  CHECK(r[1].text_at("name") == "two");
  CHECK(r[2].text_at("name") == "other");
  CHECK(f.handle("guild").find_many(std::vector<value>{}).ready());
  auto bad = f.handle("guild").find_many({value{"x"}});
  CHECK(bad.get().error().code == errc::invalid);
  auto tuples = std::vector<std::vector<value>>{{1}};
  CHECK(f.handle("user_channel").find_many(tuples).get().error().code
        == errc::invalid);
}

TEST_CASE("a read falls through to the database when its cache actor fails") {
  scripted_fixture f;
  f.pool->on_fetch = [&](const fetch&) {
    return fetched{{f.make_row("guild", {1, "a"})}};
  };
  auto guilds = f.handle("guild");
  SECTION("its handle is gone") {
    f.shared->actors.set_cache(f.type("guild").id, {});
  }
  SECTION("it answers that it is closed") {
    f.caches->on_rows
        = [](const get_rows&) -> result<rows> { return fail(down); };
  }
  SECTION("it breaks") {
    f.caches->on_rows = [](const get_rows&) -> result<rows> {
      return fail(errc::internal, "broken");
    };
  }
  SECTION("it dies while it answers") {
    f.caches->on_rows = [](const get_rows&) -> result<rows> {
      throw std::runtime_error("crash");
    };
  }
  auto r = f.finish(guilds.find_by_pk(1)).value();
  CHECK(r.text_at("name") == "a");
  CHECK(r.from() == tier::database);
  CHECK(f.pool->fetches.size() == 1);
}

TEST_CASE("other errors of a cache actor are the answer") {
  scripted_fixture f;
  f.caches->on_rows = [](const get_rows&) -> result<rows> {
    return fail(errc::unavailable, "database down");
  };
  auto r = f.finish(f.handle("guild").find_by_pk(1));
  CHECK(r.error().code == errc::unavailable);
  auto m = f.finish(f.handle("guild").find_many({1, 2}));
  CHECK(m.error().code == errc::unavailable);
  CHECK(f.pool->fetches.empty());
}

TEST_CASE("a read is answered by its deadline when nobody answers it") {
  scripted_fixture f;
  f.caches->silent = true;
  read_options how;
  how.timeout = 200ms;
  auto a = f.handle("guild").find_by_pk(1, how);
  f.advance(190ms);
  CHECK_FALSE(a.ready());
  f.advance(20ms);
  REQUIRE(a.ready());
  CHECK(a.get().error().code == errc::timeout);
  CHECK(f.shared->count.requests_timed_out == 1);
}

TEST_CASE("a restarting pool is asked again until the deadline") {
  scripted_fixture f;
  f.core->shared->enabled = false;
  f.pool->on_fetch = [&](const fetch&) { return fetched{}; };
  f.shared->actors.set_pool({});
  read_options how;
  how.timeout = 300ms;
  auto late = f.handle("guild").find_by_pk(1, how);
  f.advance(100ms);
  CHECK_FALSE(late.ready());
  f.start_pool();
  f.advance(20ms);
  REQUIRE(late.ready());
  CHECK_FALSE(late.get().value().found());
  CHECK(f.pool->fetches.at(0).header.remaining < 300ms);

  f.shared->actors.set_pool({});
  auto never = f.handle("guild").find_by_pk(1, how);
  f.advance(400ms);
  REQUIRE(never.ready());
  CHECK(never.get().error().code == errc::unavailable);
}

TEST_CASE("requests beyond the permits are shed at once") {
  options o;
  o.client.max_requests_count = 2;
  scripted_fixture f{o};
  f.caches->silent = true;
  auto guilds = f.handle("guild");
  auto a = guilds.find_by_pk(1);
  auto b = guilds.find_by_pk(2);
  auto c = guilds.find_by_pk(3);
  REQUIRE(c.ready());
  CHECK(c.get().error().code == errc::overloaded);
  CHECK(f.shared->count.requests_shed == 1);
  f.put_row("guild", f.make_row("guild", {4, "a"}));
  CHECK(guilds.find_by_pk(4).get().value().found()); // hits need none
  f.advance(6000ms);
  CHECK(a.ready());
  CHECK(b.ready());
  f.caches->silent = false;
  f.caches->on_rows = all_absent;
  CHECK(f.finish(guilds.find_by_pk(5)).has_value());
}

TEST_CASE("a stopping or stopped cache refuses") {
  scripted_fixture f;
  f.shared->stopping = true;
  CHECK(f.handle("guild").find_by_pk(1).get().error().code
        == errc::shutting_down);
  f.shared->stopping = false;
  f.shared->actors.set_dispatcher({});
  CHECK(f.handle("guild").find_by_pk(1).get().error().code
        == errc::unavailable);
}

TEST_CASE("bypass and the switch leave memory alone") {
  scripted_fixture f;
  f.put_row("guild", f.make_row("guild", {1, "old"}));
  f.pool->on_fetch = [&](const fetch& m) {
    CHECK(m.index == primary_index);
    return fetched{{f.make_row("guild", {1, "new"})}};
  };
  auto guilds = f.handle("guild");
  read_options bypass;
  bypass.mode = read_mode::bypass;
  CHECK(f.finish(guilds.find_by_pk(1, bypass)).value().text_at("name")
        == "new");
  f.shared->type_enabled[f.type("guild").id] = false;
  CHECK(f.finish(guilds.find_by_pk(1)).value().text_at("name") == "new");
  auto& count = f.shared->count.entities[f.type("guild").id];
  CHECK(count.bypassed == 2);
  CHECK(count.lookups() == 0);
}

TEST_CASE("a list and its rows from memory are ready, moved rows left out") {
  scripted_fixture f;
  auto& channel = f.type("channel");
  auto list
      = channel.make_key(channel.relations[0].list_index, std::vector<value>{1})
            .value();
  key_list ids;
  for (int64_t id : {11, 12, 13}) {
    auto r = f.make_row("channel", {id, id == 12 ? 2 : 1, "c"});
    ids.push_back(channel.key_of(r));
    f.put_row("channel", std::move(r));
  }
  f.put(ids[2], row{}); // gone
  f.put(list, row{}, ids);
  auto a = f.handle("channel").find_all("guild", 1);
  REQUIRE(a.ready());
  auto r = a.get().value();
  REQUIRE(r.size() == 1);
  CHECK(r[0].int_at("id") == 11);
}

TEST_CASE("the rows that memory lacks complete a known list") {
  scripted_fixture f;
  auto& channel = f.type("channel");
  auto list
      = channel.make_key(channel.relations[0].list_index, std::vector<value>{1})
            .value();
  auto here = f.make_row("channel", {11, 1, "here"});
  auto there = f.make_row("channel", {12, 1, "there"});
  f.put_row("channel", here);
  f.put(list, row{}, {channel.key_of(here), channel.key_of(there)});
  f.caches->on_rows = [&](const get_rows& m) {
    CHECK(m.keys == std::vector{channel.key_of(there)});
    return rows{{fetched_row(there)}};
  };
  auto r = f.finish(f.handle("channel").find_all("guild", 1)).value();
  REQUIRE(r.size() == 2);
  CHECK(r[1].text_at("name") == "there");
  CHECK(f.caches->list_asks.empty());
}

TEST_CASE("a list from the cache actor comes with keys or with rows") {
  scripted_fixture f;
  auto& channel = f.type("channel");
  auto first = f.make_row("channel", {11, 1, "c"});
  auto channels = f.handle("channel");
  SECTION("with rows: nothing more is asked") {
    f.caches->on_lists = [&](const get_lists&) {
      list_reply l;
      l.keys = {channel.key_of(first)};
      l.rows = {first};
      return lists{{l}};
    };
  }
  SECTION("with keys only: the rows are asked for") {
    f.caches->on_lists = [&](const get_lists&) {
      list_reply l;
      l.keys = {channel.key_of(first)};
      l.from = tier::disk;
      l.state = freshness::stale;
      return lists{{l}};
    };
    f.caches->on_rows
        = [&](const get_rows&) { return rows{{fetched_row(first)}}; };
  }
  SECTION("not at all: the database is asked") {
    f.caches->on_lists
        = [](const get_lists&) -> result<lists> { return fail(down); };
    f.pool->on_fetch = [&](const fetch& m) {
      CHECK(m.index == channel.relations[0].list_index);
      return fetched{{first}};
    };
  }
  auto r = f.finish(channels.find_all("guild", 1)).value();
  REQUIRE(r.size() == 1);
  CHECK(r[0].int_at("id") == 11);
}

TEST_CASE("errors of list reads arrive") {
  scripted_fixture f;
  f.caches->on_lists = [](const get_lists&) -> result<lists> {
    return fail(errc::timeout, "late");
  };
  auto channels = f.handle("channel");
  CHECK(f.finish(channels.find_all("guild", 1)).error().code == errc::timeout);
  f.caches->on_lists
      = [](const get_lists&) -> result<lists> { return fail(down); };
  f.pool->on_fetch = [](const fetch&) -> result<fetched> {
    return fail(errc::unavailable, "down");
  };
  CHECK(f.finish(channels.find_one("guild", 1)).error().code
        == errc::unavailable);
  CHECK(f.finish(channels.find_where({})).error().code == errc::unavailable);
}

TEST_CASE("membership of a text list follows the collation") {
  constexpr auto json = R"json({"version": 1, "entities": [{"name": "t",
    "table": "t", "columns": [
      {"name": "id", "type": "int64", "sql_type": "BIGINT"},
      {"name": "tag", "type": "text", "length": 9,
       "collation": "utf8mb4_general_ci", "sql_type": "VARCHAR(9)"}],
    "primary_key": ["id"],
    "lookups": [{"name": "tag", "columns": ["tag"]}]
}]
})json";
  auto types = catalog::parse(json, "test").value();
  auto& t = (*types)[0];
  auto with_tag = [&](const char* tag) {
    return row::encode(t.types, std::vector<value>{1, tag}).value();
  };
  auto asked = t.make_key(1, std::vector<value>{"abc"}).value();
  CHECK(belongs(t, with_tag("abc"), asked) == membership::yes);
  CHECK(belongs(t, with_tag("ABC "), asked) == membership::yes);
  CHECK(belongs(t, with_tag("xyz"), asked) == membership::no);
  CHECK(belongs(t, with_tag("\u00e0bc"), asked) == membership::unknown);
}

TEST_CASE("several text keys whose rows spell them otherwise are told apart") {
  scripted_fixture f;
  f.shared->enabled = false;
  auto stored = f.make_row("profile", {"abc", 7});
  f.pool->on_fetch = [&](const fetch& m) {
    // As a case-insensitive collation answers: 'ABC' finds 'abc'.
    fetched out;
    for (auto& k : m.keys)
      if (f.type("profile").key_of(stored) == k
          || k.bytes().find("ABC") != std::string_view::npos)
        out.rows = {stored};
    return out;
  };
  auto r
      = f.finish(f.handle("profile").find_many({"zzz", "ABC", "yyy"})).value();
  CHECK_FALSE(r[0].found());
  CHECK(r[1].text_at("id") == "abc");
  CHECK_FALSE(r[2].found());
}
