// The whole runtime on virtual time with a fake database: reads, writes,
// supervision of every actor, ordered shutdown.
#include "actors/runtime.hpp"

#include "actors/monitor.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/fake_database.hpp"
#include "tests/support/memory_cache_store.hpp"
#include "tests/support/pool_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

struct runtime_fixture : actor_fixture {
  std::shared_ptr<fake_database> db;
  std::shared_ptr<cache_image> image = std::make_shared<cache_image>();
  std::shared_ptr<runtime> running;
  const entity_type& user;

  explicit runtime_fixture(options o = pool_test_options())
      : actor_fixture(std::move(o), pool_catalog()),
        db(std::make_shared<fake_database>(shared->types)),
        user((*shared->types)[user_type]) {
    shared->source = db;
    shared->make_store = [this] {
      return std::make_unique<memory_cache_store>(image,
                                                  shared->config.persistence);
    };
    db->put(user_type, {int64_t{1}, "ann", int64_t{10}});
    auto started = runtime::start(system, shared);
    if (!started)
      throw std::runtime_error(started.error().what);
    running = *started;
    run();
    advance(milliseconds{100});
  }
  ~runtime_fixture() {
    if (running) {
      ask<stopped>(running->node(), stop_all{});
      advance(seconds{1});
    }
  }

  [[nodiscard]] key id(int64_t n) const {
    return *user.make_key(primary_index, std::vector<value>{n});
  }
  tests::answer<rows> get(int64_t n) {
    auto a
        = ask<rows>(shared->actors.cache(user_type), get_rows{{id(n)}, {}, {}});
    run();
    return a;
  }
  tests::answer<transaction_done> set_rank(int64_t n, int64_t rank) {
    operation op;
    op.kind = operation::kind_type::update;
    op.type = user_type;
    op.keys = {id(n)};
    op.set = {{2, value{rank}}};
    auto a = ask<transaction_done>(shared->actors.pool(),
                                   run_transaction{{op}, {0, 0, seconds{5}}});
    run();
    return a;
  }
  void fail_role(const std::string& role) {
    caf::anon_send(running->node(), role, fail_now{});
    run();
  }
  [[nodiscard]] entry_ptr resident(int64_t n) const {
    return shared->partitions[user_type]->find(id(n));
  }
  [[nodiscard]] double counted(const std::string& name) const {
    for (auto& c : collect_counters(*shared))
      if (c.name == name && (c.entity.empty() || c.entity == "user"))
        return c.amount;
    return -1;
  }
};

} // namespace

TEST_CASE_METHOD(runtime_fixture,
                 "a read is fetched, kept and written to disk") {
  CHECK(get(1).value().replies[0].content.int_at(2) == 10);
  REQUIRE(resident(1));
  advance(seconds{1});
  CHECK(image->entries.size() == 1);
  CHECK(counted("fills_cached") == 1);
  CHECK(counted("resident_rows") == 1);
  CHECK(counted("statements") >= 1);
}

TEST_CASE_METHOD(runtime_fixture,
                 "an acknowledged write is what memory holds") {
  get(1);
  auto done = set_rank(1, 11);
  REQUIRE(done.value().results.size() == 1);
  CHECK(resident(1)->content().int_at(2) == 11);
  CHECK(db->get(id(1)).int_at(2) == 11);
  SECTION("also when it changed nothing that the database did not have") {
    db->put(user_type, {int64_t{1}, "ann", int64_t{12}}); // somebody else
    REQUIRE(set_rank(1, 12).ready());
    CHECK(resident(1)->content().int_at(2) == 12);
  }
}

TEST_CASE_METHOD(runtime_fixture, "each actor that fails is started again and "
                                  "serves within 100 ms") {
  get(1);
  auto role = GENERATE(as<std::string>{}, "entity-cache:user", "invalidation",
                       "db-pool", "persistence", "budget");
  fail_role(role);
  advance(milliseconds{100});
  CHECK(counted("actor_restarts") == 1);
  CHECK(get(1).value().replies[0].content.int_at(2) == 10);
  CHECK(set_rank(1, 20).ready());
  CHECK(get(1).value().replies[0].content.int_at(2) == 20);
  CHECK(resident(1)->content().int_at(2) == 20);
}

TEST_CASE("memory moves to the type that earns hits with it, and the budget is "
          "never exceeded") {
  auto o = pool_test_options();
  o.memory.budget_bytes = 1u << 20;
  runtime_fixture f{o};
  constexpr int64_t users = 6000; // about as many bytes as the budget
  for (int64_t i = 1; i <= users; ++i)
    f.db->put(user_type, {i, "somebody", i});
  auto& user = f.shared->count.entities[user_type];
  auto even = f.shared->share_of(user_type);
  auto in_use = [&] {
    size_t sum = 0;
    for (entity_id t = 0; t < f.shared->types->size(); ++t)
      sum += f.shared->partitions[t]->used_bytes()
             + f.shared->count.entities[t].bookkeeping_bytes;
    return sum;
  };
  uint64_t next = 1;
  auto read_some = [&] {
    std::vector<key> keys;
    for (int i = 0; i < 200; ++i) {
      next = next * 6364136223846793005 + 1442695040888963407;
      keys.push_back(f.id(static_cast<int64_t>((next >> 33) % users) + 1));
    }
    auto a = f.ask<rows>(f.shared->actors.cache(user_type),
                         get_rows{keys, {}, {}});
    f.run();
    REQUIRE(a.value().replies.size() == keys.size());
    REQUIRE(in_use() <= o.memory.budget_bytes);
  };
  for (int period = 0; period < 20; ++period) {
    for (int i = 0; i < 10; ++i)
      read_some();
    f.advance(seconds{10}, seconds{1});
  }
  CHECK(user.evictions > 0);
  CHECK(user.regained > 0);
  CHECK(f.shared->share_of(user_type) > even + even / 4);
  CHECK(f.shared->share_of(item_type) < even - even / 4);
  CHECK(f.shared->share_of(user_type) + f.shared->share_of(item_type)
        <= o.memory.budget_bytes);
  CHECK(f.counted("shares_moved") > 0);
}

TEST_CASE("a list of several caches' rows drops what they held before, and is "
          "sent to disk at once") {
  auto o = pool_test_options();
  o.memory.partitions_count = 3;
  o.memory.check_period = seconds{3600};
  runtime_fixture f{o};
  constexpr int64_t users = 6;
  for (int64_t i = 1; i <= users; ++i)
    f.db->put(user_type, {i, "bob", int64_t{10}});
  auto list = *f.user.make_key(1, std::vector<value>{value{"bob"}});
  auto& caches = f.shared->caches;
  size_t elsewhere = 0;
  for (int64_t i = 1; i <= users; ++i) {
    auto a = f.ask<rows>(f.shared->actors.cache(caches.owner_of(f.id(i))),
                         get_rows{{f.id(i)}, {}, {}});
    f.run();
    REQUIRE(f.shared->partition_of(f.id(i)).peek(f.id(i)));
    elsewhere += caches.owner_of(f.id(i)) != caches.owner_of(list) ? 1 : 0;
    f.db->put(user_type, {i, "bob", int64_t{20}}); // somebody else
  }
  REQUIRE(elsewhere > 0);
  auto a = f.ask<lists>(f.shared->actors.cache(caches.owner_of(list)),
                        get_lists{{list}, {}, {}});
  f.run();
  CHECK(a.value().replies[0].keys.size() == static_cast<size_t>(users));
  CHECK(a.value().replies[0].rows.empty());
  for (int64_t i = 1; i <= users; ++i) {
    auto e = f.shared->partition_of(f.id(i)).peek(f.id(i));
    CHECK((!e || e->content().int_at(2) == 20));
  }
  f.advance(seconds{1});
  CHECK(std::any_of(f.image->entries.begin(), f.image->entries.end(),
                    [&](auto& e) { return e.second.entry.id == list; }));
}

TEST_CASE_METHOD(runtime_fixture,
                 "a write waits for a cache that restarts, and "
                 "is not acknowledged before it") {
  get(1);
  fail_role("entity-cache:user");
  auto done = set_rank(1, 30);
  advance(milliseconds{100});
  REQUIRE(done.ready());
  CHECK(done.error() == errc::none);
  CHECK(get(1).value().replies[0].content.int_at(2) == 30);
}

TEST_CASE_METHOD(runtime_fixture, "after a clean stop the file is clean and "
                                  "nobody is left") {
  get(1);
  auto ended = ask<stopped>(running->node(), stop_all{});
  auto again = ask<stopped>(running->node(), stop_all{});
  advance(seconds{1});
  REQUIRE(ended.ready());
  CHECK(again.ready());
  CHECK(image->clean);
  CHECK(image->entries.size() == 1);
  CHECK_FALSE(shared->actors.pool());
  CHECK(shared->stopping);
  CHECK(shared->partitions[user_type]->closed());
  running.reset();
}

TEST_CASE_METHOD(runtime_fixture,
                 "rows of an earlier run are served from disk only after the "
                 "database has confirmed them") {
  get(1);
  advance(seconds{1});
  ask<stopped>(running->node(), stop_all{});
  advance(seconds{1});
  running.reset();
  auto clean = GENERATE(true, false);
  image->clean = clean;
  db->put(user_type, {int64_t{1}, "ann", int64_t{99}}); // meanwhile
  auto next
      = std::make_shared<shared_state>(shared->types, shared->config, time);
  next->wall_now = shared->wall_now;
  next->source = db;
  next->make_store = shared->make_store;
  shared = next;
  running = *runtime::start(system, shared);
  run();
  advance(seconds{1});
  auto a = get(1);
  CHECK(a.value().replies[0].content.int_at(2) == 99);
}

TEST_CASE_METHOD(runtime_fixture, "with the database down after a restart, the "
                                  "disk tier's rows are served, marked stale") {
  get(1);
  advance(seconds{1});
  ask<stopped>(running->node(), stop_all{});
  advance(seconds{1});
  auto next
      = std::make_shared<shared_state>(shared->types, shared->config, time);
  next->wall_now = shared->wall_now;
  next->source = db;
  next->make_store = shared->make_store;
  shared = next;
  running = *runtime::start(system, shared);
  run();
  advance(seconds{1});
  db->before = [](const std::string&) -> std::optional<failure> {
    return failure{errc::unavailable, "down"};
  };
  auto a = get(1);
  advance(seconds{5});
  REQUIRE(a.ready());
  CHECK(a.value().replies[0].content.int_at(2) == 10);
  CHECK(a.value().replies[0].state == freshness::stale);
  CHECK(a.value().replies[0].from == tier::disk);
}

TEST_CASE_METHOD(runtime_fixture, "MONITOR answers with every counter") {
  auto a = ask<counters_now>(shared->actors.monitor(), get_counters{});
  run();
  CHECK(a.value().all.size() > 40);
}
