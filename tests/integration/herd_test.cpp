// Crowds of misses on a real server: one statement for one key, few for many;
// the checks of a first and of a warm command.
#include <atomic>
#include <thread>

#include "client/checks.hpp"
#include "tests/integration/cache_on_mariadb.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

constexpr int64_t crowd = 1000;

mariadb_server& server() {
  static mariadb_server instance;
  return instance;
}

/// Statements that `f` causes.
template <class F>
uint64_t statements_of(cache_on_mariadb& c, F f) {
  auto before = c->statistics().statements;
  f();
  return c->statistics().statements - before;
}

/// Asks for the ids, all at once; how many answers were right.
size_t read_all(cache_on_mariadb& c, const std::vector<int64_t>& ids,
                bool found) {
  auto user = c->entity("user");
  std::vector<answer<record>> answers;
  answers.reserve(ids.size());
  for (auto id : ids)
    answers.push_back(user.find_by_pk({id}));
  size_t right = 0;
  for (auto& a : answers)
    if (auto r = a.get(); r && r->found() == found)
      ++right;
  return right;
}

} // namespace

TEST_CASE("a thousand concurrent reads of one missing key: one statement") {
  cache_on_mariadb c{server(), "herd_one"};
  CHECK(statements_of(c,
                      [&] {
                        CHECK(
                            read_all(c, std::vector<int64_t>(crowd, 42), false)
                            == crowd);
                      })
        == 1);
  // The absence is cached.
  CHECK(statements_of(c, [&] { CHECK(read_all(c, {42}, false) == 1); }) == 0);
}

TEST_CASE("a thousand concurrent reads of a thousand missing keys: at most "
          "twelve statements") {
  cache_on_mariadb c{server(), "herd_many"};
  std::vector<int64_t> ids;
  for (int64_t id = 1; id <= crowd; ++id)
    ids.push_back(id);
  SECTION("keys without rows, asked from one thread") {
    CHECK(statements_of(c, [&] { CHECK(read_all(c, ids, false) == crowd); })
          <= 12);
  }
  SECTION("keys with rows, asked from four threads") {
    std::string sql = "INSERT INTO user (id, name, created, updated) VALUES ";
    for (auto id : ids)
      sql += (id == 1 ? "(" : ",(") + std::to_string(id) + ",'u',NOW(),NOW())";
    c.foreign_sql(sql);
    std::atomic<size_t> right{0};
    CHECK(statements_of(c,
                        [&] {
                          std::vector<std::thread> threads;
                          for (size_t t = 0; t < 4; ++t)
                            threads.emplace_back([&, t] {
                              std::vector<int64_t> mine;
                              for (size_t i = t; i < ids.size(); i += 4)
                                mine.push_back(ids[i]);
                              right += read_all(c, mine, true);
                            });
                          for (auto& t : threads)
                            t.join();
                        })
          <= 12);
  }
}

TEST_CASE("the first command in a new guild works, and a warm one needs no "
          "statement") {
  cache_on_mariadb c{server(), "herd_base"};
  checks check{*c};
  discord_guild guild{801, "guild"};
  discord_channel channel{802, 801, "channel"};
  discord_user user{803, "toad", "0001", "toadette"};
  auto first = check.check_base_data(guild, channel, user).get();
  REQUIRE(first);
  CHECK(first->channel.int_at("guild_id") == 801);
  CHECK(c.foreign_sql("SELECT COUNT(*) FROM profile WHERE name = 'default'")
        == std::vector<std::vector<std::string>>{{"1"}});
  // The first one's inserts dropped a list, which the second may read; warm is
  // what follows.
  REQUIRE(check.check_base_data(guild, channel, user).get());
  auto again
      = [&] { CHECK(check.check_base_data(guild, channel, user).get()); };
  CHECK(statements_of(c, again) == 0);
}

TEST_CASE("two processes meet a new guild at once, and both succeed") {
  cache_on_mariadb a{server(), "herd_two"};
  cache_on_mariadb b{server(), "herd_two"};
  for (int64_t n = 0; n < 10; ++n) {
    discord_guild guild{900 + n, "guild"};
    discord_channel channel{1900 + n, 900 + n, "channel"};
    discord_user user{2900 + n, "toad", "0001", ""};
    auto one = checks{*a}.check_base_data(guild, channel, user);
    auto two = checks{*b}.check_base_data(guild, channel, user);
    auto first = one.get();
    auto second = two.get();
    if (!first)
      FAIL(to_string(first.error()));
    if (!second)
      FAIL(to_string(second.error()));
  }
  CHECK(a.foreign_sql("SELECT user_id FROM profile WHERE name = 'default' "
                      "GROUP BY user_id HAVING COUNT(*) > 1")
            .empty());
}
