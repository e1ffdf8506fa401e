// The simulated bot meets the same data with the cache and on the bare
// database, whoever writes.
#include "tools/bot_backend.hpp"
#include "tools/population.hpp"

#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;

namespace {

/// Both ways to one SQLite database.
class both_ways {
public:
  both_ways() {
    options o;
    o.database.file = (folder_.path() / "data.db").string();
    o.persistence.file = (folder_.path() / "cache.db").string();
    o.log_level = "off";
    types_ = good(catalog::load("", o.ttl));
    source_ = good(make_database(o.database, types_));
    good(source_->create_schema(*types_));
    cache_parts parts;
    parts.config = o;
    parts.types = types_;
    parts.source = source_;
    cache_ = std::make_unique<cache>(good(cache::open(std::move(parts))));
    cached = make_cached_backend(*cache_);
    direct = good(make_direct_backend(*source_, *types_));
  }
  ~both_ways() {
    cached.reset();
    direct.reset();
    cache_->stop();
  }
  [[nodiscard]] database& source() { return *source_; }
  [[nodiscard]] const catalog& types() { return *types_; }

  template <class T>
  static T good(result<T> r) {
    if (!r)
      FAIL(to_string(r.error()));
    if constexpr (!std::is_void_v<T>)
      return std::move(*r);
  }

  std::unique_ptr<bot_backend> cached;
  std::unique_ptr<bot_backend> direct;

private:
  temporary_folder folder_;
  catalog_ptr types_;
  std::shared_ptr<database> source_;
  std::unique_ptr<cache> cache_;
};

} // namespace

TEST_CASE("whoever checks first, both ways find the same base data") {
  both_ways x;
  for (bool cached_first : {true, false}) {
    int64_t n = cached_first ? 100 : 200;
    discord_guild guild{n, "Guild"};
    discord_channel channel{n + 1, n, "channel"};
    discord_user user{n + 2, "User", "1234", "Nick"};
    auto& first = cached_first ? *x.cached : *x.direct;
    auto& second = cached_first ? *x.direct : *x.cached;
    REQUIRE(first.check_base_data(guild, channel, user));
    REQUIRE(second.check_base_data(guild, channel, user));
    REQUIRE(first.activate_user_channel(user.id, channel.id));
    REQUIRE(second.activate_user_channel(user.id, channel.id));
    for (auto* way : {&first, &second}) {
      auto profiles = way->list("profile", "user", {user.id});
      REQUIRE(profiles);
      REQUIRE(profiles->rows.size() == 1);
      CHECK(profiles->rows[0].text_at("name") == "default");
      auto link = way->find("user_channel", {user.id, channel.id});
      REQUIRE(link);
      REQUIRE(link->rows.size() == 1);
      auto code = link->rows[0].int_at("auth");
      CHECK(code >= 100'000'000);
      CHECK(code <= 999'999'999);
      auto by_code = way->list("user_channel", "auth", {code});
      REQUIRE(by_code);
      REQUIRE(by_code->rows.size() == 1);
      auto shown = way->list("channel_profile", "channel", {channel.id});
      REQUIRE(shown);
      REQUIRE(shown->rows.size() == 1);
      CHECK(shown->rows[0].text_at("profile_id")
            == profiles->rows[0].text_at("id"));
      auto member = way->find("guild_user", {user.id, guild.id});
      REQUIRE(member);
      CHECK(member->rows.at(0).text_at("displayname") == "Nick");
    }
  }
}

TEST_CASE("a new name is written, both ways") {
  both_ways x;
  discord_guild guild{100, "Old"};
  discord_channel channel{101, 100, "old"};
  discord_user user{102, "Old", "1234", "Old"};
  REQUIRE(x.cached->check_base_data(guild, channel, user));
  for (auto* way : {x.cached.get(), x.direct.get()}) {
    guild.name += "+";
    REQUIRE(way->check_base_data(guild, channel, user));
    auto row = x.direct->find("guild", {guild.id});
    REQUIRE(row);
    CHECK(row->rows.at(0).text_at("name") == guild.name);
  }
}

TEST_CASE("only the cache answers from memory") {
  both_ways x;
  discord_guild guild{100, "Guild"};
  REQUIRE(x.cached->check_base_data(guild, {101, 100, "c"},
                                    {102, "User", "1234", "Nick"}));
  for (auto* way : {x.cached.get(), x.direct.get()}) {
    REQUIRE(way->find("guild", {guild.id}));
    auto again = way->find("guild", {guild.id});
    REQUIRE(again);
    CHECK(again->from_memory == (way == x.cached.get()));
    auto none = way->find("guild", {999});
    REQUIRE(none);
    CHECK(none->rows.empty());
  }
}

TEST_CASE("errors come through, both ways") {
  both_ways x;
  for (auto* way : {x.cached.get(), x.direct.get()}) {
    CHECK_FALSE(way->find("guild", {"no number"}));
    CHECK_FALSE(way->list("guild", "no index", {1}));
    CHECK_FALSE(way->update("guild", {1}, {{"no_column", 1}}));
    // The guild is missing: a foreign key.
    CHECK_FALSE(way->activate_user_channel(1, 2));
  }
}

TEST_CASE("filling the tables twice changes nothing") {
  both_ways x;
  population who{{3, 6, 20, 4, 1, 0.3, 64}, 9, 0};
  for (int i = 0; i < 2; ++i)
    both_ways::good(populate(x.source(), x.types(), who));
  size_t known = 0;
  for (size_t i = 0; i < 20; ++i) {
    auto user = x.direct->find("user", {who.user(i).id});
    REQUIRE(user);
    CHECK(user->rows.size() == (who.known(i) ? 1u : 0u));
    known += who.known(i) ? 1 : 0;
  }
  CHECK(known > 4);
  CHECK(known < 20);
  for (const auto& o : who.overlays()) {
    auto link = x.direct->list("user_channel", "auth", {o.auth});
    REQUIRE(link);
    CHECK(link->rows.size() == 1);
  }
}
