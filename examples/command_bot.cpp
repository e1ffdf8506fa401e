// A small bot: reads message events from a file and answers them as
// ToadOverlay's commands do, each as a coroutine. Run without arguments it
// plays the file three times, with the cache on, off, and switched while it
// runs, and checks that replies and final tables are equal.
//
//   command_bot [EVENTS]
#include <algorithm>
#include <array>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include <toadcache/client/checks.hpp>

#include "scratch_folder.hpp"

namespace {

using namespace toadcache;

struct event {
  discord_guild guild;
  discord_channel channel;
  discord_user user;
  std::string text;
};

std::vector<event> read_events(const std::string& path) {
  std::vector<event> out;
  std::ifstream in{path};
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.front() == '#')
      continue;
    std::array<std::string, 7> part;
    std::istringstream fields{line};
    for (size_t i = 0; i < part.size(); ++i)
      std::getline(fields, part[i], i + 1 < part.size() ? '|' : '\n');
    event e;
    e.guild = {std::stoll(part[0]), part[1]};
    e.channel = {std::stoll(part[2]), e.guild.id, part[3]};
    e.user = {std::stoll(part[4]), part[5], "0", ""};
    e.text = part[6];
    out.push_back(std::move(e));
  }
  return out;
}

bool cut_prefix(std::string& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.erase(0, prefix.size());
  return true;
}

std::string shown(std::string_view text) {
  return text.empty() ? "-" : std::string{text};
}

class bot {
public:
  explicit bot(const cache& c) : cache_(c), checks_(c) {}

  task<std::string> answer_to(event e) const {
    auto in_a_guild = e.guild.id != 0;
    auto work = in_a_guild ? in_guild(std::move(e)) : direct(std::move(e));
    auto reply = co_await work;
    if (reply)
      co_return std::move(*reply);
    co_return "error " + std::string{to_string(reply.error().code)};
  }

private:
  using text_result = result<std::string>;

  // Every guild command starts with the five checks.
  task<text_result> in_guild(event e) const {
    auto base = co_await checks_.check_base_data(e.guild, e.channel, e.user);
    if (!base)
      co_return fail(base.error());
    auto text = e.text;
    if (text == "_setup")
      co_return co_await set_up(e);
    if (text == "poll")
      co_return co_await poll(e);
    if (text == "_score")
      co_return std::string{base->guild.text_at("name")} + " #"
          + std::string{base->channel.text_at("name")} + ": "
          + score(base->channel);
    if (text == "Started MK")
      co_return co_await set_score(base->channel, 0, 0);
    if (cut_prefix(text, "Total Score after Race ")) {
      int race = 0;
      char colon = 0;
      int64_t home = 0;
      int64_t guest = 0;
      std::istringstream{text} >> race >> colon >> home >> guest;
      co_return co_await set_score(base->channel, home, guest);
    }
    static const std::array<std::pair<std::string_view, const char*>, 6> names{{
        {"_sethome ", "home_name"},
        {"_setguest ", "guest_name"},
        {"_hometag ", "home_tag"},
        {"_guesttag ", "guest_tag"},
        {"_homelogo ", "home_img"},
        {"_guestlogo ", "guest_img"},
    }};
    for (auto& [command, column] : names)
      if (cut_prefix(text, command)) {
        base->channel.set(column, text);
        auto saved = co_await cache_.channels().save(base->channel);
        if (!saved)
          co_return fail(saved.error());
        co_return std::string{column} + " is " + text;
      }
    co_return "no such command";
  }

  task<text_result> set_up(event e) const {
    auto link
        = co_await checks_.check_user_channel(e.user.id, e.channel.id, true);
    if (!link)
      co_return fail(link.error());
    auto used
        = co_await cache_.channel_profiles().find_all("channel", e.channel.id);
    if (!used)
      co_return fail(used.error());
    co_return "overlay of #" + e.channel.name + " is set up for " + e.user.name
        + ", active " + std::to_string(link->int_at("isActive")) + ", profiles "
        + std::to_string(used->size());
  }

  task<text_result> set_score(record channel, int64_t home,
                              int64_t guest) const {
    channel.set("home_current", home).set("guest_current", guest);
    auto saved = co_await cache_.channels().save(channel);
    if (!saved)
      co_return fail(saved.error());
    co_return score(*saved);
  }

  // What the overlay's web server does with the access code of its address.
  task<text_result> poll(event e) const {
    auto own
        = co_await cache_.user_channels().find_by_pk({e.user.id, e.channel.id});
    if (!own)
      co_return fail(own.error());
    auto found
        = co_await cache_.user_channels().find_one("auth", (*own)->auth());
    if (!found)
      co_return fail(found.error());
    const std::vector<std::string> paths{"channel_profiles.profile"};
    auto channel = co_await cache_.entity("channel").find_with(
        (*found)->channel_id(), paths);
    if (!channel)
      co_return fail(channel.error());
    std::string out = score(channel->self);
    for (auto& link : channel->at("channel_profiles"))
      for (auto& p : link.at("profile"))
        out += "; profile " + shown(p.self.text_at("name")) + " "
               + shown(p.self.text_at("css")) + " "
               + shown(p.self.text_at("html")) + " "
               + shown(p.self.text_at("bg_url"));
    co_return out;
  }

  // Direct messages change the sender's default profile.
  task<text_result> direct(event e) const {
    auto user = co_await checks_.check_user(e.user);
    if (!user)
      co_return fail(user.error());
    static const std::array<std::pair<std::string_view, const char*>, 3> names{{
        {"style ", "css"},
        {"html ", "html"},
        {"img ", "bg_url"},
    }};
    auto text = e.text;
    for (auto& [command, column] : names) {
      if (!cut_prefix(text, command))
        continue;
      auto profiles = co_await cache_.profiles().find_all("user", e.user.id);
      if (!profiles)
        co_return fail(profiles.error());
      for (auto& p : *profiles)
        if (p->name() == "default") {
          const fields set{{column, text}};
          auto done = co_await cache_.profiles().update(p->id(), set);
          if (!done)
            co_return fail(done.error());
        }
      co_return std::string{column} + " of " + e.user.name + " is " + text;
    }
    co_return "no such command";
  }

  static std::string score(const record& c) {
    return shown(c.text_at("home_name")) + " [" + shown(c.text_at("home_tag"))
           + "] " + std::to_string(c.int_at("home_current")) + " : "
           + std::to_string(c.int_at("guest_current")) + " ["
           + shown(c.text_at("guest_tag")) + "] "
           + shown(c.text_at("guest_name"));
  }

  const cache& cache_;
  checks checks_;
};

// All rows but what is random or a time of day.
std::string tables_of(const cache& c) {
  std::string out;
  for (auto& type : c.types().types()) {
    std::vector<std::string> lines;
    auto rows = c.entity(type.name).find_where({}).get();
    if (!rows)
      return to_string(rows.error());
    for (auto& r : *rows) {
      auto line = type.name;
      for (auto& column : type.columns) {
        const bool random = column.name == "auth" || column.name == "created"
                            || column.name == "updated"
                            || (column.name == "id" && type.name == "profile")
                            || column.name == "profile_id";
        if (!random)
          line += " " + column.name + "=" + to_string(*r.at(column.name));
      }
      lines.push_back(std::move(line));
    }
    std::sort(lines.begin(), lines.end());
    for (auto& line : lines)
      out += line + "\n";
  }
  return out;
}

enum class switching { on, off, in_mid_run };

// Replies and final tables of one run on a fresh database.
result<std::string> play(const std::vector<event>& events, switching how) {
  scratch_folder folder;
  options o;
  o.database.file = folder.file("toad.db");
  o.persistence.file = folder.file("cache.db");
  auto c = cache::open(o);
  if (!c)
    return fail(c.error());
  if (auto made = c->create_schema(); !made)
    return fail(made.error());
  bool on = how != switching::off;
  if (auto set = c->set_enabled(on).get(); !set)
    return fail(set.error());
  bot b{*c};
  std::string out;
  for (size_t i = 0; i < events.size(); ++i) {
    if (how == switching::in_mid_run && i % 4 == 3) {
      on = !on;
      if (auto set = c->set_enabled(on).get(); !set)
        return fail(set.error());
    }
    out += "> " + events[i].text + "\n" + b.answer_to(events[i]).get() + "\n";
  }
  return out + "\n" + tables_of(*c);
}

} // namespace

int main(int argc, char** argv) {
  auto events = read_events(argc > 1 ? argv[1] : "command_bot_events.txt");
  if (events.empty()) {
    std::cerr << "command_bot: no events; expected the path of a file\n";
    return 2;
  }
  auto with = play(events, switching::on);
  auto without = play(events, switching::off);
  auto mixed = play(events, switching::in_mid_run);
  for (auto* r : {&with, &without, &mixed})
    if (!*r) {
      std::cerr << "command_bot: " << to_string(r->error()) << '\n';
      return 1;
    }
  std::cout << *with;
  if (*with == *without && *with == *mixed)
    return 0;
  std::cerr << "command_bot: replies differ with the cache off or switched\n"
            << "-- off:\n"
            << *without << "-- switched:\n"
            << *mixed;
  return 1;
}
