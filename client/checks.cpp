#include "client/checks.hpp"

#include <array>

#include "client/check_plan.hpp"
#include "client/operations.hpp"
#include "client/reader.hpp"
#include "client/warm_check.hpp"
#include "client/writer.hpp"

namespace toadcache {

namespace {

// A check starts over when the database contradicts what it decided on: another
// process made or removed a row meanwhile.
constexpr int max_attempts = 3;
// Reads, writes what is missing, then what that showed to differ.
constexpr int max_rounds = 4;
constexpr int max_draws = 16;
constexpr int requests_in_a_row = 16;

key row_key(const entity_type& type, const values& id) {
  return type.make_key(primary_index, id.all()).value_or(key{});
}

// The keys of the rows that a check reads, in the order of the members of
// checked_rows; nothing where it does not cover a row.
struct check_keys {
  std::optional<key> guild, channel, user, user_channel, guild_user;
  std::optional<key> profiles; ///< the list of the owner's profiles
};

check_keys keys_of(const check_types& types, const check_request& what) {
  check_keys k;
  if (what.guild)
    k.guild = row_key(*types.guild, what.guild->id);
  if (what.channel)
    k.channel = row_key(*types.channel, what.channel->id);
  if (what.user)
    k.user = row_key(*types.user, what.user->id);
  if (what.user_channel)
    k.user_channel = row_key(*types.user_channel, {what.user_channel->first,
                                                   what.user_channel->second});
  if (what.guild_user)
    k.guild_user = row_key(*types.guild_user,
                           {what.guild_user->first, what.guild_user->second});
  if (auto owner = profile_owner(what))
    if (auto list = list_key(*types.profile, "user", *owner))
      k.profiles = std::move(*list);
  return k;
}

std::optional<key> link_key(const check_types& types, const check_request& what,
                            const record& profile) {
  if (!what.user_channel || !what.activate || !profile.found())
    return std::nullopt;
  return row_key(*types.channel_profile,
                 {what.user_channel->second, profile.text_at("id")});
}

answer<record> ask_for(client_core& core, const entity_type& type,
                       const std::optional<key>& id, const read_options& how) {
  if (!id)
    return result<record>{record{}};
  return read_row(core, type, *id, how);
}

// All rows, asked for at once.
task<result<checked_rows>> read_all(client_core_ptr core, check_types types,
                                    check_request what, read_options how) {
  auto keys = keys_of(types, what);
  checked_rows rows;
  std::vector<std::pair<answer<record>, record*>> asked;
  auto ask = [&](const entity_type* type, const std::optional<key>& id,
                 record* out) {
    asked.emplace_back(ask_for(*core, *type, id, how), out);
  };
  ask(types.guild, keys.guild, &rows.guild);
  ask(types.channel, keys.channel, &rows.channel);
  ask(types.user, keys.user, &rows.user);
  ask(types.user_channel, keys.user_channel, &rows.user_channel);
  ask(types.guild_user, keys.guild_user, &rows.guild_user);
  if (keys.profiles) {
    auto all = co_await read_list(*core, *types.profile, *keys.profiles, how);
    if (!all)
      co_return fail(std::move(all.error()));
    rows.default_profile = default_profile_in(*all);
  }
  ask(types.channel_profile, link_key(types, what, rows.default_profile),
      &rows.channel_profile);
  for (auto& [pending, out] : asked) {
    auto r = co_await pending;
    if (!r)
      co_return fail(std::move(r.error()));
    *out = std::move(*r);
  }
  co_return std::move(rows);
}

// A code that no user channel has. Two processes that draw the same one in the
// same moment are not prevented: one in 900 million, and no key forbids it.
task<result<int64_t>> draw_auth(client_core_ptr core, check_types types) {
  read_options from_database;
  from_database.mode = read_mode::bypass;
  for (int i = 0; i < max_draws; ++i) {
    auto code = random_auth();
    auto holders = co_await read_list(
        *core, *types.user_channel, list_key(*types.user_channel, "auth", code),
        from_database);
    if (!holders)
      co_return fail(std::move(holders.error()));
    if (holders->empty())
      co_return code;
  }
  co_return fail(errc::internal, "user_channel.auth: no free code found");
}

bool starts_over(errc code) {
  return code == errc::duplicate || code == errc::foreign_key
         || code == errc::not_found || code == errc::deadlock;
}

// Plans and writes until nothing is missing in `rows`.
task<result<checked_rows>> mend(client_core_ptr core, check_types types,
                                check_request what, checked_rows rows) {
  for (int round = 0; round < max_rounds; ++round) {
    int64_t auth = 0;
    if (needs_auth(what, rows)) {
      auto drawn = co_await draw_auth(core, types);
      if (!drawn)
        co_return fail(std::move(drawn.error()));
      auth = *drawn;
    }
    auto plan = plan_check(types, what, rows, auth, core->shared->wall_now());
    if (!plan)
      co_return fail(std::move(plan.error()));
    if (plan->empty())
      co_return std::move(rows);
    auto done = co_await write<std::vector<operation_result>>(
        *core, *plan, {}, [](transaction_done d) { return d.results; });
    if (!done)
      co_return fail(std::move(done.error()));
    take_results(types, *plan, *done, rows);
  }
  co_return fail(errc::deadlock,
                 "the rows of a check are being changed all the time");
}

task<result<checked_rows>> ensure_all(client_core_ptr core, check_types types,
                                      check_request what) {
  read_options how;
  how.accept_stale = false; // nothing is decided on a stale row
  for (int attempt = 1;; ++attempt) {
    auto rows = co_await read_all(core, types, what, how);
    if (!rows)
      co_return fail(std::move(rows.error()));
    rows = co_await mend(core, types, what, std::move(*rows));
    if (rows || attempt == max_attempts || !starts_over(rows.error().code))
      co_return std::move(rows);
    how.mode = read_mode::bypass;
  }
}

void take(checked_rows& from, const wanted_rows& into) {
  auto move_to = [](record* to, record& r) {
    if (to != nullptr)
      *to = std::move(r);
  };
  move_to(into.guild, from.guild);
  move_to(into.channel, from.channel);
  move_to(into.user, from.user);
  move_to(into.user_channel, from.user_channel);
  move_to(into.guild_user, from.guild_user);
}

template <class T, class RowsOf>
task<result<T>> ensure_then(client_core_ptr core, check_types types,
                            check_request what, RowsOf rows_of) {
  auto rows = co_await ensure_all(std::move(core), types, std::move(what));
  if (!rows)
    co_return fail(std::move(rows.error()));
  T taken;
  take(*rows, rows_of(taken));
  co_return std::move(taken);
}

} // namespace

check_request::check_request(const check_view& v)
    : user_channel(v.user_channel), activate(v.activate),
      guild_user(v.guild_user), displayname(v.displayname) {
  if (v.guild)
    guild = *v.guild;
  if (v.channel)
    channel = *v.channel;
  if (v.user)
    user = *v.user;
}

checks::checks(client_core& core)
    : core_(&core), types_(check_types::of(*core.shared->types)) {
  if (types_)
    warm_ = std::make_shared<warm_check>(*types_);
}

template <class T, class RowsOf>
answer<T> checks::run(const check_view& what, RowsOf rows_of) const {
  if (!types_)
    return fail(types_.error());
  result<T> found{tl::in_place};
  if (warm_->find(*core_, what, rows_of(*found)))
    return found;
  return start_task<T>(
      core_->where,
      ensure_then<T>(core_->shared_from_this(), *types_, check_request{what},
                     rows_of),
      {core_->time_of({}) * requests_in_a_row, errc::outcome_unknown});
}

answer<record> checks::check_guild(const discord_guild& guild) const {
  check_view what;
  what.guild = &guild;
  return run<record>(what, [](record& r) { return wanted_rows{.guild = &r}; });
}

answer<record> checks::check_channel(const discord_channel& channel) const {
  check_view what;
  what.channel = &channel;
  return run<record>(what,
                     [](record& r) { return wanted_rows{.channel = &r}; });
}

answer<record> checks::check_user(const discord_user& user) const {
  check_view what;
  what.user = &user;
  return run<record>(what, [](record& r) { return wanted_rows{.user = &r}; });
}

answer<record> checks::check_user_channel(int64_t user_id, int64_t channel_id,
                                          bool activate) const {
  check_view what;
  what.user_channel = {user_id, channel_id};
  what.activate = activate;
  return run<record>(what,
                     [](record& r) { return wanted_rows{.user_channel = &r}; });
}

answer<record> checks::check_guild_user(const discord_guild& guild,
                                        const discord_user& user) const {
  check_view what;
  what.guild_user = {user.id, guild.id};
  what.displayname = user.displayname.empty() ? user.name : user.displayname;
  return run<record>(what,
                     [](record& r) { return wanted_rows{.guild_user = &r}; });
}

answer<base_data> checks::check_base_data(const discord_guild& guild,
                                          const discord_channel& channel,
                                          const discord_user& user) const {
  if (channel.guild_id != guild.id)
    return fail(errc::invalid,
                "check_base_data: channel " + std::to_string(channel.id)
                    + " is not in guild " + std::to_string(guild.id));
  check_view what;
  what.guild = &guild;
  what.channel = &channel;
  what.user = &user;
  what.user_channel = {user.id, channel.id};
  what.guild_user = {user.id, guild.id};
  what.displayname = user.displayname.empty() ? user.name : user.displayname;
  return run<base_data>(what, [](base_data& all) {
    return wanted_rows{
        .guild = &all.guild, .channel = &all.channel, .user = &all.user};
  });
}

} // namespace toadcache
