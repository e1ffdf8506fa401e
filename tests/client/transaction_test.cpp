#include <atomic>
#include <stdexcept>
#include <thread>

#include "tests/catch.hpp"
#include "tests/client/live_cache.hpp"

using namespace toadcache;
using namespace toadcache::tests;

TEST_CASE(
    "a transaction shows its rows to itself, to others after the commit") {
  live_database db;
  auto c = db.open();
  auto t = must(c.begin().get());
  auto guilds = t.entity("guild");
  must(guilds.create({{"id", 1}, {"name", "a"}}).get());
  CHECK(must(guilds.find_by_pk(1).get()).text_at("name") == "a");
  must(guilds.update(1, {{"name", "b"}}).get());
  must(t.entity("channel").create({{"id", 2}, {"guild_id", 1}}).get());
  CHECK(must(t.entity("channel").find_all("guild", 1, true).get()).size() == 1);
  CHECK_FALSE(must(c.guilds().find_by_pk(1).get()).found());
  must(t.commit().get());
  CHECK_FALSE(t.open());
  CHECK(must(c.guilds().find_by_pk(1).get())->name() == "b");
  CHECK(must(c.channels().find_all("guild", 1).get()).size() == 1);
  CHECK(guilds.find_by_pk(1).get().error().code == errc::invalid);
  CHECK(t.commit().get().error().code == errc::invalid);
}

TEST_CASE("every operation works inside a transaction") {
  live_database db;
  auto c = db.open();
  auto t = must(c.begin().get());
  auto guilds = t.entity("guild");
  auto made = must(guilds.find_or_create({{"id", 1}}, {{"name", "a"}}).get());
  CHECK(made.created);
  CHECK_FALSE(must(guilds.find_or_create({{"id", 1}}).get()).created);
  must(guilds.create({{"id", 2}, {"name", "a"}}).get());
  query named;
  named.all_of = {equals("name", "a")};
  CHECK(must(guilds.find_where(named).get()).size() == 2);
  CHECK(must(guilds.update_where(named, {{"name", "z"}}).get()).matched == 2);
  CHECK(must(guilds.destroy(2).get()).matched == 1);
  named.all_of = {equals("name", "z")};
  CHECK(must(guilds.destroy_where(named).get()).matched == 1);
  CHECK(t.entity("ghost").find_by_pk(1).get().error().code == errc::invalid);
  CHECK(guilds.create({{"ghost", 1}}).get().error().code == errc::invalid);
  must(t.rollback().get());
  CHECK_FALSE(must(c.guilds().find_by_pk(1).get()).found());
}

TEST_CASE("a dropped transaction is rolled back") {
  live_database db;
  db.config.pool.max_count = 1; // the next one needs its worker
  auto c = db.open();
  {
    auto t = must(c.begin().get());
    must(t.entity("guild").create({{"id", 1}, {"name", "a"}}).get());
    auto moved = std::move(t);
  }
  CHECK_FALSE(must(c.guilds().find_by_pk(1).get()).found());
  auto next = must(c.begin().get());
  must(next.rollback().get());
}

TEST_CASE("a callable is committed, or taken back as a whole") {
  live_database db;
  auto c = db.open();
  auto id = c.transact([](transaction& t) -> result<int64_t> {
    auto made = t.entity("guild").create({{"id", 1}, {"name", "a"}}).get();
    if (!made)
      return fail(made.error());
    return made->int_at("id");
  });
  CHECK(must(id) == 1);
  auto refused = c.transact([](transaction& t) -> result<void> {
    must(t.entity("guild").update(1, {{"name", "b"}}).get());
    return fail(errc::invalid, "changed my mind");
  });
  CHECK(refused.error().what == "changed my mind");
  CHECK(must(c.guilds().find_by_pk(1).get())->name() == "a");
  CHECK_THROWS_AS(c.transact([](transaction& t) -> result<void> {
    must(t.entity("guild").update(1, {{"name", "c"}}).get());
    throw std::logic_error("not mine");
  }),
                  std::logic_error);
  CHECK(must(c.guilds().find_by_pk(1).get())->name() == "a");
}

TEST_CASE("a callable that meets deadlocks runs again, up to the limit") {
  live_database db;
  db.config.pool.retry_backoff_min = std::chrono::milliseconds{1};
  db.config.pool.retry_backoff_max = std::chrono::milliseconds{2};
  auto c = db.open();
  int runs = 0;
  auto third = c.transact([&](transaction&) -> result<int> {
    if (++runs < 3)
      return fail(errc::deadlock, "again");
    return runs;
  });
  CHECK(must(third) == 3);
  runs = 0;
  auto never = c.transact([&](transaction&) -> result<int> {
    ++runs;
    return fail(errc::deadlock, "again");
  });
  CHECK(never.error().code == errc::deadlock);
  CHECK(runs == 8); // once, and seven reruns
}

TEST_CASE("callables that add to one row at once lose nothing") {
  live_database db;
  auto c = db.open();
  must(c.guilds().create({{"id", 1}}).get());
  must(c.channels().create({{"id", 2}, {"guild_id", 1}}).get());
  std::vector<std::thread> threads;
  std::atomic<int> committed{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 5; ++n) {
        auto r = c.transact([](transaction& t) -> result<void> {
          auto row = t.entity("channel").find_by_pk(2, true).get();
          if (!row)
            return fail(row.error());
          auto next
              = t.entity("channel")
                    .update(2,
                            {{"home_current", row->int_at("home_current") + 1}})
                    .get();
          if (!next)
            return fail(next.error());
          return {};
        });
        committed += r ? 1 : 0;
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(committed == 20);
  CHECK(must(c.channels().find_by_pk(2).get())->home_current() == 20);
}
