// Writes go through the cache to the database; a read that starts after the
// acknowledgement sees the write, from memory, also in lists and lookups.
#include <iostream>

#include <toadcache/client/cache.hpp>

#include "scratch_folder.hpp"

namespace {

using namespace toadcache;

// As a coroutine: co_await wherever the other examples block with get().
// (g++ 12 wants lists of fields to have a name before a co_await uses them.)
task<result<void>> play(const cache& c) {
  auto guilds = c.guilds();
  const fields toads{{"id", 1}, {"name", "Toads"}};
  const fields frogs{{"name", "Frogs"}};

  auto made = co_await guilds.create(toads);
  if (!made)
    co_return fail(made.error());
  auto renamed = co_await guilds.update(1, frogs);
  if (!renamed)
    co_return fail(renamed.error());
  auto guild = co_await guilds.find_by_pk(1); // a hit does not suspend
  if (!guild)
    co_return fail(guild.error());
  std::cout << "after the update: " << (*guild)->name().value_or("-")
            << " from " << to_string(guild->from()) << '\n';

  guild->set("name", "Newts");
  auto saved = co_await guilds.save(*guild);
  if (!saved)
    co_return fail(saved.error());

  auto again = co_await guilds.untyped().upsert(toads);
  if (!again)
    co_return fail(again.error());
  std::cout << "upsert " << (again->created ? "created" : "updated") << ": "
            << again->self.text_at("name") << '\n';

  auto gone = co_await guilds.destroy(1);
  if (!gone)
    co_return fail(gone.error());
  auto none = co_await guilds.find_by_pk(1);
  if (!none)
    co_return fail(none.error());
  std::cout << "destroyed " << gone->matched << ", found: " << none->found()
            << '\n';
  co_return result<void>{};
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
    done = play(*c).get();
  if (!done)
    std::cerr << to_string(done.error()) << '\n';
  return done ? 0 : 1;
}
