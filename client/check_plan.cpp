#include "client/check_plan.hpp"

#include <algorithm>
#include <array>
#include <random>

#include "client/operations.hpp"

namespace toadcache {

namespace {

constexpr std::string_view default_name = "default";

std::mt19937_64& random_source() {
  static thread_local std::mt19937_64 source{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }()};
  return source;
}

// Columns and their values, borrowed: a check that finds all as it should be
// makes no copies.
using wanted = std::initializer_list<std::pair<std::string_view, value_view>>;

fields copy_of(wanted all) {
  fields out;
  for (auto& [column, v] : all)
    out.emplace_back(column, value{v});
  return out;
}

// The changes that give `r` these values; an empty text asks for nothing.
fields differences(const record& r, wanted all) {
  fields out;
  for (auto& [column, v] : all) {
    auto text = std::get_if<std::string_view>(&v);
    if (text != nullptr && !text->empty()
        && (r.is_null(column) || r.text_at(column) != *text))
      out.emplace_back(column, value{v});
  }
  return out;
}

// Collects operations until one cannot be made.
class planner {
public:
  explicit planner(wall_time now) : now_(now) {}

  // Creates the row when it is absent, else writes what differs.
  void ensure(const entity_type& type, const record& r, wanted id, wanted texts,
              wanted others = {}) {
    if (!r.found()) {
      auto defaults = copy_of(texts);
      for (auto& f : copy_of(others))
        defaults.push_back(std::move(f));
      create(type, copy_of(id), defaults);
    } else if (auto set = differences(r, texts); !set.empty()) {
      update(type, r, set);
    }
  }

  void create(const entity_type& type, const fields& where,
              const fields& defaults, std::optional<key> lock_first = {}) {
    auto op = make_find_or_create(type, where, defaults, now_);
    if (op)
      op->lock_first = std::move(lock_first);
    add(std::move(op));
  }

  void update(const entity_type& type, const record& r, const fields& set) {
    auto id = r.id();
    add(make_update(type, id, set, now_));
  }

  void add(result<operation> op) {
    if (op)
      ops_.push_back(std::move(*op));
    else if (!failed_)
      failed_ = std::move(op.error());
  }

  [[nodiscard]] result<std::vector<operation>> take() {
    if (failed_)
      return fail(std::move(*failed_));
    return std::move(ops_);
  }

private:
  wall_time now_;
  std::vector<operation> ops_;
  std::optional<failure> failed_;
};

// One statement alone cannot keep two processes from making two of them: no
// unique key names (user, 'default'). So the user's row is locked first.
void plan_default_profile(planner& plan, const check_types& types,
                          int64_t user_id) {
  value id{user_id};
  auto owner = types.user->make_key(primary_index, {&id, 1});
  if (!owner) {
    plan.add(fail(std::move(owner.error())));
    return;
  }
  plan.create(*types.profile,
              {{"user_id", user_id}, {"name", std::string{default_name}}},
              {{"id", random_uuid()},
               {"bg_url", "empty"},
               {"css", "empty"},
               {"html", "empty"}},
              std::move(*owner));
}

void plan_user_channel(planner& plan, const check_types& types,
                       const check_request& what, const checked_rows& rows,
                       int64_t auth) {
  auto [user_id, channel_id] = *what.user_channel;
  const auto& r = rows.user_channel;
  if (!r.found())
    plan.create(*types.user_channel,
                {{"user_id", user_id}, {"channel_id", channel_id}},
                {{"auth", auth}, {"isActive", what.activate}});
  else if (what.activate && r.int_at("isActive") == 0)
    plan.update(*types.user_channel, r, {{"isActive", true}});
  if (what.activate && rows.default_profile.found()
      && !rows.channel_profile.found())
    plan.create(*types.channel_profile,
                {{"channel_id", channel_id},
                 {"profile_id", rows.default_profile.text_at("id")}},
                {});
}

using place = std::pair<const entity_type*, record*>;

// Where the rows of each type belong.
std::array<place, 7> places_of(const check_types& types, checked_rows& rows) {
  return {{
      {types.guild, &rows.guild},
      {types.channel, &rows.channel},
      {types.user, &rows.user},
      {types.profile, &rows.default_profile},
      {types.user_channel, &rows.user_channel},
      {types.channel_profile, &rows.channel_profile},
      {types.guild_user, &rows.guild_user},
  }};
}

} // namespace

result<check_types> check_types::of(const catalog& all) {
  check_types t;
  const std::array<std::pair<const char*, const entity_type**>, 7> wanted{{
      {"guild", &t.guild},
      {"channel", &t.channel},
      {"user", &t.user},
      {"profile", &t.profile},
      {"user_channel", &t.user_channel},
      {"guild_user", &t.guild_user},
      {"channel_profile", &t.channel_profile},
  }};
  for (auto& [name, slot] : wanted) {
    *slot = all.find(name);
    if (*slot == nullptr)
      return fail(errc::invalid, std::string{"the checks need an entity '"}
                                     + name + "' in the catalog");
  }
  return t;
}

std::optional<int64_t> profile_owner(const check_request& what) {
  if (what.user)
    return what.user->id;
  if (what.user_channel && what.activate)
    return what.user_channel->first;
  return std::nullopt;
}

bool needs_auth(const check_request& what, const checked_rows& rows) {
  return what.user_channel && !rows.user_channel.found();
}

result<std::vector<operation>> plan_check(const check_types& types,
                                          const check_request& what,
                                          const checked_rows& rows,
                                          int64_t auth, wall_time now) {
  planner plan{now};
  if (what.guild)
    plan.ensure(*types.guild, rows.guild, {{"id", what.guild->id}},
                {{"name", what.guild->name}});
  if (what.channel)
    plan.ensure(*types.channel, rows.channel, {{"id", what.channel->id}},
                {{"name", what.channel->name}},
                {{"guild_id", what.channel->guild_id}});
  if (what.user)
    plan.ensure(*types.user, rows.user, {{"id", what.user->id}},
                {{"name", what.user->name},
                 {"discriminator", what.user->discriminator}});
  if (auto owner = profile_owner(what); owner && !rows.default_profile.found())
    plan_default_profile(plan, types, *owner);
  if (what.user_channel)
    plan_user_channel(plan, types, what, rows, auth);
  if (what.guild_user)
    plan.ensure(*types.guild_user, rows.guild_user,
                {{"user_id", what.guild_user->first},
                 {"guild_id", what.guild_user->second}},
                {{"displayname", what.displayname}});
  return plan.take();
}

void take_results(const check_types& types,
                  const std::vector<operation>& planned,
                  const std::vector<operation_result>& results,
                  checked_rows& rows) {
  for (size_t i = 0; i < planned.size() && i < results.size(); ++i)
    for (auto& [type, slot] : places_of(types, rows))
      if (type->id == planned[i].type && !results[i].rows.empty()) {
        row_reply reply;
        reply.content = results[i].rows.front();
        *slot = record{*type, std::move(reply)};
      }
}

record default_profile_in(const records& profiles) {
  auto i = std::ranges::find_if(profiles, [](const record& r) {
    return r.text_at("name") == default_name;
  });
  return i == profiles.end() ? record{} : *i;
}

int64_t random_auth() {
  std::uniform_int_distribution<int64_t> nine_digits{100'000'000, 999'999'999};
  return nine_digits(random_source());
}

std::string random_uuid() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uniform_int_distribution<size_t> any{0, 15};
  std::string out = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
  for (auto& c : out)
    if (c == 'x')
      c = digits[any(random_source())];
    else if (c == 'y') // the variant: 8, 9, a or b
      c = digits[8 + any(random_source()) % 4];
  return out;
}

} // namespace toadcache
