#include <toadcache/client/cache.hpp>

int main() {
  auto cache = toadcache::cache::open(toadcache::options{});
  if (!cache || !cache->create_schema())
    return 1;
  auto users = cache->entity("user");
  auto saved = users.upsert({{"id", 7}, {"name", "Toad"}}).get();
  auto first = users.find_by_pk(7).get();
  auto again = users.find_by_pk(7).get();
  return saved && first && again && again->from() == toadcache::tier::memory
             ? 0
             : 1;
}
