// Crowds of misses on a real server: one statement for one key, few for many;
// the checks of a first and of a warm command.
#include <array>
#include <latch>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include "actors/dispatcher.hpp"
#include "actors/runtime.hpp"
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

using answers = std::vector<answer<record>>;

answers ask_all(cache_on_mariadb& c, const std::vector<int64_t>& ids) {
  auto user = c->entity("user");
  answers asked;
  asked.reserve(ids.size());
  for (auto id : ids)
    asked.push_back(user.find_by_pk({id}));
  return asked;
}

/// How many were answered rightly.
size_t count_right(answers all, bool found) {
  size_t right = 0;
  for (auto& a : all)
    if (auto r = a.get(); r && r->found() == found)
      ++right;
  return right;
}

size_t read_all(cache_on_mariadb& c, const std::vector<int64_t>& ids,
                bool found) {
  return count_right(ask_all(c, ids), found);
}

/// All actors take turns on one thread, so that one that waits holds up all.
struct one_thread_system {
  struct configuration : caf::actor_system_config {
    configuration() {
      configure(*this);
      set("scheduler.max-threads", size_t{1});
    }
  };
  configuration config;
  caf::actor_system system{config};
};

/// Until `release` every question waits for the DISPATCHER.
class held_questions {
public:
  explicit held_questions(cache_on_mariadb& c) {
    auto wait = [asked = asked_](dispatcher_context&) { asked->wait(); };
    caf::anon_send(
        c->running()->shared()->actors.dispatcher(),
        dispatch{
            std::make_shared<std::function<void(dispatcher_context&)>>(wait)});
  }
  void release() { asked_->count_down(); }

private:
  std::shared_ptr<std::latch> asked_ = std::make_shared<std::latch>(1);
};

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
  one_thread_system host;
  cache_on_mariadb c{server(), "herd_many", {}, &host.system};
  std::vector<int64_t> ids;
  for (int64_t id = 1; id <= crowd; ++id)
    ids.push_back(id);
  SECTION("keys without rows, asked from one thread") {
    CHECK(statements_of(c,
                        [&] {
                          held_questions all{c};
                          auto asked = ask_all(c, ids);
                          all.release();
                          CHECK(count_right(std::move(asked), false) == crowd);
                        })
          <= 12);
  }
  SECTION("keys with rows, asked from four threads") {
    std::string sql = "INSERT INTO user (id, name, created, updated) VALUES ";
    for (auto id : ids)
      sql += (id == 1 ? "(" : ",(") + std::to_string(id) + ",'u',NOW(),NOW())";
    c.foreign_sql(sql);
    size_t right = 0;
    CHECK(statements_of(c,
                        [&] {
                          held_questions all{c};
                          std::array<answers, 4> asked;
                          std::vector<std::thread> threads;
                          for (size_t t = 0; t < asked.size(); ++t)
                            threads.emplace_back([&, t] {
                              std::vector<int64_t> mine;
                              for (size_t i = t; i < ids.size(); i += 4)
                                mine.push_back(ids[i]);
                              asked[t] = ask_all(c, mine);
                            });
                          for (auto& t : threads)
                            t.join();
                          all.release();
                          for (auto& a : asked)
                            right += count_right(std::move(a), true);
                        })
          <= 12);
    CHECK(right == crowd);
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
