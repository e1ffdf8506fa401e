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

// As plan_check: an empty text asks for nothing.
bool differs(const row& r, size_t column, std::string_view wanted) {
  return !wanted.empty() && (r.is_null(column) || r.text_at(column) != wanted);
}

} // namespace

/// One check in progress: each step is false where the check has to be made in
/// full.
class warm_check::look {
public:
  explicit look(client_core& core) : core_(core) {
    how_.accept_stale = false; // nothing is decided on a stale row
  }

  /// The row is there, and `good(row)`; then it is taken, if it is wanted.
  template <class Good>
  bool at(const entity_type& type, std::initializer_list<int64_t> id,
          record* out, Good good) {
    bool is_good = false;
    auto visit = [&](const row& r, freshness state, milliseconds age) {
      is_good = r && good(r);
      if (is_good && out != nullptr)
        *out = record{type, {r, tier::memory, state, age, 0}};
    };
    using visitor = decltype(visit);
    visit_row(
        core_, key::of_integers(type.id, primary_index, id), how_,
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
  at_ = {
      column(types.guild, "name"),   column(types.channel, "name"),
      column(types.user, "name"),    column(types.user, "discriminator"),
      column(types.profile, "name"), column(types.guild_user, "displayname")};
}

bool warm_check::find(client_core& core, const check_view& what,
                      const wanted_rows& into) const {
  if (!plain_keys_)
    return false;
  look l{core};
  if (what.guild
      && !l.at(*types_.guild, {what.guild->id}, into.guild, [&](const row& r) {
           return !differs(r, at_.guild_name, what.guild->name);
         }))
    return false;
  if (what.channel
      && !l.at(*types_.channel, {what.channel->id}, into.channel,
               [&](const row& r) {
                 return !differs(r, at_.channel_name, what.channel->name);
               }))
    return false;
  if (what.user
      && !l.at(*types_.user, {what.user->id}, into.user, [&](const row& r) {
           return !differs(r, at_.user_name, what.user->name)
                  && !differs(r, at_.discriminator, what.user->discriminator);
         }))
    return false;
  if (what.user_channel) {
    auto [user_id, channel_id] = *what.user_channel;
    // To activate means to link the profile as well: left to plan_check.
    if (what.activate
        || !l.at(*types_.user_channel, {user_id, channel_id}, into.user_channel,
                 [](const row&) { return true; }))
      return false;
  }
  if (what.guild_user) {
    auto [user_id, guild_id] = *what.guild_user;
    if (!l.at(*types_.guild_user, {user_id, guild_id}, into.guild_user,
              [&](const row& r) {
                return !differs(r, at_.displayname, what.displayname);
              }))
      return false;
  }
  return !what.user
         || l.any_of(*types_.profile,
                     key::of_integers(types_.profile->id, profiles_of_user_,
                                      {what.user->id}),
                     [&](const row& r) {
                       return r.text_at(at_.profile_name) == default_name;
                     });
}

} // namespace toadcache
