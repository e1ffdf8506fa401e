// Fills the tables with the rows that a simulation starts from.
#include <algorithm>

#include "tools/population.hpp"
#include "tools/table_writer.hpp"

namespace toadcache {

namespace {

struct new_row {
  std::vector<value> id;
  fields set;
};

/// Rows of one entity, written in transactions of many.
class table_filler {
public:
  table_filler(table_writer& to, std::string_view entity)
      : to_(to), entity_(entity) {}

  result<void> add(std::vector<value> id, fields set) {
    waiting_.push_back({std::move(id), std::move(set)});
    return waiting_.size() < batch_count ? result<void>{} : flush();
  }

  result<void> flush() {
    auto batch = std::move(waiting_);
    waiting_.clear();
    if (batch.empty())
      return {};
    const auto& type = *to_.types().find(entity_);
    std::vector<key> keys;
    for (const auto& x : batch) {
      auto k = type.make_key(primary_index, x.id);
      if (!k)
        return fail(k.error());
      keys.push_back(std::move(*k));
    }
    auto& connection = to_.connection();
    auto there = connection.read_keys(type, keys, false);
    if (!there)
      return fail(there.error());
    std::vector<key> existing;
    for (const auto& r : *there)
      existing.push_back(type.key_of(r));
    if (auto begun = connection.begin(); !begun)
      return begun;
    for (size_t i = 0; i < batch.size(); ++i) {
      if (std::find(existing.begin(), existing.end(), keys[i])
          != existing.end())
        continue;
      if (auto ok = to_.insert(entity_, batch[i].set); !ok) {
        connection.rollback();
        return ok;
      }
    }
    auto end = connection.commit();
    return end.how == outcome::committed ? result<void>{} : fail(end.why);
  }

private:
  static constexpr size_t batch_count = 500;
  table_writer& to_;
  std::string_view entity_;
  std::vector<new_row> waiting_;
};

/// errc::invalid when a table holds ids that no simulation makes.
result<void> refuse_others(table_writer& to) {
  for (auto name : {"guild", "user"}) {
    const auto& type = *to.types().find(name);
    for (auto [op, id] : {std::pair{compare::lt, first_simulated_id},
                          std::pair{compare::ge, last_simulated_id}}) {
      filter where;
      where.all_of.push_back({type.primary_key.front(), op, {value{id}}});
      where.limit = 1;
      auto rows = to.connection().read_where(type, where, false);
      if (!rows)
        return fail(rows.error());
      if (!rows->empty())
        return fail(errc::invalid, "table " + type.table
                                       + " holds rows of others; a simulation "
                                         "needs a schema of its own");
    }
  }
  return {};
}

result<void> fill_places(table_writer& to, const population& who) {
  table_filler guilds{to, "guild"};
  for (size_t i = 0; i < who.sizes().guilds_count; ++i) {
    auto g = who.guild(i);
    if (auto ok = guilds.add({g.id}, {{"id", g.id}, {"name", g.name}}); !ok)
      return ok;
  }
  if (auto ok = guilds.flush(); !ok)
    return ok;
  table_filler channels{to, "channel"};
  for (size_t i = 0; i < who.sizes().channels_count; ++i) {
    auto c = who.channel(i);
    auto ok = channels.add(
        {c.id}, {{"id", c.id}, {"guild_id", c.guild_id}, {"name", c.name}});
    if (!ok)
      return ok;
  }
  return channels.flush();
}

template <class F>
result<void> for_known(const population& who, F f) {
  for (size_t i = 0; i < who.sizes().users_count; ++i) {
    if (!who.known(i))
      continue;
    if (auto ok = f(i); !ok)
      return ok;
  }
  return {};
}

result<void> fill_users(table_writer& to, const population& who) {
  table_filler users{to, "user"};
  table_filler profiles{to, "profile"};
  table_filler members{to, "guild_user"};
  return for_known(who,
                   [&](size_t i) {
                     auto u = who.user(i);
                     return users.add({u.id},
                                      {{"id", u.id},
                                       {"name", u.name},
                                       {"discriminator", u.discriminator}});
                   })
      .and_then([&] { return users.flush(); })
      .and_then([&] {
        return for_known(who, [&](size_t i) {
          auto id = who.profile_id(i);
          return profiles.add({id}, {{"id", id},
                                     {"user_id", who.user(i).id},
                                     {"name", "default"},
                                     {"css", who.profile_text(i)},
                                     {"html", who.profile_text(i + 1)}});
        });
      })
      .and_then([&] { return profiles.flush(); })
      .and_then([&] {
        return for_known(who, [&](size_t i) {
          auto u = who.user(i);
          auto g = who.guild(who.home_guild(i));
          return members.add({u.id, g.id}, {{"user_id", u.id},
                                            {"guild_id", g.id},
                                            {"displayname", u.displayname}});
        });
      })
      .and_then([&] { return members.flush(); });
}

result<void> fill_overlays(table_writer& to, const population& who) {
  table_filler links{to, "user_channel"};
  table_filler shown{to, "channel_profile"};
  for (const auto& x : who.overlays()) {
    auto user = who.user(x.user).id;
    auto channel = who.channel(x.channel).id;
    auto profile = who.profile_id(x.user);
    auto ok
        = links
              .add({user, channel}, {{"user_id", user},
                                     {"channel_id", channel},
                                     {"auth", x.auth},
                                     {"isActive", 1}})
              .and_then([&] {
                return shown.add({channel, profile}, {{"channel_id", channel},
                                                      {"profile_id", profile}});
              });
    if (!ok)
      return ok;
  }
  return links.flush().and_then([&] { return shown.flush(); });
}

} // namespace

result<void> populate(database& target, const catalog& types,
                      const population& who) {
  auto connection = target.connect();
  if (!connection)
    return fail(connection.error());
  table_writer to{std::move(*connection), types};
  return refuse_others(to)
      .and_then([&] { return fill_places(to, who); })
      .and_then([&] { return fill_users(to, who); })
      .and_then([&] { return fill_overlays(to, who); });
}

} // namespace toadcache
