// Transactions: several changes at once, seen by others after the commit only;
// a failure inside takes everything back.
#include <iostream>

#include <toadcache/client/cache.hpp>

#include "scratch_folder.hpp"

namespace {

using namespace toadcache;

// Moves points between the two sides of a match, never below zero.
result<int64_t> move_points(const cache& c, int64_t channel, int64_t points) {
  return c.transact([&](transaction& t) -> result<int64_t> {
    auto row = t.entity("channel").find_by_pk(channel, true).get(); // locked
    if (!row)
      return fail(row.error());
    auto home = row->int_at("home_current") - points;
    auto guest = row->int_at("guest_current") + points;
    auto written = t.entity("channel")
                       .update(channel, {{"home_current", home},
                                         {"guest_current", guest}})
                       .get();
    if (!written)
      return fail(written.error());
    if (home < 0)
      return fail(errc::invalid,
                  "home has only " + std::to_string(home + points));
    return home;
  });
}

result<void> play(const cache& c) {
  if (auto g = c.guilds().create({{"id", 1}, {"name", "Toads"}}).get(); !g)
    return fail(g.error());
  auto channel = c.channels()
                     .create({{"id", 2}, {"guild_id", 1}, {"home_current", 50}})
                     .get();
  if (!channel)
    return fail(channel.error());

  auto first = move_points(c, 2, 30);
  if (!first)
    return fail(first.error());
  std::cout << "moved 30, home has " << *first << '\n';
  auto second = move_points(c, 2, 30);
  std::cout << "moved 30 more: " << (second ? "yes" : to_string(second.error()))
            << '\n';

  // Interactive: begin, look, decide. Dropped without commit it rolls back.
  {
    auto t = c.begin().get();
    if (!t)
      return fail(t.error());
    auto gone = t->entity("channel").destroy(2).get();
    if (!gone)
      return fail(gone.error());
  }
  auto row = c.channels().find_by_pk(2).get();
  if (!row)
    return fail(row.error());
  std::cout << "home " << (*row)->home_current() << ", guest "
            << (*row)->guest_current() << '\n';
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
    done = play(*c);
  if (!done)
    std::cerr << to_string(done.error()) << '\n';
  return done ? 0 : 1;
}
