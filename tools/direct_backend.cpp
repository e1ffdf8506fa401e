// The simulated bot on the bare database: a statement for each question, as an
// object-relational mapper without a cache asks.
#include <array>
#include <cstdio>

#include "tools/bot_backend.hpp"
#include "tools/table_writer.hpp"

namespace toadcache {

namespace {

class direct_backend : public bot_backend {
public:
  direct_backend(std::unique_ptr<session> to, const catalog& types)
      : tables_(std::move(to), types) {}

  result<bool> check_base_data(const discord_guild& guild,
                               const discord_channel& channel,
                               const discord_user& user) override {
    return check("guild", {guild.id}, {{"id", guild.id}}, "name", guild.name)
        .and_then([&] {
          return check("channel", {channel.id},
                       {{"id", channel.id}, {"guild_id", channel.guild_id}},
                       "name", channel.name);
        })
        .and_then([&] {
          return check("user", {user.id},
                       {{"id", user.id}, {"discriminator", user.discriminator}},
                       "name", user.name);
        })
        .and_then([&] { return check_default_profile(user.id); })
        .and_then([&] { return check_user_channel(user.id, channel.id); })
        .and_then([&] {
          return check("guild_user", {user.id, guild.id},
                       {{"user_id", user.id}, {"guild_id", guild.id}},
                       "displayname", user.displayname);
        })
        .map([] { return false; });
  }

  result<bool> activate_user_channel(int64_t user_id,
                                     int64_t channel_id) override {
    return check_user_channel(user_id, channel_id)
        .and_then([&] {
          return tables_.update_alone("user_channel", {user_id, channel_id},
                                      {{"isActive", 1}});
        })
        .and_then([&] { return link_default_profile(user_id, channel_id); })
        .map([] { return false; });
  }

  result<found> find(std::string_view entity,
                     const std::vector<value>& id) override {
    auto r = tables_.find(entity, id);
    if (!r)
      return fail(r.error());
    found out;
    if (*r)
      out.rows.push_back(as_record(entity, *r));
    return out;
  }

  result<found> list(std::string_view entity, std::string_view index,
                     const std::vector<value>& of) override {
    auto rows = tables_.list(entity, index, of);
    if (!rows)
      return fail(rows.error());
    found out;
    for (const auto& r : *rows)
      out.rows.push_back(as_record(entity, r));
    return out;
  }

  result<void> update(std::string_view entity, const std::vector<value>& id,
                      const fields& set) override {
    return tables_.update_alone(entity, id, set);
  }

private:
  record as_record(std::string_view entity, const row& r) const {
    row_reply reply;
    reply.content = r;
    return {*tables_.types().find(entity), reply};
  }

  /// A row that another client has just made is as good as an own one.
  result<void> insert(std::string_view entity, fields set) {
    auto done = tables_.insert_alone(entity, std::move(set));
    if (!done && done.error().code != errc::duplicate)
      return done;
    return {};
  }

  /// Finds or creates a row, then renames it.
  result<void> check(std::string_view entity, const std::vector<value>& id,
                     fields set, const std::string& column,
                     const std::string& name) {
    auto there = find(entity, id);
    if (!there)
      return fail(there.error());
    if (there->rows.empty()) {
      set.emplace_back(column, name);
      return insert(entity, std::move(set));
    }
    if (there->rows.front().text_at(column) == name)
      return {};
    return update(entity, id, {{column, name}});
  }

  /// The id of the user's profile named 'default'; empty when there is none.
  result<std::string> default_profile(int64_t user_id) {
    auto profiles = list("profile", "user", {user_id});
    if (!profiles)
      return fail(profiles.error());
    for (const auto& p : profiles->rows)
      if (p.text_at("name") == "default")
        return std::string{p.text_at("id")};
    return std::string{};
  }

  result<void> check_default_profile(int64_t user_id) {
    auto id = default_profile(user_id);
    if (!id)
      return fail(id.error());
    if (!id->empty())
      return {};
    std::array<char, 40> own{};
    std::snprintf(own.data(), own.size(), "00000000-0000-4000-9000-%012llu",
                  static_cast<unsigned long long>(user_id) % 1'000'000'000'000);
    return insert("profile", {{"id", own.data()},
                              {"user_id", user_id},
                              {"name", "default"},
                              {"css", "empty"},
                              {"html", "empty"}});
  }

  result<void> check_user_channel(int64_t user_id, int64_t channel_id) {
    auto there = find("user_channel", {user_id, channel_id});
    if (!there)
      return fail(there.error());
    if (!there->rows.empty())
      return {};
    // Codes of overlays start lower; a taken one is drawn again.
    constexpr int64_t smallest = 900'000'000;
    constexpr int64_t count = 99'999'999;
    constexpr int max_draws = 100;
    for (int i = 0; i < max_draws; ++i) {
      // Of the ids' last digits, so that nothing overflows.
      auto auth
          = smallest
            + (user_id % count * 31 + channel_id % count + ++draws_ * 7919)
                  % count;
      auto taken = list("user_channel", "auth", {auth});
      if (!taken)
        return fail(taken.error());
      if (taken->rows.empty())
        return insert("user_channel", {{"user_id", user_id},
                                       {"channel_id", channel_id},
                                       {"auth", auth},
                                       {"isActive", 0}});
    }
    return fail(errc::internal, "no free access code found");
  }

  result<void> link_default_profile(int64_t user_id, int64_t channel_id) {
    auto id = default_profile(user_id);
    if (!id)
      return fail(id.error());
    auto there = find("channel_profile", {channel_id, *id});
    if (!there)
      return fail(there.error());
    if (!there->rows.empty())
      return {};
    return insert("channel_profile",
                  {{"channel_id", channel_id}, {"profile_id", *id}});
  }

  table_writer tables_;
  int64_t draws_ = 0;
};

} // namespace

result<std::unique_ptr<bot_backend>> make_direct_backend(database& of,
                                                         const catalog& types) {
  auto connection = of.connect();
  if (!connection)
    return fail(connection.error());
  return std::make_unique<direct_backend>(std::move(*connection), types);
}

} // namespace toadcache
