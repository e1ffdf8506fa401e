// The smallest use: open a cache on the embedded database, write a user, read
// it back from memory.
#include <iostream>

#include <toadcache/client/cache.hpp>

#include "scratch_folder.hpp"

int main() {
  scratch_folder folder;
  toadcache::options options;
  options.database.file = folder.file("toad.db");
  options.persistence.file = folder.file("cache.db");

  auto cache = toadcache::cache::open(options);
  if (!cache) {
    std::cerr << to_string(cache.error()) << '\n';
    return 1;
  }
  if (auto made = cache->create_schema(); !made) {
    std::cerr << to_string(made.error()) << '\n';
    return 1;
  }
  auto users = cache->users();
  if (auto made = users.create({{"id", 42}, {"name", "Toad"}}).get(); !made) {
    std::cerr << to_string(made.error()) << '\n';
    return 1;
  }
  auto user = users.find_by_pk(42).get();
  if (!user || !user->found())
    return 1;
  std::cout << "Hello, " << (*user)->name().value_or("nobody") << ", from "
            << to_string(user->from()) << '\n';
  return user->from() == toadcache::tier::memory ? 0 : 1;
}
