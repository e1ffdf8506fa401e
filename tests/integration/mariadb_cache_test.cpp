// The cache on a real server: write-through, what other programs change, and a
// server that is killed and comes back.
#include <chrono>
#include <thread>

#include "tests/integration/cache_on_mariadb.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

mariadb_server& server() {
  static mariadb_server instance;
  return instance;
}

uint64_t statements(cache_on_mariadb& c) {
  return c->statistics().statements;
}

/// The answer of an operation once the server is back; a failure meanwhile
/// must be a named one of its being away.
template <class F>
auto once_back(F f) {
  auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};
  while (std::chrono::steady_clock::now() < until) {
    auto r = f();
    if (r)
      return std::move(*r);
    auto code = r.error().code;
    INFO(to_string(r.error()));
    REQUIRE((code == errc::unavailable || code == errc::timeout));
    std::this_thread::yield();
  }
  throw std::runtime_error("the server does not come back");
}

} // namespace

TEST_CASE("what is written is read without a statement, and is in the table") {
  cache_on_mariadb c{server(), "written"};
  auto user = c->entity("user");
  auto made = user.create({{"id", int64_t{1234567890123456789}},
                           {"name", "toad \U0001F438"}})
                  .get();
  REQUIRE(made);
  auto before = statements(c);
  auto read = user.find_by_pk({int64_t{1234567890123456789}}).get();
  REQUIRE(read);
  CHECK(read->text_at("name") == "toad \U0001F438");
  CHECK(read->from() == tier::memory);
  CHECK(statements(c) == before);
  CHECK(c.foreign_sql("SELECT name FROM user WHERE id = 1234567890123456789")
        == std::vector<std::vector<std::string>>{{"toad \U0001F438"}});
}

TEST_CASE("a text key that a collation finds is answered, not confused") {
  cache_on_mariadb c{server(), "collated"};
  c.foreign_sql("INSERT INTO user (id, created, updated) "
                "VALUES (1, NOW(), NOW())");
  auto profile = c->entity("profile");
  REQUIRE(profile.create({{"id", "abc"}, {"user_id", 1}, {"name", "n"}}).get());
  auto found = profile.find_by_pk({"ABC "}).get();
  REQUIRE(found);
  CHECK(found->text_at("id") == "abc");
  REQUIRE(profile.update({"abc"}, {{"name", "m"}}).get());
  CHECK(profile.find_by_pk({"ABC "}).get()->text_at("name") == "m");
}

TEST_CASE("a change behind the cache is seen after its invalidation") {
  cache_on_mariadb c{server(), "foreign"};
  auto guild = c->entity("guild");
  REQUIRE(guild.create({{"id", 7}, {"name", "old"}}).get());
  c.foreign_sql("UPDATE guild SET name = 'new' WHERE id = 7");
  CHECK(guild.find_by_pk({7}).get()->text_at("name") == "old");
  REQUIRE(c->invalidate_guild(7).get());
  CHECK(guild.find_by_pk({7}).get()->text_at("name") == "new");
}

TEST_CASE("rows of an earlier run are proven before they are served") {
  cache_on_mariadb c{server(), "restarted"};
  REQUIRE(c->entity("guild").create({{"id", 7}, {"name", "old"}}).get());
  REQUIRE(c->entity("guild").create({{"id", 8}, {"name", "same"}}).get());
  c.foreign_sql("UPDATE guild SET name = 'new' WHERE id = 7");
  c.restart();
  CHECK(c->entity("guild").find_by_pk({7}).get()->text_at("name") == "new");
  CHECK(c->entity("guild").find_by_pk({8}).get()->text_at("name") == "same");
}

TEST_CASE(
    "a killed server: hits go on, the rest fails by name, then recovers") {
  mariadb_server own;
  cache_on_mariadb c{own, "killed"};
  auto guild = c->entity("guild");
  REQUIRE(guild.create({{"id", 1}, {"name", "kept"}}).get());
  own.kill();
  auto hit = guild.find_by_pk({1}).get();
  REQUIRE(hit);
  CHECK(hit->text_at("name") == "kept");
  auto miss = guild.find_by_pk({2}).get();
  REQUIRE_FALSE(miss);
  CHECK(miss.error().code == errc::unavailable);
  auto write = guild.create({{"id", 3}, {"name", "no"}}).get();
  REQUIRE_FALSE(write);
  CHECK(write.error().code == errc::unavailable);
  own.start();
  CHECK_FALSE(once_back([&] { return guild.find_by_pk({2}).get(); }).found());
  CHECK(once_back([&] {
          return guild.upsert({{"id", 3}, {"name", "yes"}}).get();
        }).created);
  CHECK(own.sql("SELECT id, name FROM killed.guild ORDER BY id")
        == std::vector<std::vector<std::string>>{{"1", "kept"}, {"3", "yes"}});
}
