#include <set>
#include <thread>
#include <vector>

#include "client/check_plan.hpp"
#include "client/checks.hpp"
#include "tests/catch.hpp"
#include "tests/client/live_cache.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

const discord_guild cup{100, "Mushroom Cup"};
const discord_channel war{201, 100, "war"};
const discord_user peach{7, "Peach", "0", "Princess"};

size_t rows_in(const cache& c, std::string_view entity) {
  return must(c.entity(entity).find_where({}).get()).size();
}

} // namespace

TEST_CASE("the first use of a new guild makes all its rows, parents first") {
  live_database db;
  auto c = db.open();
  checks k{c};
  auto base = must(k.check_base_data(cup, war, peach).get());
  CHECK(base.guild.text_at("name") == "Mushroom Cup");
  CHECK(base.channel.int_at("guild_id") == 100);
  CHECK(base.user.text_at("name") == "Peach");
  for (auto entity :
       {"guild", "channel", "user", "profile", "user_channel", "guild_user"})
    CHECK(rows_in(c, entity) == 1);
  auto profiles = must(c.profiles().find_all("user", 7).get());
  REQUIRE(profiles.size() == 1);
  CHECK(profiles[0]->name() == "default");
  CHECK(profiles[0]->css() == "empty");
  CHECK(profiles[0]->bg_url() == "empty");
  CHECK(profiles[0]->update_span() == 1000);
  auto link = must(c.user_channels().find_by_pk({7, 201}).get());
  CHECK(link->auth() >= 100'000'000);
  CHECK(link->auth() <= 999'999'999);
  CHECK(link->is_active() == 0);
  auto member = must(c.guild_users().find_by_pk({7, 100}).get());
  CHECK(member->displayname() == "Princess");
}

TEST_CASE("a warm check of everything needs no statement and no coroutine") {
  live_database db;
  auto c = db.open();
  checks k{c};
  must(k.check_base_data(cup, war, peach).get());
  must(k.check_base_data(cup, war, peach).get()); // reads the profile list
  auto before = c.statistics().statements;
  for (int i = 0; i < 10; ++i) {
    auto warm = k.check_base_data(cup, war, peach);
    REQUIRE(warm.ready());
    CHECK(must(warm.get()).user.int_at("id") == 7);
  }
  CHECK(k.check_guild(cup).ready());
  CHECK(k.check_channel(war).ready());
  CHECK(k.check_user(peach).ready());
  CHECK(k.check_user_channel(7, 201).ready());
  CHECK(k.check_guild_user(cup, peach).ready());
  CHECK(c.statistics().statements == before);
}

TEST_CASE("a warm check finds the default profile wherever it stands") {
  live_database db;
  auto c = db.open();
  checks k{c};
  must(k.check_base_data(cup, war, peach).get());
  auto own = must(c.profiles().find_all("user", 7).get());
  REQUIRE(own.size() == 1);
  auto profile = [](const char* id) {
    return fields{{"id", id},      {"user_id", 7}, {"name", "mine"},
                  {"bg_url", "x"}, {"css", "x"},   {"html", "x"}};
  };
  // One before and one behind it.
  must(c.profiles()
           .create(profile("00000000-0000-4000-8000-000000000000"))
           .get());
  must(c.profiles()
           .create(profile("ffffffff-ffff-4fff-bfff-ffffffffffff"))
           .get());
  must(k.check_base_data(cup, war, peach).get());
  CHECK(k.check_base_data(cup, war, peach).ready());
  // Without it another is made.
  must(c.profiles().destroy(std::string{own[0]->id()}).get());
  must(k.check_user(peach).get());
  CHECK(rows_in(c, "profile") == 3);
  must(k.check_user(peach).get());
  CHECK(k.check_user(peach).ready());
}

TEST_CASE("a warm check counts one lookup for each row and list it looks at") {
  live_database db;
  auto c = db.open();
  checks k{c};
  for (int i = 0; i < 2; ++i)
    must(k.check_base_data(cup, war, peach).get());
  auto hits = [&] {
    std::vector<uint64_t> all;
    for (auto* name :
         {"guild", "channel", "user", "user_channel", "guild_user", "profile"})
      all.push_back(c.statistics().find(name)->hits);
    return all;
  };
  auto before = hits();
  REQUIRE(k.check_base_data(cup, war, peach).ready());
  auto after = hits();
  std::vector<uint64_t> more;
  for (size_t i = 0; i < after.size(); ++i)
    more.push_back(after[i] - before[i]);
  CHECK(more == std::vector<uint64_t>{1, 1, 1, 1, 1, 2}); // the list, its row
}

TEST_CASE("names that Discord changed are changed") {
  live_database db;
  auto c = db.open();
  checks k{c};
  must(k.check_base_data(cup, war, peach).get());
  auto star = cup;
  star.name = "Star Cup";
  auto finals = war;
  finals.name = "finals";
  auto daisy = peach;
  daisy.name = "Daisy";
  daisy.discriminator = "1234";
  daisy.displayname = "";
  auto base = must(k.check_base_data(star, finals, daisy).get());
  CHECK(base.guild.text_at("name") == "Star Cup");
  CHECK(base.channel.text_at("name") == "finals");
  CHECK(base.user.text_at("discriminator") == "1234");
  CHECK(must(c.users().find_by_pk(7).get())->name() == "Daisy");
  CHECK(must(c.guild_users().find_by_pk({7, 100}).get())->displayname()
        == "Daisy");
  auto nameless = star;
  nameless.name = ""; // not known: nothing to change
  CHECK(must(k.check_guild(nameless).get()).text_at("name") == "Star Cup");
}

TEST_CASE("activating a user channel links the default profile, once") {
  live_database db;
  auto c = db.open();
  checks k{c};
  must(k.check_guild(cup).get());
  must(k.check_channel(war).get());
  must(c.users().create({{"id", 7}, {"name", "Peach"}}).get());
  auto first = must(k.check_user_channel(7, 201, true).get());
  CHECK(first.int_at("isActive") == 1);
  auto links = must(c.channel_profiles().find_all("channel", 201).get());
  REQUIRE(links.size() == 1);
  auto profile = must(c.profiles().find_by_pk(links[0]->profile_id()).get());
  CHECK(profile->name() == "default");
  auto again = must(k.check_user_channel(7, 201, true).get());
  CHECK(again.int_at("auth") == first.int_at("auth"));
  CHECK(rows_in(c, "profile") == 1);
  CHECK(rows_in(c, "channel_profile") == 1);
}

TEST_CASE("an existing user channel is activated later") {
  live_database db;
  auto c = db.open();
  checks k{c};
  must(k.check_base_data(cup, war, peach).get());
  auto auth = must(c.user_channels().find_by_pk({7, 201}).get())->auth();
  auto active = must(k.check_user_channel(7, 201, true).get());
  CHECK(active.int_at("isActive") == 1);
  CHECK(active.int_at("auth") == auth);
  // Checking without `activate` leaves it active.
  CHECK(must(k.check_user_channel(7, 201).get()).int_at("isActive") == 1);
}

TEST_CASE("a check whose parents are missing says so") {
  live_database db;
  auto c = db.open();
  checks k{c};
  CHECK(k.check_channel(war).get().error().code == errc::foreign_key);
  auto other = war;
  other.guild_id = 1;
  CHECK(k.check_base_data(cup, other, peach).get().error().code
        == errc::invalid);
}

TEST_CASE("rows removed behind the cache's back are made again") {
  live_database db;
  auto c = db.open();
  checks k{c};
  must(k.check_base_data(cup, war, peach).get());
  {
    auto other = db.open();
    must(other.guild_users().destroy({7, 100}).get());
    must(other.user_channels().destroy({7, 201}).get());
    must(other.channels().destroy(201).get());
    must(other.guilds().destroy(100).get());
  }
  // Memory still shows the guild; the channel's insert meets its absence.
  must(c.invalidate("channel", 201).get());
  auto base = must(k.check_base_data(cup, war, peach).get());
  CHECK(base.channel.int_at("guild_id") == 100);
  CHECK(rows_in(c, "guild") == 1);
}

TEST_CASE("two processes that see a guild for the first time both succeed") {
  live_database db;
  auto a = db.open();
  auto b = db.open();
  std::vector<std::thread> threads;
  std::atomic<int> ok{0};
  for (auto* c : {&a, &b})
    threads.emplace_back([c, &ok] {
      checks k{*c};
      for (int64_t i = 0; i < 10; ++i) {
        auto channel = war;
        channel.id += i;
        auto user = peach;
        user.id += i % 3;
        auto r = k.check_base_data(cup, channel, user).get();
        UNSCOPED_INFO((r ? "" : to_string(r.error())));
        ok += r ? 1 : 0;
      }
    });
  for (auto& t : threads)
    t.join();
  CHECK(ok == 20);
  CHECK(rows_in(a, "profile") == 3); // one default each, though no key says so
  CHECK(rows_in(a, "channel") == 10);
}

TEST_CASE("access codes have nine digits and ids are version 4") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    auto code = random_auth();
    CHECK(code >= 100'000'000);
    CHECK(code <= 999'999'999);
    auto id = random_uuid();
    REQUIRE(id.size() == 36);
    CHECK(id[14] == '4');
    CHECK(std::string{"89ab"}.find(id[19]) != std::string::npos);
    seen.insert(id);
  }
  CHECK(seen.size() == 100);
}

TEST_CASE("a catalog without the seven is told apart") {
  constexpr auto json = R"({"version": 1, "entities": [{"name": "guild",
    "table": "guild", "columns": [{"name": "id", "type": "int64",
    "sql_type": "BIGINT"}], "primary_key": ["id"]}]})";
  auto types = must(catalog::parse(json, "test"));
  auto r = check_types::of(*types);
  REQUIRE_FALSE(r);
  CHECK(r.error().code == errc::invalid);
  CHECK(r.error().what.find("'channel'") != std::string::npos);
}
