#include "client/operations.hpp"

#include "client/group_of.hpp"
#include "client/record.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

const catalog& shipped() {
  static const catalog_ptr types = catalog::load("").value();
  return *types;
}

const entity_type& type(std::string_view name) {
  return *shipped().find(name);
}

// 2026-11-22 20:04:05 UTC
const wall_time now{std::chrono::milliseconds{1795377845678}};

value value_of(const operation& op, const entity_type& t,
               std::string_view column) {
  for (auto& [i, v] : op.set)
    if (t.columns[i].name == column)
      return v;
  return {};
}

bool names(const operation& op, const entity_type& t, std::string_view column) {
  for (auto& [i, v] : op.set)
    if (t.columns[i].name == column)
      return true;
  return false;
}

} // namespace

TEST_CASE("an insert coerces, and stamps what the caller does not name") {
  auto& guild = type("guild");
  auto op = make_insert(guild, {{"id", uint64_t{7}}, {"name", "a"}}, now);
  REQUIRE(op);
  CHECK(value_of(*op, guild, "id") == value{int64_t{7}});
  CHECK(value_of(*op, guild, "created") == value{"2026-11-22 20:04:05"});
  CHECK(value_of(*op, guild, "updated") == value{"2026-11-22 20:04:05"});
  auto own = make_insert(guild, {{"id", 7}, {"created", "2020-01-01 00:00:00"}},
                         now);
  REQUIRE(own);
  CHECK(value_of(*own, guild, "created") == value{"2020-01-01 00:00:00"});
}

TEST_CASE("an update stamps `updated` only") {
  auto& guild = type("guild");
  auto op = make_update(guild, 7, {{"name", nullptr}}, now);
  REQUIRE(op);
  CHECK(names(*op, guild, "updated"));
  CHECK_FALSE(names(*op, guild, "created"));
  CHECK(value_of(*op, guild, "name").is_null());
  CHECK(op->keys.size() == 1);
}

TEST_CASE("wrong fields are named") {
  auto& channel = type("channel");
  auto text = [](auto r) { return r ? std::string{} : r.error().what; };
  CHECK(text(to_assignments(channel, {{"nam", "x"}}))
        == "channel.nam: no such column");
  CHECK(text(to_assignments(channel, {{"name", "x"}, {"name", "y"}}))
        == "channel.name: named twice");
  CHECK(text(to_assignments(channel, {{"guild_id", nullptr}}))
        == "channel.guild_id: expected int64, got NULL");
  CHECK(text(to_assignments(channel, {{"guild_id", "x"}}))
            .find("channel.guild_id")
        == 0);
  CHECK_FALSE(make_insert(channel, {{"x", 1}}, now));
  CHECK_FALSE(make_update(channel, 1, {{"x", 1}}, now));
  CHECK_FALSE(make_update(channel, "x", {}, now));
  CHECK_FALSE(make_erase(channel, "x"));
}

TEST_CASE("conditions are checked") {
  auto& guild = type("guild");
  query q;
  q.all_of = {equals("name", nullptr), is_in("id", {1, 2})};
  q.order_by = {{"id", true}};
  q.limit = 3;
  auto f = to_filter(guild, q);
  REQUIRE(f);
  CHECK(f->all_of[0].op == compare::is_null);
  CHECK(f->all_of[1].operands.size() == 2);
  CHECK(f->order_by[0].second);
  CHECK(f->limit == 3);
  auto refused = [&](query bad) {
    return !to_filter(guild, bad) && !make_erase_where(guild, bad)
           && !make_update_where(guild, bad, {{"name", "x"}}, now);
  };
  CHECK(refused({{{"ghost", compare::eq, {1}}}, {}, 0}));
  CHECK(refused({{{"id", compare::eq, {}}}, {}, 0}));
  CHECK(refused({{{"id", compare::lt, {1, 2}}}, {}, 0}));
  CHECK(refused({{{"id", compare::is_null, {1}}}, {}, 0}));
  CHECK(refused({{{"id", compare::eq, {"x"}}}, {}, 0}));
  CHECK(refused({{}, {{"ghost", false}}, 0}));
  CHECK_FALSE(make_update_where(guild, {}, {{"ghost", 1}}, now));
}

TEST_CASE("lists are found by index, parent or list name") {
  auto& uc = type("user_channel");
  CHECK(find_list(uc, "auth") == uc.find_index("auth").value());
  CHECK(find_list(uc, "user") == uc.find_index("user.user_channels").value());
  auto ambiguous = find_list(uc, "user_channels");
  REQUIRE_FALSE(ambiguous);
  CHECK(ambiguous.error().what.find("several") != std::string::npos);
  CHECK(find_list(type("profile"), "profiles")
        == find_list(type("profile"), "user"));
  CHECK_FALSE(find_list(uc, "ghost"));
}

TEST_CASE("find_or_create knows its key when `where` names it") {
  auto& uc = type("user_channel");
  auto by_key = make_find_or_create(uc, {{"channel_id", 2}, {"user_id", 1}},
                                    {{"auth", 5}, {"user_id", 9}}, now);
  REQUIRE(by_key);
  REQUIRE(by_key->keys.size() == 1);
  CHECK(by_key->keys[0]
        == uc.make_key(primary_index, std::vector<value>{1, 2}).value());
  CHECK(value_of(*by_key, uc, "user_id") == value{1}); // `where` counts
  CHECK(by_key->where.all_of.size() == 2);
  auto by_other = make_find_or_create(uc, {{"auth", 5}}, {}, now);
  REQUIRE(by_other);
  CHECK(by_other->keys.empty());
  CHECK_FALSE(primary_key_in(uc, {{"user_id", 1}, {"auth", 5}}));
  CHECK_FALSE(primary_key_in(uc, {{"user_id", "x"}, {"channel_id", 5}}));
  CHECK_FALSE(make_find_or_create(uc, {{"ghost", 1}}, {}, now));
  CHECK_FALSE(make_find_or_create(uc, {{"auth", 1}}, {{"ghost", 1}}, now));
}

TEST_CASE("an upsert finds or creates, then updates all but `created`") {
  auto& guild = type("guild");
  auto ops = make_upsert(guild, {{"name", "a"}, {"id", 1}}, now);
  REQUIRE(ops);
  REQUIRE(ops->size() == 2);
  CHECK((*ops)[0].kind == operation::kind_type::find_or_create);
  CHECK(names((*ops)[0], guild, "created"));
  CHECK((*ops)[1].kind == operation::kind_type::update);
  CHECK_FALSE(names((*ops)[1], guild, "created"));
  CHECK_FALSE(names((*ops)[1], guild, "id"));
  CHECK_FALSE(make_upsert(guild, {{"name", "a"}}, now));
  CHECK_FALSE(make_upsert(guild, {{"id", 1}, {"ghost", 1}}, now));
  CHECK_FALSE(make_upsert(guild, {{"id", 1}, {"name", 5}}, now));
}

TEST_CASE("the group is known where key or values hold it") {
  auto& guild = type("guild");
  auto& channel = type("channel");
  auto id = guild.make_key(primary_index, std::vector<value>{77}).value();
  CHECK(group_of(guild, id) == 77);
  auto in_guild
      = channel
            .make_key(channel.relations[0].list_index, std::vector<value>{77})
            .value();
  CHECK(group_of(channel, in_guild) == 77);
  auto op = make_insert(channel, {{"id", 1}, {"guild_id", 78}}, now).value();
  CHECK(group_of(channel, op) == 78);
  auto other = make_update(channel, 1, {{"name", "x"}}, now).value();
  CHECK(group_of(channel, other) == 0);
  CHECK(group_of(guild, make_erase(guild, 79).value()) == 79);
  CHECK(group_of(
            type("user"),
            type("user").make_key(primary_index, std::vector<value>{1}).value())
        == 0);
}

TEST_CASE("a record gives its columns, or zero and a reason") {
  auto& guild = type("guild");
  row_reply reply;
  reply.content
      = row::encode(guild.types,
                    std::vector<value>{7, nullptr, "2026-01-01 00:00:00",
                                       "2026-01-02 00:00:00"})
            .value();
  record r{guild, reply};
  CHECK(r.int_at("id") == 7);
  CHECK(r.is_null("name"));
  CHECK(r.text_at("name").empty());
  CHECK(r.int_at("created") == 0);
  CHECK(r.id() == std::vector<value>{7});
  CHECK(r.version().updated == "2026-01-02 00:00:00");
  CHECK(r.at("ghost").error().what == "guild.ghost: no such column");
  record absent{guild, {}};
  CHECK(absent.at("id").error().code == errc::not_found);
  CHECK(absent.text_at("name").empty());
  CHECK(absent.is_null("id"));
  CHECK(record{}.at("id").error().code == errc::not_found);
  CHECK(record{}.int_at("id") == 0);
}
