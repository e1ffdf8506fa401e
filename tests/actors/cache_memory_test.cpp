// ENTITY CACHE and its memory, on virtual time: when entries leave by age, what
// leaves for space, and what is never exceeded.
#include <random>

#include "actors/monitor.hpp"
#include "tests/support/cache_fixture.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

/// Rows live five seconds, absences two; `rank` is a row's group.
catalog_ptr short_lived_catalog() {
  constexpr auto text = R"json({
    "version": 1,
    "entities": [
      {"name": "user", "table": "user", "primary_key": ["id"],
       "columns": [
         {"name": "id", "type": "int64", "sql_type": "BIGINT"},
         {"name": "name", "type": "text", "nullable": true,
          "collation": "utf8mb4_general_ci", "sql_type": "TEXT"},
         {"name": "rank", "type": "int64", "nullable": true,
          "sql_type": "BIGINT"}],
       "lookups": [{"name": "name", "columns": ["name"]}],
       "group": {"column": "rank"},
       "ttl": {"fresh": "5s", "stale_while_revalidate": "0s",
               "stale_on_error": "0s", "negative": "2s"}}
    ]})json";
  return catalog::parse(text, "short_lived_catalog").value();
}

options exact_options() {
  auto o = cache_options();
  o.memory.ttl_jitter_ratio = 0;
  o.memory.check_period = seconds{3600}; // no sweep comes by
  o.memory.max_group_ratio = 1;
  return o;
}

struct memory_fixture : cache_fixture {
  partition& memory;

  explicit memory_fixture(options o = exact_options())
      : cache_fixture(false, std::move(o), short_lived_catalog()),
        memory(*shared->partitions[user_type]) {}

  [[nodiscard]] size_t used() const {
    return memory.used_bytes() + count.bookkeeping_bytes;
  }
  /// Reads rows that the database has: `size` characters, of that group.
  void read(int64_t first, int64_t n, size_t size = 100, int64_t group = 0) {
    std::vector<key> keys;
    std::vector<row> found;
    for (auto i = first; i < first + n; ++i) {
      keys.push_back(id(i));
      found.push_back(make(i, std::string(size, 'x').c_str(), group));
    }
    auto a = ask<rows>(cache, get_rows{keys, {}, {}});
    run();
    while (!db->fetches.empty()) {
      auto wanted = db->fetches.front().message.keys;
      std::vector<row> these;
      for (auto& r : found)
        if (std::find(wanted.begin(), wanted.end(), user.key_of(r))
            != wanted.end())
          these.push_back(r);
      reply(these);
    }
    REQUIRE(a.value().replies.size() == keys.size());
  }
  [[nodiscard]] int64_t resident_of(int64_t first, int64_t n) const {
    int64_t found = 0;
    for (auto i = first; i < first + n; ++i)
      found += resident(id(i)) != nullptr;
    return found;
  }
  tests::answer<share_held> tell(size_t share, size_t step = 0) {
    return ask<share_held>(cache, set_share{share, step});
  }
  share_held told(size_t share, size_t step = 0) {
    auto a = tell(share, step);
    run();
    return a.value();
  }
};

} // namespace

TEST_CASE_METHOD(memory_fixture, "an entry leaves at its last use, by a timer "
                                 "of its own") {
  read(1, 1);
  get(3);
  reply({}); // "no such row"
  advance(milliseconds{1900});
  CHECK(memory.row_count() == 2);
  advance(milliseconds{1150});
  CHECK(memory.row_count() == 1);
  CHECK(count.expirations == 1);
  read(2, 1);
  advance(milliseconds{1900}); // almost five seconds
  CHECK(resident(id(1)));
  advance(milliseconds{1150});
  CHECK_FALSE(resident(id(1)));
  CHECK(resident(id(2)));
  CHECK(count.expirations == 2);
  advance(seconds{3});
  CHECK(memory.row_count() == 0);
  CHECK(count.expirations == 3);
  CHECK(count.evictions + count.invalidations + count.removals == 0);
}

TEST_CASE_METHOD(memory_fixture,
                 "what is fetched again leaves at its new time, "
                 "what is dropped leaves no timer behind") {
  read(1, 2);
  advance(seconds{4});
  send(cache, refresh{id(1)});
  run();
  reply({make(1, "new", 0)});
  apply_changes msg;
  msg.drop = {id(2)};
  apply(msg);
  read(2, 1); // may take the slot that has become free
  advance(seconds{4});
  CHECK(resident_of(1, 2) == 2);
  CHECK(count.expirations == 0);
  advance(seconds{2});
  CHECK(memory.row_count() == 0);
  CHECK(count.expirations == 2);
}

TEST_CASE_METHOD(memory_fixture,
                 "a crowd that expires at once leaves in slices "
                 "while reads go on") {
  for (int64_t i = 0; i < 5; ++i)
    read(1000 * i, 500);
  advance(milliseconds{6100});
  CHECK(memory.row_count() == 0);
  CHECK(count.expirations == 2500);
  read(1, 1);
  CHECK(resident(id(1)));
}

TEST_CASE_METHOD(memory_fixture,
                 "a new incarnation lets go of what the earlier "
                 "one left") {
  read(1, 100);
  send(cache, fail_now{});
  run();
  start(1);
  CHECK(memory.row_count() == 0);
  read(1, 100);
  advance(seconds{7});
  CHECK(memory.row_count() == 0);
}

TEST_CASE_METHOD(memory_fixture,
                 "the share is never exceeded, whatever comes") {
  constexpr size_t share = 200'000;
  told(share);
  std::mt19937_64 random{1};
  auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  for (int i = 0; i < 300; ++i) {
    // Many small rows, few big ones; often the same keys in another size.
    auto size = below(10) == 0 ? below(30'000) : below(300);
    read(below(2000), 1 + below(20), static_cast<size_t>(size));
    REQUIRE(used() <= share);
    if (below(20) == 0)
      advance(seconds{below(3)}, milliseconds{200});
    REQUIRE(used() <= share);
  }
  CHECK(count.evictions > 100);
  CHECK(count.expirations > 0);
  CHECK(used() > share / 2);
}

TEST_CASE_METHOD(memory_fixture,
                 "a row above its part of the share is answered "
                 "and not kept") {
  told(100'000);
  read(1, 1, 26'000);
  CHECK_FALSE(resident(id(1)));
  CHECK(count.refused_oversize == 1);
  CHECK(count.fills_rejected == 1);
  read(2, 1, 24'000);
  CHECK(resident(id(2)));
}

TEST_CASE_METHOD(memory_fixture, "a share that shrinks is given up in slices, "
                                 "then told") {
  for (int64_t i = 0; i < 10; ++i)
    read(1000 * i, 500);
  auto full = used();
  REQUIRE(memory.row_count() == 5000);
  auto a = tell(full / 4);
  scheduler.run_once(); // the asker
  while (!a.ready() && memory.row_count() == 5000)
    REQUIRE(scheduler.try_run_once());
  CHECK_FALSE(a.ready()); // one slice is gone, and others may have their turn
  CHECK(memory.row_count() >= 4400);
  auto b = get(1'000'000);
  run();
  CHECK(a.value().share_bytes == full / 4);
  CHECK(a.value().used_bytes <= full / 4);
  CHECK(used() <= full / 4);
  CHECK(count.shrink_evictions > 2500);
  CHECK(count.evictions == count.shrink_evictions);
  reply({make(1'000'000, "new", 0)});
  CHECK(b.ready());
  CHECK(resident(id(1'000'000)));
  CHECK(used() <= full / 4);
}

TEST_CASE_METHOD(memory_fixture,
                 "a share far below gives back the arrays, too, "
                 "and what is left still works") {
  for (int64_t i = 0; i < 20; ++i)
    read(1000 * i, 500);
  auto held = told(30'000);
  CHECK(held.used_bytes <= 30'000);
  CHECK(used() <= 30'000);
  auto left = static_cast<int64_t>(memory.row_count());
  CHECK(left > 20);
  for (int64_t i = 50'000; i < 50'010; ++i) {
    read(i, 1);
    CHECK(resident(id(i)));
  }
  CHECK(used() <= 30'000);
  advance(seconds{7});
  CHECK(memory.row_count() == 0); // each still left at its time
}

TEST_CASE_METHOD(memory_fixture, "of two shares told one after the other the "
                                 "newer one holds") {
  for (int64_t i = 0; i < 10; ++i)
    read(1000 * i, 500);
  auto full = used();
  auto a = tell(full / 4);
  auto b = tell(full / 2);
  run();
  CHECK(a.value().share_bytes == full / 2);
  CHECK(b.value().share_bytes == full / 2);
  CHECK(used() <= full / 2);
}

TEST_CASE_METHOD(memory_fixture, "misses that a larger share would have spared "
                                 "are counted") {
  told(50'000, 20'000);
  read(0, 400); // some 300 bytes each: most are evicted
  auto before = told(50'000, 20'000).regained_count;
  CHECK(before == 0);
  auto evicted = 400 - static_cast<int64_t>(memory.row_count());
  REQUIRE(evicted > 100);
  std::vector<int64_t> gone;
  for (int64_t i = 0; i < 400; ++i)
    if (!resident(id(i)))
      gone.push_back(i);
  read(gone.back(), 1); // evicted last
  CHECK(told(50'000, 20'000).regained_count == 1);
  read(1'000'000, 1); // never seen
  CHECK(told(50'000, 20'000).regained_count == 1);
  CHECK(count.regained == 1);
}

TEST_CASE("a group cannot push out the others") {
  auto o = exact_options();
  o.memory.max_group_ratio = 0.5;
  memory_fixture f{o};
  constexpr size_t share = 100'000;
  f.told(share);
  f.read(0, 80, 100, 7); // another guild, with little
  REQUIRE(f.resident_of(0, 80) == 80);
  auto others = f.memory.used_bytes();
  for (int64_t i = 0; i < 40; ++i)
    f.read(10'000 + 50 * i, 50, 100, 9);
  CHECK(f.resident_of(0, 80) == 80);
  CHECK(f.count.group_evictions > 1000);
  CHECK(f.count.evictions == f.count.group_evictions);
  CHECK(f.memory.used_bytes() <= others + share / 2 + 5000); // tables
  // It makes room for its own newcomers, and keeps what it uses.
  CHECK(f.resident_of(11'950, 50) == 50);
  SECTION("rows without a group have no cap") {
    for (int64_t i = 0; i < 10; ++i)
      f.read(20'000 + 50 * i, 50, 100, 0);
    CHECK(f.used() > 95'000);
  }
  SECTION("its bytes are free again when its rows have gone") {
    f.advance(seconds{7});
    REQUIRE(f.memory.row_count() == 0);
    auto before = f.count.group_evictions.load();
    f.read(30'000, 50, 100, 9);
    CHECK(f.resident_of(30'000, 50) == 50);
    CHECK(f.count.group_evictions == before);
  }
  SECTION("one row moves from group to group with its bytes") {
    for (int i = 0; i < 50; ++i) {
      f.send(f.cache, refresh{f.id(1)});
      f.run();
      f.reply({f.make(1, std::string(20'000, 'x').c_str(), i)});
    }
    CHECK(f.count.refused_group == 0);
  }
}

TEST_CASE("a group at its cap whose rows are not found is answered only") {
  auto o = exact_options();
  o.memory.max_group_ratio = 0.2;
  memory_fixture f{o};
  f.told(100'000);
  f.read(1, 1, 24'000, 9); // above the cap all alone
  CHECK_FALSE(f.resident(f.id(1)));
  CHECK(f.count.refused_group == 1);
  CHECK(f.count.fills_rejected == 1);
}

TEST_CASE_METHOD(memory_fixture, "every removal has one cause") {
  told(60'000);
  for (int64_t i = 0; i < 10; ++i)
    read(100 * i, 90);
  apply_changes msg;
  msg.drop = {id(905)};
  apply(msg);
  told(30'000);
  advance(seconds{7});
  auto removed = count.expirations + count.evictions + count.invalidations
                 + count.removals;
  CHECK(count.fills_cached == removed + memory.row_count());
  auto counted = [&](const std::string& name) {
    for (auto& c : collect_counters(*shared))
      if (c.name == name && c.entity == "user")
        return c.amount;
    return -1.0;
  };
  CHECK(counted("shrink_evictions") > 0);
  CHECK(counted("evictions") >= counted("shrink_evictions"));
  CHECK(counted("group_evictions") == 0);
  CHECK(counted("share_bytes") > 0);
}
