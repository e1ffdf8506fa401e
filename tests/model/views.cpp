#include "model/views.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

// A row of a shipped entity whose columns hold, in order, 100, 101, ... or
// "c0", "c1", ...
row numbered(std::string_view entity) {
  auto c = *catalog::load("");
  const auto& type = *c->find(entity);
  std::vector<value> values;
  for (size_t i = 0; i < type.columns.size(); ++i) {
    if (type.types[i] == column_type::int64)
      values.emplace_back(static_cast<int64_t>(100 + i));
    else
      values.emplace_back("c" + std::to_string(i));
  }
  return *row::encode(type.types, values);
}

row all_null(std::string_view entity) {
  auto c = *catalog::load("");
  const auto& type = *c->find(entity);
  return *row::encode(type.types, std::vector<value>(type.types.size()));
}

std::string replaced(std::string_view from, std::string_view to) {
  std::string text{catalog::shipped_json()};
  auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::string refusal(const std::string& json) {
  auto c = catalog::parse(json, "test");
  if (!c)
    FAIL(c.error().what);
  auto bound = bind_views(**c);
  REQUIRE_FALSE(bound.has_value());
  CHECK(bound.error().code == errc::invalid);
  return bound.error().what;
}

} // namespace

TEST_CASE("the views fit the shipped catalog") {
  auto c = *catalog::load("");
  auto bound = bind_views(*c);
  if (!bound)
    FAIL(bound.error().what);
}

TEST_CASE("user_view names the user's columns") {
  user_view v{numbered("user")};
  CHECK(v);
  CHECK(v.id() == 100);
  CHECK(v.name() == "c1");
  CHECK(v.discriminator() == "c2");
  CHECK(v.fc_switch() == "c3");
  CHECK(v.created() == "c4");
  CHECK(v.updated() == "c5");
}

TEST_CASE("guild_view names the guild's columns") {
  guild_view v{numbered("guild")};
  CHECK(v.id() == 100);
  CHECK(v.name() == "c1");
  CHECK(v.created() == "c2");
  CHECK(v.updated() == "c3");
}

TEST_CASE("channel_view names the channel's columns") {
  channel_view v{numbered("channel")};
  CHECK(v.id() == 100);
  CHECK(v.guild_id() == 101);
  CHECK(v.name() == "c2");
  CHECK(v.guest_current() == 103);
  CHECK(v.guest_penalties() == "c4");
  CHECK(v.guest_mkc_url() == "c5");
  CHECK(v.guest_tag() == "c6");
  CHECK(v.guest_name() == "c7");
  CHECK(v.guest_img() == "c8");
  CHECK(v.home_current() == 109);
  CHECK(v.home_penalties() == "c10");
  CHECK(v.home_mkc_url() == "c11");
  CHECK(v.home_tag() == "c12");
  CHECK(v.home_name() == "c13");
  CHECK(v.home_img() == "c14");
  CHECK(v.created() == "c15");
  CHECK(v.updated() == "c16");
}

TEST_CASE("profile_view names the profile's columns") {
  profile_view v{numbered("profile")};
  CHECK(v.id() == "c0");
  CHECK(v.user_id() == 101);
  CHECK(v.name() == "c2");
  CHECK(v.bg_url() == "c3");
  CHECK(v.css() == "c4");
  CHECK(v.html() == "c5");
  CHECK(v.update_span() == 106);
  CHECK(v.created() == "c7");
  CHECK(v.updated() == "c8");
}

TEST_CASE("user_channel_view names the columns of the junction") {
  user_channel_view v{numbered("user_channel")};
  CHECK(v.user_id() == 100);
  CHECK(v.channel_id() == 101);
  CHECK(v.auth() == 102);
  CHECK(v.is_active() == 103);
  CHECK(v.created() == "c4");
  CHECK(v.updated() == "c5");
}

TEST_CASE("guild_user_view names the columns of the junction") {
  guild_user_view v{numbered("guild_user")};
  CHECK(v.user_id() == 100);
  CHECK(v.guild_id() == 101);
  CHECK(v.displayname() == "c2");
  CHECK(v.created() == "c3");
  CHECK(v.updated() == "c4");
}

TEST_CASE("channel_profile_view names the columns of the junction") {
  channel_profile_view v{numbered("channel_profile")};
  CHECK(v.channel_id() == 100);
  CHECK(v.profile_id() == "c1");
  CHECK(v.created() == "c2");
  CHECK(v.updated() == "c3");
}

TEST_CASE("views tell NULL from empty") {
  CHECK_FALSE(user_view{all_null("user")}.name().has_value());
  CHECK_FALSE(profile_view{all_null("profile")}.update_span().has_value());
  CHECK_FALSE(
      user_channel_view{all_null("user_channel")}.is_active().has_value());
}

TEST_CASE("a view of no row or of a foreign row stays within it") {
  channel_view none{row{}};
  CHECK_FALSE(none);
  CHECK(none.id() == 0);
  CHECK_FALSE(none.home_img().has_value());
  channel_view foreign{numbered("guild")};
  CHECK(foreign.id() == 100);
  CHECK(foreign.guild_id() == 0);
  CHECK(foreign.updated().empty());
}

TEST_CASE("a view shares its row") {
  auto r = numbered("user");
  user_view v{r};
  CHECK(v.content().bytes().data() == r.bytes().data());
  CHECK(v.name()->data() == r.text_at(1).data());
}

TEST_CASE("a catalog that a view does not fit is refused") {
  CHECK(refusal(R"({"version": 1, "entities": [{"name": "x", "table": "x",
      "columns": [{"name": "id", "type": "int64", "sql_type": "BIGINT"}],
      "primary_key": ["id"]}]})")
        == "view of 'user': expected an entity of that name in the catalog");
  CHECK(refusal(replaced(R"("fc_switch", "type": "text")",
                         R"("switch", "type": "text")"))
        == "view of 'user': expected column 4 to be fc_switch text");
  CHECK(refusal(replaced(R"("name": "auth", "type": "int64")",
                         R"("name": "auth", "type": "uint64")"))
        == "view of 'user_channel': expected column 3 to be auth int64 NOT "
           "NULL");
  CHECK(refusal(replaced(R"("name": "created", "type": "datetime")",
                         R"("name": "created", "type": "datetime",
                            "nullable": true)"))
        == "view of 'user': expected column 5 to be created datetime NOT NULL");
}
