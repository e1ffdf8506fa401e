#include "model/catalog.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

TEST_CASE("the shipped catalog holds the seven entities") {
  auto shipped = catalog::load("");
  if (!shipped)
    FAIL(shipped.error().what);
  const auto& c = **shipped;
  std::vector<std::string> names;
  for (const auto& type : c.types())
    names.push_back(type.name);
  CHECK(names
        == std::vector<std::string>{"user", "guild", "channel", "profile",
                                    "user_channel", "guild_user",
                                    "channel_profile"});
  auto auth = c.find("user_channel")->find_index("auth");
  REQUIRE(auth.has_value());
  CHECK(c.find("user_channel")->indexes[*auth - 1u].kind
        == index::kind_type::lookup);
}

TEST_CASE("the shipped catalog's lists are found from their parents") {
  auto c = *catalog::load("");
  auto lists = [&](const char* parent) {
    std::vector<std::string> out;
    for (auto [child, at] : c->children(c->find(parent)->id)) {
      const auto& type = (*c)[child];
      out.push_back(type.name + " as " + type.relations[at].list_name);
      CHECK(type.indexes[type.relations[at].list_index - 1u].columns
            == type.relations[at].columns);
      CHECK(type.relations[at].on_update == reference_action::cascade);
      CHECK(type.relations[at].on_delete == reference_action::restrict);
    }
    return out;
  };
  using list = std::vector<std::string>;
  CHECK(lists("user")
        == list{"profile as profiles", "user_channel as user_channels",
                "guild_user as guild_users"});
  CHECK(lists("guild")
        == list{"channel as channels", "guild_user as guild_users"});
  CHECK(lists("channel")
        == list{"user_channel as user_channels",
                "channel_profile as channel_profiles"});
  CHECK(lists("profile") == list{"channel_profile as channel_profiles"});
  CHECK(c->find_list(c->find("user")->id, "profiles").has_value());
  CHECK_FALSE(c->find_list(c->find("user")->id, "channels").has_value());
}

TEST_CASE("the shipped catalog tells how rows reach their guild") {
  auto c = *catalog::load("");
  auto column = [&](const char* name) {
    const auto& type = *c->find(name);
    return type.group_column ? type.columns[*type.group_column].name : "";
  };
  auto via = [&](const char* name) {
    const auto& type = *c->find(name);
    return type.group_relation ? type.relations[*type.group_relation].name : "";
  };
  CHECK(column("guild") == "id");
  CHECK(column("channel") == "guild_id");
  CHECK(column("guild_user") == "guild_id");
  CHECK(via("user_channel") == "channel");
  CHECK(via("channel_profile") == "channel");
  for (auto name : {"user", "profile"}) {
    CHECK(column(name).empty());
    CHECK(via(name).empty());
  }
}

TEST_CASE("the shipped catalog keeps today's times to live") {
  auto c = *catalog::load("");
  for (const auto& type : c->types()) {
    INFO(type.name);
    bool top
        = type.name == "user" || type.name == "guild" || type.name == "channel";
    CHECK(type.ttl.fresh == std::chrono::seconds{top ? 600 : 300});
  }
}

TEST_CASE("the shipped catalog survives printing and parsing") {
  auto c = *catalog::load("");
  auto again = catalog::parse(c->to_json(), "printed");
  if (!again)
    FAIL(again.error().what);
  CHECK((*again)->fingerprint() == c->fingerprint());
  CHECK(std::equal(c->types().begin(), c->types().end(),
                   (*again)->types().begin(), (*again)->types().end()));
  CHECK((*again)->to_json() == c->to_json());
}
