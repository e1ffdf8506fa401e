// The cache with a change feed on a real server: what other programs write
// becomes visible without a time to live, through faults of every link.
#include <atomic>
#include <chrono>
#include <thread>

#include "storage/binlog_stream.hpp"
#include "tests/integration/cache_on_mariadb.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

/// Until it holds; false after half a minute.
template <class F>
bool eventually(F holds) {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (std::chrono::steady_clock::now() < until) {
    if (holds())
      return true;
    std::this_thread::yield();
  }
  return false;
}

/// A server of its own, a cache with a feed, and a guild that memory serves.
struct fed_cache {
  mariadb_server server{{.binlog = true, .arguments = {}}};
  cache_on_mariadb c;

  explicit fed_cache()
      : c(
          server, "fed", [](options& o) { o.ttl.fresh = seconds{3600}; },
          nullptr,
          [](const options& o, const catalog_ptr& types) {
            binlog_stream::settings s;
            s.database = o.database;
            s.heartbeat = milliseconds{20};
            return std::make_shared<binlog_stream>(s, types);
          }) {
    REQUIRE(guilds().create({{"id", 7}, {"name", "one"}}).get());
    REQUIRE(served("one"));
  }
  [[nodiscard]] entity_handle guilds() { return c->entity("guild"); }
  /// What is served now; empty: nothing, or the database cannot be reached.
  [[nodiscard]] std::string name() {
    auto found = guilds().find_by_pk({7}).get();
    return found && *found ? std::string{found->text_at("name")} : "";
  }
  /// Memory serves that name, trusted, sooner or later.
  [[nodiscard]] bool served(const std::string& wanted) {
    return eventually([&] {
      auto found = guilds().find_by_pk({7}).get();
      return found && *found && found->text_at("name") == wanted
             && found->from() == tier::memory;
    });
  }
  void rename(const std::string& to) {
    c.foreign_sql("UPDATE guild SET name = '" + to + "' WHERE id = 7");
  }
  /// Beyond this, no row may be older than what is written now.
  void wait_out_the_lease() {
    auto end = std::chrono::steady_clock::now() + milliseconds{1100};
    eventually([&] { return std::chrono::steady_clock::now() >= end; });
  }
};

} // namespace

TEST_CASE("what another program writes is seen without a time to live") {
  fed_cache f;
  f.rename("two");
  CHECK(eventually([&] { return f.name() == "two"; }));
  CHECK(f.served("two"));
  f.c.foreign_sql("DELETE FROM guild WHERE id = 7");
  CHECK(eventually([&] { return f.name().empty(); }));
  f.c.foreign_sql("INSERT INTO guild (id, name, created, updated) VALUES "
                  "(7, 'three', NOW(), NOW())");
  CHECK(f.served("three"));
}

TEST_CASE("own writes cost no miss when their echo comes") {
  fed_cache f;
  for (int i = 0; i < 100; ++i)
    REQUIRE(f.guilds().update({7}, {{"name", std::to_string(i)}}).get());
  f.rename("end");
  CHECK(f.served("end"));
  auto all = f.c->statistics();
  auto guild = all.find("guild");
  REQUIRE(guild != nullptr);
  CHECK(guild->logged_changes >= 101);
}

TEST_CASE("no stale row after the lease, whatever happens to the feed") {
  fed_cache f;
  SECTION("its connection is killed again and again") {
    for (int i = 0; i < 5; ++i) {
      for (auto& row : f.server.sql("SELECT id FROM information_schema."
                                    "processlist WHERE command LIKE "
                                    "'Binlog Dump%'"))
        f.server.sql("KILL " + row.at(0));
      auto name = "killed" + std::to_string(i);
      f.rename(name);
      f.wait_out_the_lease();
      CHECK(f.name() == name);
      CHECK(f.served(name));
    }
  }
  SECTION("the log is rotated") {
    f.server.sql("FLUSH BINARY LOGS");
    f.rename("rotated");
    f.wait_out_the_lease();
    CHECK(f.name() == "rotated");
    CHECK(f.served("rotated"));
  }
  SECTION("the server is started anew") {
    f.server.stop();
    f.server.start();
    f.rename("restarted");
    f.wait_out_the_lease();
    CHECK(eventually([&] { return f.name() == "restarted"; }));
    CHECK(f.served("restarted"));
  }
  SECTION("the log is purged while the server is away from the feed") {
    f.server.kill();
    f.server.start();
    f.rename("purged");
    f.server.run({"RESET MASTER"});
    f.wait_out_the_lease();
    CHECK(eventually([&] { return f.name() == "purged"; }));
    CHECK(f.served("purged"));
  }
  SECTION("the table is altered") {
    f.c.foreign_sql("ALTER TABLE guild ADD COLUMN motto VARCHAR(10)");
    f.rename("altered");
    f.wait_out_the_lease();
    CHECK(f.name() == "altered");
    CHECK(f.served("altered"));
  }
  SECTION("the server freezes") {
    f.server.freeze();
    f.wait_out_the_lease();
    f.server.thaw();
    f.rename("thawed");
    f.wait_out_the_lease();
    CHECK(f.name() == "thawed");
    CHECK(f.served("thawed"));
  }
}
