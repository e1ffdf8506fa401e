#include "tools/bot.hpp"

namespace toadcache {

namespace {

/// Every poll expects its rows: the population has them all.
tl::unexpected<failure> missing(std::string_view entity) {
  return fail(errc::not_found,
              "the simulation's " + std::string{entity} + " row is missing");
}

} // namespace

void bot::run(const action& a) {
  auto begin = monotonic_nanoseconds();
  auto done = carry_out(a);
  log_.actions.push_back({begin, monotonic_nanoseconds()});
  if (done)
    return;
  ++log_.failures[std::string{to_string(done.error().code)}];
  if (log_.first_failure.empty())
    log_.first_failure
        = std::string{to_string(a.kind)} + ": " + to_string(done.error());
}

result<void> bot::carry_out(const action& a) {
  switch (a.kind) {
  case action_kind::poll:
    return poll(who_.overlays()[a.overlay]);
  case action_kind::score:
    return score(a);
  case action_kind::status:
    return check(a.by);
  case action_kind::setup:
    return setup(a);
  case action_kind::set_team:
    return set_team(a);
  case action_kind::edit_profile:
    return edit_profile(a);
  }
  return fail(errc::internal, "unknown action");
}

result<void> bot::poll(const population::overlay& x) {
  auto links = list("user_channel", "auth", {x.auth});
  if (!links)
    return fail(links.error());
  if (links->empty())
    return missing("user_channel");
  auto channel_id = links->front().int_at("channel_id");
  auto channel = find("channel", {channel_id});
  if (!channel)
    return fail(channel.error());
  if (channel->empty())
    return missing("channel");
  auto shown = list("channel_profile", "channel", {channel_id});
  if (!shown)
    return fail(shown.error());
  if (shown->empty())
    return missing("channel_profile");
  auto profile = find("profile", {shown->front().text_at("profile_id")});
  if (!profile)
    return fail(profile.error());
  return profile->empty() ? missing("profile") : result<void>{};
}

result<void> bot::check(const population::speaker& by) {
  auto begin = monotonic_nanoseconds();
  auto ok = data_.check_base_data(who_.guild(by.guild),
                                  who_.channel(by.channel), who_.user(by.user));
  if (!ok)
    return fail(ok.error());
  log_.calls.push_back(
      {{begin, monotonic_nanoseconds()}, call_kind::check, *ok});
  return {};
}

result<void> bot::score(const action& a) {
  return check(a.by).and_then([&] {
    auto home = static_cast<int>(a.salt % 985);
    return update("channel", {who_.channel(a.by.channel).id},
                  {{"home_current", home}, {"guest_current", 984 - home}});
  });
}

result<void> bot::setup(const action& a) {
  if (auto ok = check(a.by); !ok)
    return ok;
  auto begin = monotonic_nanoseconds();
  auto done = data_.activate_user_channel(who_.user(a.by.user).id,
                                          who_.channel(a.by.channel).id);
  if (!done)
    return fail(done.error());
  log_.calls.push_back(
      {{begin, monotonic_nanoseconds()}, call_kind::write, *done});
  return {};
}

result<void> bot::set_team(const action& a) {
  if (auto ok = check(a.by); !ok)
    return ok;
  auto id = who_.channel(a.by.channel).id;
  auto channel = find("channel", {id});
  if (!channel)
    return fail(channel.error());
  if (channel->empty())
    return missing("channel");
  auto team = std::to_string(a.salt % 1000);
  return update("channel", {id},
                {{"home_name", "Team " + team}, {"home_tag", "T" + team}});
}

result<void> bot::edit_profile(const action& a) {
  if (auto ok = check(a.by); !ok)
    return ok;
  auto profiles = list("profile", "user", {who_.user(a.by.user).id});
  if (!profiles)
    return fail(profiles.error());
  if (profiles->empty())
    return missing("profile");
  return update("profile", profiles->front().id(),
                {{"css", who_.profile_text(a.salt)}});
}

result<records> bot::find(std::string_view entity,
                          const std::vector<value>& id) {
  auto begin = monotonic_nanoseconds();
  auto r = data_.find(entity, id);
  if (!r)
    return fail(r.error());
  log_.calls.push_back(
      {{begin, monotonic_nanoseconds()}, call_kind::read, r->from_memory});
  return std::move(r->rows);
}

result<records> bot::list(std::string_view entity, std::string_view index,
                          const std::vector<value>& of) {
  auto begin = monotonic_nanoseconds();
  auto r = data_.list(entity, index, of);
  if (!r)
    return fail(r.error());
  log_.calls.push_back(
      {{begin, monotonic_nanoseconds()}, call_kind::read, r->from_memory});
  return std::move(r->rows);
}

result<void> bot::update(std::string_view entity, const std::vector<value>& id,
                         const fields& set) {
  auto begin = monotonic_nanoseconds();
  auto ok = data_.update(entity, id, set);
  if (!ok)
    return ok;
  log_.calls.push_back(
      {{begin, monotonic_nanoseconds()}, call_kind::write, false});
  return {};
}

} // namespace toadcache
