#include "storage/write_queue.hpp"

#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"

using namespace toadcache;
using namespace toadcache::tests;

TEST_CASE("the last word on a key is the only one written") {
  write_queue q{10};
  CHECK(q.empty());
  CHECK(q.put(user(1, "old")));
  CHECK(q.put(user(1, "new")));
  CHECK(q.put(user(2, "kept")));
  q.erase(row_key("user", 2));
  q.erase(row_key("user", 3));
  CHECK(q.put(user(3, "back")));
  CHECK(q.size() == 3);
  auto batch = q.take();
  CHECK(q.empty());
  CHECK(q.size() == 0);
  REQUIRE(batch.items.size() == 3);
  CHECK(name_of(batch.items[0].entry) == "new");
  CHECK_FALSE(batch.items[0].erase);
  CHECK(batch.items[1].erase);
  CHECK_FALSE(batch.items[1].entry.content);
  CHECK(batch.items[1].entry.id == row_key("user", 2));
  CHECK_FALSE(batch.items[2].erase);
}

TEST_CASE("a put too many becomes an erase") {
  write_queue q{2};
  CHECK(q.put(user(1, "a")));
  CHECK(q.put(user(2, "b")));
  CHECK_FALSE(q.put(user(3, "c")));
  CHECK(q.put(user(1, "a, changed"))); // no more puts than before
  q.erase(row_key("user", 2));
  CHECK(q.put(user(4, "d"))); // the erase made room
  CHECK_FALSE(q.put(user(3, "c")));
  auto batch = q.take();
  REQUIRE(batch.items.size() == 4);
  CHECK(batch.items[2].entry.id == row_key("user", 3));
  CHECK(batch.items[2].erase);
  CHECK(q.put(user(5, "e")));
  CHECK(q.put(user(6, "f")));
}

TEST_CASE("erasing a type forgets what waits for it, and nothing else") {
  write_queue q{10};
  CHECK(q.put(user(1, "a")));
  CHECK(q.put(row_entry("guild", 1, "g")));
  CHECK(q.put(channels_of(1, {2, 3})));
  q.erase_type(row_key("user", 1).type());
  q.erase_type(row_key("user", 1).type());
  CHECK(q.put(user(2, "after")));
  CHECK(q.put(row_entry("guild", 1, "g, changed")));
  auto batch = q.take();
  CHECK(batch.flushed_types.size() == 1);
  REQUIRE(batch.items.size() == 3);
  CHECK(name_of(batch.items[0].entry) == "g, changed");
  CHECK(batch.items[1].entry.list.size() == 2);
  CHECK(name_of(batch.items[2].entry) == "after");
}

TEST_CASE("the log keeps the newest records") {
  write_queue q{10};
  for (size_t i = 0; i < defaults::invalidation_log_count + 5; ++i)
    q.log({wall_time{milliseconds{i}}, "key", "user", "1", "write"});
  CHECK_FALSE(q.empty());
  auto batch = q.take();
  REQUIRE(batch.records.size() == defaults::invalidation_log_count);
  CHECK(batch.records.front().at == wall_time{milliseconds{5}});
}
