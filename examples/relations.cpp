// Lists, lookups and includes: a user with its channels and their guilds, put
// together from cached lists and rows at the moment of the read.
#include <iostream>

#include <toadcache/client/cache.hpp>

#include "scratch_folder.hpp"

namespace {

using namespace toadcache;

result<void> fill(const cache& c) {
  // One transaction: all of it or nothing.
  return c.transact([](transaction& t) -> result<void> {
    auto guild = t.entity("guild").create({{"id", 1}, {"name", "Toads"}}).get();
    if (!guild)
      return fail(guild.error());
    auto user = t.entity("user").create({{"id", 7}, {"name", "Peach"}}).get();
    if (!user)
      return fail(user.error());
    for (int64_t id : {21, 22}) {
      auto channel = t.entity("channel")
                         .create({{"id", id},
                                  {"guild_id", 1},
                                  {"name", "war-" + std::to_string(id)}})
                         .get();
      if (!channel)
        return fail(channel.error());
      auto link = t.entity("user_channel")
                      .create({{"user_id", 7},
                               {"channel_id", id},
                               {"auth", 100000000 + id}})
                      .get();
      if (!link)
        return fail(link.error());
    }
    return {};
  });
}

void print(const tree& user) {
  std::cout << user.self.text_at("name") << " is in";
  for (auto& link : user.at("user_channels"))
    for (auto& channel : link.at("channel"))
      for (auto& guild : channel.at("guild"))
        std::cout << ' ' << guild.self.text_at("name") << '#'
                  << channel.self.text_at("name");
  std::cout << '\n';
}

result<void> play(const cache& c) {
  auto user = c.entity("user").find_with(7, {"user_channels.channel.guild"});
  auto cold = user.get();
  if (!cold)
    return fail(cold.error());
  print(*cold);

  // A renamed channel cannot linger in anybody's join: there are no joins.
  auto renamed = c.channels().update(22, {{"name", "finals"}}).get();
  if (!renamed)
    return fail(renamed.error());
  auto warm = c.entity("user").find_with(7, {"user_channels.channel.guild"});
  std::cout << "the second read is ready at once: " << warm.ready() << '\n';
  auto after = warm.get();
  if (!after)
    return fail(after.error());
  print(*after);

  auto overlay = c.user_channels().find_one("auth", 100000021).get();
  if (!overlay)
    return fail(overlay.error());
  std::cout << "code 100000021 opens channel " << (*overlay)->channel_id()
            << '\n';
  return {};
}

} // namespace

int main() {
  scratch_folder folder;
  options o;
  o.database.file = folder.file("toad.db");
  o.persistence.file = folder.file("cache.db");
  auto c = cache::open(o);
  auto done = !c ? result<void>{fail(c.error())} : c->create_schema();
  if (done)
    done = fill(*c);
  if (done)
    done = play(*c);
  if (!done)
    std::cerr << to_string(done.error()) << '\n';
  return done ? 0 : 1;
}
