#include "client/warm_check.hpp"

#include <algorithm>
#include <cstdint>

#include "client/operations.hpp"
#include "client/reader.hpp"

namespace toadcache {

namespace {

constexpr std::string_view default_name = "default";

bool integers_only(const entity_type& type, index_id i) {
  return std::ranges::all_of(type.index_columns(i), [&](size_t c) {
    return type.columns[c].type == column_type::int64;
  });
}

/// As `entity_type::make_key`. Requires: the index has that many columns, all
/// plain integers.
key integer_key(const entity_type& type, index_id i,
                std::initializer_list<int64_t> all) {
  key_bytes bytes;
  for (auto x : all)
    append_to_key(bytes, x);
  return {type.id, i, std::move(bytes)};
}

// As plan_check: an empty text asks for nothing.
bool differs(const row& r, size_t column, std::string_view wanted) {
  return !wanted.empty() && (r.is_null(column) || r.text_at(column) != wanted);
}

} // namespace

/// One check in progress: each step is false where the check has to be made in
/// full.
class warm_check::look {
public:
  look(client_core& core, uint8_t answered) : core_(core), answered_(answered) {
    how_.accept_stale = false; // nothing is decided on a stale row
  }

  /// The row is there, and `good(row)`.
  template <class Good>
  bool at(const entity_type& type, const key& id, uint8_t part, record& out,
          Good good) {
    bool is_good = false;
    auto visit = [&](const row& r, freshness state, milliseconds age) {
      is_good = r && good(r);
      if (is_good && (answered_ & part) != 0)
        out = record{type, {r, tier::memory, state, age, 0}};
    };
    using visitor = decltype(visit);
    visit_row(
        core_, id, how_,
        [](void* with, const row& r, freshness state, milliseconds age) {
          (*static_cast<visitor*>(with))(r, state, age);
        },
        &visit);
    return is_good;
  }

  /// A row of the list, as memory knows it, is `good`; `good` may be called for
  /// several.
  template <class Good>
  bool any_of(const entity_type& type, const key& list, Good good) {
    return any_in_list(
        core_, type, list, how_,
        [](void* with, const row& r) { return (*static_cast<Good*>(with))(r); },
        &good);
  }

private:
  client_core& core_;
  read_options how_;
  uint8_t answered_;
};

warm_check::warm_check(const check_types& types) : types_(types) {
  auto profiles = list_key(*types.profile, "user", int64_t{0});
  if (!profiles)
    return;
  profiles_of_user_ = profiles->index();
  plain_keys_ = std::ranges::all_of(
                    std::initializer_list<const entity_type*>{
                        types.guild, types.channel, types.user,
                        types.user_channel, types.guild_user},
                    [](auto* t) { return integers_only(*t, primary_index); })
                && integers_only(*types.profile, profiles_of_user_);
  // A column that the catalog lacks reads as NULL, which then differs.
  auto column = [](const entity_type* type, std::string_view name) {
    return type->find_column(name).value_or(SIZE_MAX);
  };
  at_ = {column(types.guild, "name"),
         column(types.channel, "name"),
         column(types.user, "name"),
         column(types.user, "discriminator"),
         column(types.profile, "name"),
         column(types.user_channel, "isActive"),
         column(types.guild_user, "displayname")};
}

std::optional<checked_rows> warm_check::find(client_core& core,
                                             const check_view& what,
                                             uint8_t answered) const {
  if (!plain_keys_)
    return std::nullopt;
  auto row_key = [](const entity_type* type, auto... ids) {
    return integer_key(*type, primary_index, {ids...});
  };
  std::optional<checked_rows> found{std::in_place};
  auto& rows = *found;
  look l{core, answered};
  auto holds = [&] {
    if (what.guild
        && !l.at(*types_.guild, row_key(types_.guild, what.guild->id), guild,
                 rows.guild, [&](const row& r) {
                   return !differs(r, at_.guild_name, what.guild->name);
                 }))
      return false;
    if (what.channel
        && !l.at(*types_.channel, row_key(types_.channel, what.channel->id),
                 channel, rows.channel, [&](const row& r) {
                   return !differs(r, at_.channel_name, what.channel->name);
                 }))
      return false;
    if (what.user
        && !l.at(*types_.user, row_key(types_.user, what.user->id), user,
                 rows.user, [&](const row& r) {
                   return !differs(r, at_.user_name, what.user->name)
                          && !differs(r, at_.discriminator,
                                      what.user->discriminator);
                 }))
      return false;
    if (what.user_channel) {
      auto [user_id, channel_id] = *what.user_channel;
      // To activate means to link the profile as well: left to plan_check.
      if (what.activate
          || !l.at(*types_.user_channel,
                   row_key(types_.user_channel, user_id, channel_id),
                   user_channel, rows.user_channel,
                   [](const row&) { return true; }))
        return false;
    }
    if (what.guild_user) {
      auto [user_id, guild_id] = *what.guild_user;
      if (!l.at(*types_.guild_user,
                row_key(types_.guild_user, user_id, guild_id), guild_user,
                rows.guild_user, [&](const row& r) {
                  return !differs(r, at_.displayname, what.displayname);
                }))
        return false;
    }
    return !what.user
           || l.any_of(
               *types_.profile,
               integer_key(*types_.profile, profiles_of_user_, {what.user->id}),
               [&](const row& r) {
                 return r.text_at(at_.profile_name) == default_name;
               });
  };
  if (!holds())
    found.reset();
  return found;
}

} // namespace toadcache
