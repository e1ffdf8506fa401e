// The cache with a change feed on a real server: what other programs write
// becomes visible without a time to live, through faults of every link.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
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

/// The server's log, of which the test can have the reader hang.
struct held_stream final : change_stream {
  struct switch_type {
    std::mutex lock;
    std::condition_variable changed;
    bool hung = false;
    void set(bool on) {
      std::lock_guard guard{lock};
      hung = on;
      changed.notify_all();
    }
  };
  held_stream(binlog_stream::settings s, const catalog_ptr& types,
              std::shared_ptr<switch_type> on)
      : log(std::move(s), types), hold(std::move(on)) {}

  stream_result<resume_point>
  connect(const std::optional<resume_point>& from) override {
    return log.connect(from);
  }
  stream_result<std::optional<logged_commit>>
  next(milliseconds limit) override {
    std::unique_lock guard{hold->lock};
    hold->changed.wait(guard, [&] { return !hold->hung; });
    guard.unlock();
    return log.next(limit);
  }
  [[nodiscard]] const resume_point& place() const noexcept override {
    return log.place();
  }
  stream_result<position> probe() override { return log.probe(); }
  void interrupt() noexcept override {
    log.interrupt();
    hold->set(false);
  }

  binlog_stream log;
  std::shared_ptr<switch_type> hold;
};

void with_feed(options& o) {
  o.feed.mode = feed_mode::automatic;
  o.feed.wait = milliseconds{20};
  o.feed.retry_period = milliseconds{50};
  o.ttl.fresh = seconds{3600};
}

/// A server of its own, a cache with a feed, and a guild that memory serves.
struct fed_cache {
  mariadb_server server{{.binlog = true, .arguments = {}}};
  cache_on_mariadb c;

  explicit fed_cache(cache_on_mariadb::stream_maker make_stream = {})
      : c(server, "fed", with_feed, nullptr, std::move(make_stream)) {
    CHECK(c->statistics().feed_followed);
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
  f.c.foreign_sql("ALTER TABLE guild ADD COLUMN motto VARCHAR(10)");
  f.rename("four");
  CHECK(f.served("four"));
  f.server.run({"SET foreign_key_checks = 0", "TRUNCATE TABLE guild"}, "fed");
  CHECK(eventually([&] { return f.name().empty(); }));
}

TEST_CASE("own writes cost no miss when their echo comes") {
  fed_cache f;
  int missed = 0;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(f.guilds().update({7}, {{"name", std::to_string(i)}}).get());
    auto found = f.guilds().find_by_pk({7}).get();
    REQUIRE((found && *found));
    CHECK(found->text_at("name") == std::to_string(i));
    missed += found->from() == tier::memory ? 0 : 1;
  }
  CHECK(missed <= 10); // a lease may run out on a machine that stalls
  f.rename("end");
  CHECK(f.served("end"));
  auto all = f.c->statistics();
  auto guild = all.find("guild");
  REQUIRE(guild != nullptr);
  CHECK(guild->writes_dropped == 0);
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

TEST_CASE("a feed that hangs ends fresh service: reads go to the database") {
  auto hold = std::make_shared<held_stream::switch_type>();
  fed_cache f{[&](const options& o, const catalog_ptr& types) {
    binlog_stream::settings s;
    s.database = o.database;
    s.heartbeat = milliseconds{20};
    return std::make_shared<held_stream>(s, types, hold);
  }};
  hold->set(true);
  f.rename("hung");
  f.wait_out_the_lease();
  for (int i = 0; i < 3; ++i) {
    auto found = f.guilds().find_by_pk({7}).get();
    REQUIRE((found && *found));
    CHECK(found->text_at("name") == "hung");
    CHECK(found->from() == tier::database);
  }
  SECTION("until it goes on") {
    hold->set(false);
    CHECK(f.served("hung"));
  }
  SECTION("and does not hold up the shutdown") {
    auto begin = std::chrono::steady_clock::now();
    f.c->stop();
    CHECK(std::chrono::steady_clock::now() - begin < seconds{5});
  }
}

TEST_CASE("a shutdown does not wait for a server that is silent") {
  fed_cache f;
  f.server.freeze();
  auto begin = std::chrono::steady_clock::now();
  f.c->stop();
  f.server.thaw();
  CHECK(std::chrono::steady_clock::now() - begin
        < 2 * f.c.config().node.shutdown_grace);
}

TEST_CASE("a fresh start is trusted at once") {
  fed_cache f;
  f.c.restart();
  CHECK(f.name() == "one");
  auto again = f.guilds().find_by_pk({7}).get();
  REQUIRE((again && *again));
  CHECK(again->from() == tier::memory);
}

TEST_CASE("a server without a log: times to live count, said and seen") {
  mariadb_server server;
  cache_on_mariadb c{server, "unlogged", with_feed};
  auto now = c->statistics();
  CHECK(now.feed_wanted);
  CHECK_FALSE(now.feed_followed);
  CHECK(c.has_logged("the log cannot be followed; what other programs write is "
                     "seen when the times to live end: log_bin is OFF: the "
                     "server writes no log to follow; remedy: [mysqld] log_bin "
                     "= binlog"));
  auto guilds = c->entity("guild");
  REQUIRE(guilds.create({{"id", 7}, {"name", "one"}}).get());
  CHECK(eventually([&] {
    auto found = guilds.find_by_pk({7}).get();
    return found && *found && found->from() == tier::memory;
  }));
  auto o = c.config();
  o.persistence.enabled = false;
  o.feed.mode = feed_mode::required;
  auto required = cache::open(o);
  REQUIRE_FALSE(required);
  CHECK(required.error()
        == failure{errc::invalid,
                   "feed.mode is required, but log_bin is OFF: the server "
                   "writes no log to follow; remedy: [mysqld] log_bin = "
                   "binlog"});
  o.feed.mode = feed_mode::off;
  auto off = cache::open(o);
  REQUIRE(off);
  CHECK_FALSE(off->statistics().feed_wanted);
}

TEST_CASE("an account that may not follow the log is told the GRANT, and is "
          "coherent after it") {
  mariadb_server server{{.binlog = true, .arguments = {}}};
  server.run({"CREATE USER bot", "GRANT ALL ON granted.* TO bot"});
  cache_on_mariadb c{server, "granted", [](options& o) {
                       with_feed(o);
                       o.database.user = "bot";
                     }};
  CHECK_FALSE(c->statistics().feed_followed);
  const std::string grants[] = {"GRANT REPLICATION SLAVE ON *.* TO 'bot'@'%';",
                                "GRANT BINLOG MONITOR ON *.* TO 'bot'@'%';"};
  for (auto& grant : grants)
    CHECK(c.has_logged(grant));
  auto o = c.config();
  o.persistence.enabled = false;
  o.feed.mode = feed_mode::required;
  auto required = cache::open(o);
  REQUIRE_FALSE(required);
  CHECK(required.error().what.find(grants[0]) != std::string::npos);
  for (auto& grant : grants)
    server.sql(grant);
  CHECK(eventually([&] { return c->statistics().feed_followed; }));
  auto guilds = c->entity("guild");
  REQUIRE(guilds.create({{"id", 7}, {"name", "one"}}).get());
  REQUIRE(guilds.find_by_pk({7}).get());
  c.foreign_sql("UPDATE guild SET name = 'two' WHERE id = 7");
  CHECK(eventually([&] {
    auto found = guilds.find_by_pk({7}).get();
    return found && *found && found->text_at("name") == "two"
           && found->from() == tier::memory;
  }));
  CHECK(cache::open(o));
}
