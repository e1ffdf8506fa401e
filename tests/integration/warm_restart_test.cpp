// Restarts with a change feed on a real server: what the cache file holds is
// served without asking the database, and is never older than the log says.
#include <chrono>

#include "tests/integration/cache_on_mariadb.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

constexpr int64_t guild_count = 300;

void with_feed(options& o) {
  o.feed.mode = feed_mode::required;
  o.feed.wait = milliseconds{20};
  o.ttl.fresh = std::chrono::hours{1};
}

struct restarted_cache {
  mariadb_server server{{.binlog = true, .arguments = {}}};
  cache_on_mariadb c{server, "warm", with_feed};

  restarted_cache() {
    std::string text = "INSERT INTO guild (id, name, created, updated) VALUES ";
    for (int64_t id = 1; id <= guild_count; ++id)
      text += (id == 1 ? "(" : ",(") + std::to_string(id)
              + ",'old',NOW(),NOW())";
    // While the cache is down, so that its next checkpoint stands behind it.
    c.restart([&] { c.foreign_sql(text); });
    REQUIRE(all_from(tier::memory));
  }
  [[nodiscard]] record find(int64_t id) {
    auto found = c->entity("guild").find_by_pk({id}).get();
    REQUIRE(found);
    return *found;
  }
  /// Sooner or later every guild is served from there.
  [[nodiscard]] bool all_from(tier wanted) {
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    for (int64_t id = 1; id <= guild_count; ++id)
      while (find(id).from() != wanted)
        if (std::chrono::steady_clock::now() > until)
          return false;
    return true;
  }
  /// Of how many guilds the disk tier answers now.
  [[nodiscard]] int64_t from_disk() {
    int64_t n = 0;
    for (int64_t id = 3; id <= guild_count; ++id) {
      auto g = find(id);
      CHECK(g.text_at("name") == "old");
      n += g.from() == tier::disk ? 1 : 0;
    }
    return n;
  }
};

} // namespace

TEST_CASE("a restart on a real server serves from disk what nobody has "
          "changed") {
  restarted_cache r;
  r.c.restart([&] {
    r.c.foreign_sql("UPDATE guild SET name = 'new' WHERE id = 1");
    r.c.foreign_sql("DELETE FROM guild WHERE id = 2");
  });
  CHECK(r.find(1).text_at("name") == "new");
  CHECK_FALSE(r.find(2).found());
  // The lease may run out meanwhile on a machine that stalls.
  CHECK(r.from_disk() >= guild_count * 9 / 10);
}

TEST_CASE("a restart after the server has lost its logs serves nothing from "
          "disk as fresh") {
  restarted_cache r;
  r.c.restart([&] {
    r.c.foreign_sql("UPDATE guild SET name = 'new' WHERE id = 1");
    r.c.foreign_sql("RESET MASTER");
  });
  CHECK(r.find(1).text_at("name") == "new");
  CHECK(r.from_disk() == 0);
  CHECK(r.c.has_logged("the place in the log is lost"));
}
