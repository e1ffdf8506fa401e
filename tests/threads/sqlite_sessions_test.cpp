// Sessions of one SQLite database on threads of their own: one writer at a
// time, nothing lost, and never taken for another process.
#include <atomic>
#include <thread>
#include <vector>

#include "storage/database.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;

TEST_CASE("sessions on several threads take turns to write") {
  constexpr int threads = 4;
  constexpr int rounds = 25;
  temporary_folder folder;
  auto types = *catalog::load("");
  database_options o;
  o.file = (folder.path() / "data.db").string();
  o.lock_wait_timeout = milliseconds{30000};
  auto db = *make_database(o, types);
  REQUIRE(db->create_schema(*types));
  auto& guild = *types->find("guild");
  std::atomic<int> foreign{0};
  std::atomic<int> failed{0};
  auto work = [&](int number) {
    auto s = db->connect();
    for (int i = 0; s && i < rounds; ++i) {
      auto id = int64_t{number} * rounds + i;
      value stamp{"2026-11-22 10:11:12"};
      if (!(*s)->begin()
          || !(*s)->insert(guild, {{0, id}, {2, stamp}, {3, stamp}})
          || (*s)->commit().how != outcome::committed
          || !(*s)->read_where(guild, {}, false))
        ++failed;
      auto changed = (*s)->changed_by_others();
      if (!changed || *changed)
        ++foreign;
    }
    if (!s)
      ++failed;
  };
  std::vector<std::thread> all;
  for (int n = 0; n < threads; ++n)
    all.emplace_back(work, n);
  for (auto& t : all)
    t.join();
  CHECK(failed == 0);
  CHECK(foreign == 0);
  auto s = db->connect();
  REQUIRE(s);
  auto rows = (*s)->read_where(guild, {}, false);
  REQUIRE(rows);
  CHECK(rows->size() == size_t{threads * rounds});
}
