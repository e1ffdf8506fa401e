#include <atomic>
#include <coroutine>
#include <latch>
#include <thread>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include "actors/runtime.hpp"
#include "client/client_core.hpp"
#include "client/task.hpp"
#include "tests/catch.hpp"
#include "tests/client/live_cache.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

void make_guild(cache& c, int64_t id, const char* name) {
  must(c.entity("guild").create({{"id", id}, {"name", name}}).get());
}

} // namespace

TEST_CASE("a row is created, read from memory, updated and destroyed") {
  live_database db;
  auto c = db.open();
  auto guilds = c.entity("guild");
  auto made = must(guilds.create({{"id", 1}, {"name", "Toads"}}).get());
  CHECK(made.text_at("name") == "Toads");
  CHECK(made.text_at("created").size() == 19);

  auto hit = guilds.find_by_pk(1);
  CHECK(hit.ready()); // no message, no suspension
  auto row = must(hit.get());
  CHECK(row.from() == tier::memory);
  CHECK(row.state() == freshness::fresh);
  CHECK(row.version().content_hash == row.content().content_hash());
  CHECK(row.version().updated == row.text_at("updated"));

  must(guilds.update(1, {{"name", "Frogs"}}).get());
  CHECK(must(guilds.find_by_pk(1).get()).text_at("name") == "Frogs");

  CHECK(must(guilds.destroy(1).get()).matched == 1);
  CHECK_FALSE(must(guilds.find_by_pk(1).get()).found());
  CHECK(must(guilds.destroy(1).get()).matched == 0);
  CHECK(guilds.update(1, {{"name", "x"}}).get().error().code
        == errc::not_found);
}

TEST_CASE("the three forms of a miss and of a hit yield the same row") {
  live_database db;
  {
    auto other = db.open();
    make_guild(other, 5, "Toads");
  }
  auto c = db.open();
  auto guilds = c.guilds();
  for (int pass = 0; pass < 2; ++pass) { // missing, then resident
    CHECK(must(guilds.find_by_pk(5).get())->name() == "Toads");
    auto in_task = [](typed_handle<guild_view> g) -> task<std::string> {
      auto r = co_await g.find_by_pk(5);
      co_return r ? std::string{*(*r)->name()} : to_string(r.error());
    };
    CHECK(in_task(guilds).get() == "Toads");
    std::atomic<int> called{0};
    guilds.find_by_pk(5).then([&](auto r) {
      called = r && r->found() ? 1 : 2;
      called.notify_all();
    });
    called.wait(0);
    CHECK(called == 1);
    must(c.clear_all().get());
  }
}

namespace {

/// Awaits the answer, and opens the latch when that has suspended.
struct suspend_then {
  answer<record>& of;
  std::shared_ptr<std::latch> latch;

  [[nodiscard]] bool await_ready() const { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    auto open = latch; // this may end before we return
    auto suspended = of.operator co_await().await_suspend(h);
    open->count_down();
    return suspended;
  }
  result<record> await_resume() {
    return of.operator co_await().await_resume();
  }
};

} // namespace

TEST_CASE("a coroutine goes on in the executor, not in an actor") {
  live_database db;
  auto c = db.open();
  std::atomic<bool> known{false};
  std::thread::id executor_thread;
  c.where()->post([&] {
    executor_thread = std::this_thread::get_id();
    known = true;
    known.notify_all();
  });
  known.wait(false);
  // The DISPATCHER waits until the coroutine does.
  auto suspended = std::make_shared<std::latch>(1);
  caf::anon_send(
      c.running()->shared()->actors.dispatcher(),
      dispatch{std::make_shared<std::function<void(dispatcher_context&)>>(
          [suspended](dispatcher_context&) { suspended->wait(); })});
  auto where = [](entity_handle g,
                  std::shared_ptr<std::latch> then) -> task<std::thread::id> {
    auto pending = g.find_by_pk(404);
    co_await suspend_then{pending, std::move(then)};
    co_return std::this_thread::get_id();
  };
  CHECK(where(c.entity("guild"), suspended).get() == executor_thread);
}

TEST_CASE("an absent row is remembered until it is created") {
  live_database db;
  auto c = db.open();
  auto guilds = c.entity("guild");
  CHECK_FALSE(must(guilds.find_by_pk(9).get()).found());
  auto again = guilds.find_by_pk(9);
  CHECK(again.ready());
  CHECK_FALSE(must(again.get()).found());
  CHECK(c.statistics().find("guild")->negative_hits == 1);
  make_guild(c, 9, "late");
  CHECK(must(guilds.find_by_pk(9).get()).found());
}

TEST_CASE("lists follow the rows that move, come and go") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "one");
  make_guild(c, 2, "two");
  auto channels = c.entity("channel");
  for (int64_t id : {11, 12, 13})
    must(channels.create({{"id", id}, {"guild_id", 1}, {"name", "c"}}).get());
  CHECK(must(channels.find_all("guild", 1).get()).size() == 3);
  auto warm = channels.find_all("channels", 1); // by the list's name as well
  CHECK(warm.ready());
  CHECK(must(warm.get()).front().int_at("id") == 11);

  must(channels.update(12, {{"guild_id", 2}}).get());
  CHECK(must(channels.find_all("guild", 1).get()).size() == 2);
  CHECK(must(channels.find_all("guild", 2).get()).size() == 1);
  must(channels.destroy(11).get());
  CHECK(must(channels.find_one("guild", 1).get()).int_at("id") == 13);
  CHECK_FALSE(must(channels.find_one("guild", 77).get()).found());
}

TEST_CASE("a lookup finds a row by its access code") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "one");
  must(c.entity("channel").create({{"id", 2}, {"guild_id", 1}}).get());
  must(c.entity("user").create({{"id", 3}, {"name", "Peach"}}).get());
  auto uc = c.user_channels();
  must(uc.create({{"user_id", 3}, {"channel_id", 2}, {"auth", 123456789}})
           .get());
  CHECK(must(uc.find_one("auth", 123456789).get())->channel_id() == 2);
  must(uc.update({3, 2}, {{"auth", 987654321}}).get());
  CHECK_FALSE(must(uc.find_one("auth", 123456789).get()).found());
  CHECK(must(uc.find_one("auth", 987654321).get())->user_id() == 3);
}

TEST_CASE("many rows are found at once, in the order asked") {
  live_database db;
  auto c = db.open();
  for (int64_t id : {1, 2, 3})
    make_guild(c, id, std::to_string(id).c_str());
  must(c.invalidate("guild", 2).get());
  auto r = must(c.entity("guild").find_many({3, 9, 2, 3}).get());
  REQUIRE(r.size() == 4);
  CHECK(r[0].text_at("name") == "3");
  CHECK_FALSE(r[1].found());
  CHECK(r[2].text_at("name") == "2");
  CHECK(r[2].from() != tier::memory);
  CHECK(r[3].from() == tier::memory);
}

TEST_CASE("conditions are answered by the database") {
  live_database db;
  auto c = db.open();
  for (int64_t id : {1, 2, 3})
    make_guild(c, id, id == 2 ? "b" : "a");
  auto guilds = c.entity("guild");
  query q;
  q.all_of = {equals("name", "a")};
  q.order_by = {{"id", true}};
  auto r = must(guilds.find_where(q).get());
  REQUIRE(r.size() == 2);
  CHECK(r[0].int_at("id") == 3);
  CHECK(r[0].from() == tier::database);
  q.limit = 1;
  CHECK(must(guilds.find_where(q).get()).size() == 1);
  q = {};
  q.all_of = {is_in("id", {1, 2})};
  auto changed = must(guilds.update_where(q, {{"name", "z"}}).get());
  CHECK(changed.matched == 2);
  CHECK(must(guilds.find_by_pk(2).get()).text_at("name") == "z");
  CHECK(must(guilds.destroy_where(q).get()).matched == 2);
  CHECK_FALSE(must(guilds.find_by_pk(1).get()).found());
}

TEST_CASE("upsert, save and find_or_create") {
  live_database db;
  auto c = db.open();
  auto guilds = c.entity("guild");
  auto first = must(guilds.upsert({{"id", 1}, {"name", "a"}}).get());
  CHECK(first.created);
  auto second = must(guilds.upsert({{"id", 1}, {"name", "b"}}).get());
  CHECK_FALSE(second.created);
  CHECK(second.self.text_at("name") == "b");
  CHECK(second.self.text_at("created") == first.self.text_at("created"));

  auto row = must(guilds.find_by_pk(1).get());
  auto unchanged = guilds.save(row);
  CHECK(unchanged.ready());
  row.set("name", "x").set("name", "c");
  CHECK(must(guilds.save(row).get()).text_at("name") == "c");
  CHECK(must(guilds.find_by_pk(1).get()).text_at("name") == "c");

  auto made = must(guilds.find_or_create({{"id", 2}}, {{"name", "n"}}).get());
  CHECK(made.created);
  auto found = guilds.find_or_create({{"id", 2}}, {{"name", "other"}});
  CHECK(found.ready());
  auto f = must(found.get());
  CHECK_FALSE(f.created);
  CHECK(f.self.text_at("name") == "n");
  CHECK(must(guilds.find_or_create({{"name", "n"}}, {{"id", 3}}).get())
            .self.int_at("id")
        == 2);
}

TEST_CASE("errors name entity and column, or what the database forbids") {
  live_database db;
  auto c = db.open();
  auto guilds = c.entity("guild");
  auto e = guilds.create({{"id", 1}, {"nam", "x"}}).get().error();
  CHECK(e.code == errc::invalid);
  CHECK(e.what.find("guild.nam") != std::string::npos);
  CHECK(guilds.find_by_pk("text").get().error().what.find("guild.id")
        != std::string::npos);
  CHECK(guilds.find_all("nothing", 1).get().error().code == errc::invalid);
  CHECK(c.find_entity("ghost").error().what.find("ghost") != std::string::npos);
  CHECK_THROWS_AS(c.entity("ghost"), std::invalid_argument);
  make_guild(c, 1, "a");
  CHECK(guilds.create({{"id", 1}, {"name", "b"}}).get().error().code
        == errc::duplicate);
  CHECK(c.entity("channel")
            .create({{"id", 1}, {"guild_id", 99}})
            .get()
            .error()
            .code
        == errc::foreign_key);
}

TEST_CASE("includes are assembled from lists and rows, warm ones at once") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "g");
  must(c.entity("user").create({{"id", 3}, {"name", "Peach"}}).get());
  for (int64_t id : {11, 12}) {
    must(c.entity("channel")
             .create({{"id", id}, {"guild_id", 1}, {"name", "c"}})
             .get());
    must(c.entity("user_channel")
             .create({{"user_id", 3}, {"channel_id", id}, {"auth", id}})
             .get());
  }
  auto users = c.entity("user");
  const std::vector<std::string> paths{"user_channels.channel.guild",
                                       "profiles"};
  auto cold = must(users.find_with(3, paths).get());
  REQUIRE(cold.at("user_channels").size() == 2);
  CHECK(cold.at("profiles").empty());
  CHECK(cold.at("nothing").empty());
  auto warm = users.find_with(3, paths);
  REQUIRE(warm.ready());
  must(c.entity("channel").update(12, {{"name", "renamed"}}).get());
  auto tree = must(users.find_with(3, paths).get());
  auto& second = tree.at("user_channels")[1];
  CHECK(second.at("channel").front().self.text_at("name") == "renamed");
  CHECK(second.at("channel").front().at("guild").front().self.int_at("id")
        == 1);
  auto listed = must(
      c.entity("user_channel").find_all_with("user", 3, {"channel"}).get());
  CHECK(listed.size() == 2);
  CHECK(users.find_with(3, {"ghosts"}).get().error().code == errc::invalid);
}

TEST_CASE("max_age, bypass and the switch go to the database") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "a");
  auto guilds = c.entity("guild");
  read_options bypass;
  bypass.mode = read_mode::bypass;
  CHECK(must(guilds.find_by_pk(1, bypass).get()).from() == tier::database);
  CHECK(c.statistics().find("guild")->bypassed == 1);

  CHECK(must(guilds.find_by_pk(1).get()).from() == tier::memory);
  auto off = c.set_enabled(false);
  CHECK_FALSE(c.enabled()); // at once, before the answer
  CHECK(must(guilds.find_by_pk(1).get()).from() == tier::database);
  must(off.get());
  must(guilds.update(1, {{"name", "b"}}).get());
  CHECK(must(guilds.find_by_pk(1).get()).text_at("name") == "b");
  must(c.set_enabled(true).get());
  CHECK(c.enabled());
  CHECK(must(guilds.find_by_pk(1).get()).text_at("name") == "b");
  CHECK(must(guilds.find_by_pk(1).get()).from() == tier::memory);

  must(c.set_enabled("guild", false).get());
  CHECK_FALSE(c.statistics().find("guild")->enabled);
  CHECK(must(guilds.find_by_pk(1).get()).from() == tier::database);
  CHECK(c.set_enabled("ghost", false).get().error().code == errc::invalid);
  must(c.set_enabled("guild", true).get());
  must(guilds.find_by_pk(1).get());
  CHECK(must(guilds.find_by_pk(1).get()).from() == tier::memory);
}

TEST_CASE("invalidation drops rows changed behind the cache's back") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "a");
  must(c.entity("user").create({{"id", 2}, {"name", "u"}}).get());
  auto guilds = c.entity("guild");
  // `drop` starts the invalidation: an answer begins when it is made.
  auto forget = [&](auto drop) {
    must(guilds.find_by_pk(1).get());
    must(drop().get());
    return must(guilds.find_by_pk(1).get()).from();
  };
  CHECK(forget([&] { return c.invalidate("guild", 1); }) != tier::memory);
  CHECK(forget([&] { return c.invalidate_guild(1); }) != tier::memory);
  CHECK(forget([&] { return c.invalidate_type("guild"); }) != tier::memory);
  CHECK(forget([&] { return c.clear_all(); }) != tier::memory);
  must(c.invalidate_user(2).get());
  must(c.invalidate_channel(2).get());
  must(c.invalidate_user_channel(2, 3).get());
  must(c.invalidate_guild_user(2, 1).get());
  CHECK(c.invalidate("ghost", 1).get().error().code == errc::invalid);
  CHECK(c.invalidate_type("ghost").get().error().code == errc::invalid);
  CHECK(c.invalidate("guild", "x").get().error().code == errc::invalid);
}

TEST_CASE("the memory budget can be changed while the cache runs") {
  live_database db;
  db.config.memory.pressure_ratio = 1; // whatever the machine is short of
  db.config.memory.stall_ratio = 1;
  auto c = db.open();
  make_guild(c, 1, "a");
  must(c.set_memory_budget(8u << 20).get());
  auto s = c.statistics();
  CHECK(s.budget_bytes == 8u << 20);
  CHECK(s.total().budget_bytes <= s.budget_bytes);
  CHECK_FALSE(s.pressure);
  must(c.entity("guild").find_by_pk(1).get());
  CHECK(must(c.entity("guild").find_by_pk(1).get()).from() == tier::memory);
  auto refused = c.set_memory_budget(1000).get();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid);
  CHECK(refused.error().what.find("expected bytes from 1MiB")
        != std::string::npos);
}

TEST_CASE("counters agree with each other") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "a");
  for (int i = 0; i < 10; ++i)
    must(c.entity("guild").find_by_pk(i % 2 + 1).get());
  auto s = c.statistics();
  auto* g = s.find("guild");
  REQUIRE(g != nullptr);
  CHECK(g->lookups == g->hits + g->misses);
  CHECK(g->hits == 9);
  CHECK(g->hit_ratio() == 9.0 / 10.0);
  CHECK(g->rows >= 1);
  CHECK(g->used_bytes > 0);
  CHECK(s.total().lookups >= g->lookups);
  CHECK(s.total().budget_bytes > 0);
  CHECK(s.statements > 0);
  CHECK(s.find("ghost") == nullptr);
}

TEST_CASE("reads and writes go on while their cache actor fails") {
  live_database db;
  auto c = db.open();
  make_guild(c, 1, "a");
  auto restarts = c.statistics().actor_restarts;
  caf::anon_send(c.running()->node(), std::string{"entity-cache:guild"},
                 fail_now{});
  // Until the restart has been seen, and for a while after it.
  const auto limit = std::chrono::steady_clock::now() + 20s;
  for (int after = 0; after < 200;) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    auto r = c.guilds().find_by_pk(1).get();
    INFO((r ? "" : to_string(r.error())));
    REQUIRE(r.has_value());
    CHECK((*r)->name() == "a");
    after += c.statistics().actor_restarts > restarts ? 1 : 0;
  }
  must(c.guilds().update(1, {{"name", "b"}}).get());
  CHECK(must(c.guilds().find_by_pk(1).get())->name() == "b");
}

TEST_CASE("a host's own actor system serves as well") {
  live_database db;
  struct host_config : caf::actor_system_config {
    host_config() { configure(*this); }
  } config;
  caf::actor_system host{config};
  auto o = db.config;
  o.persistence.enabled = false;
  auto c = must(cache::open(o, host));
  make_guild(c, 1, "a");
  CHECK(must(c.entity("guild").find_by_pk(1).get()).found());
}

TEST_CASE("after stop every request is answered, with shutting_down") {
  live_database db;
  auto c = db.open(true);
  make_guild(c, 1, "a");
  std::vector<answer<record>> open;
  for (int i = 100; i < 200; ++i)
    open.push_back(c.entity("guild").find_by_pk(i));
  c.stop();
  for (auto& a : open) {
    auto r = a.get();
    CHECK((r || r.error().code == errc::shutting_down
           || r.error().code == errc::unavailable));
  }
  CHECK(c.entity("guild").find_by_pk(7).get().error().code
        == errc::shutting_down);
  CHECK(c.entity("guild").create({{"id", 7}}).get().error().code
        == errc::shutting_down);
  c.stop();
}

TEST_CASE("a cache may be moved, and opened again on the same file") {
  live_database db;
  {
    auto a = db.open(true);
    make_guild(a, 1, "a");
    auto b = std::move(a);
    CHECK(must(b.entity("guild").find_by_pk(1).get()).found());
  }
  auto again = db.open(true);
  CHECK(must(again.entity("guild").find_by_pk(1).get()).text_at("name") == "a");
  auto other = db.open();
  other = std::move(again);
  CHECK(must(other.entity("guild").find_by_pk(1).get()).found());
}

TEST_CASE("what cannot be opened says why") {
  options o;
  o.catalog_file = "/nowhere/catalog.json";
  CHECK(cache::open(o).error().code == errc::invalid);
}
