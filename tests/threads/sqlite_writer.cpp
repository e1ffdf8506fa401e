// The one writer of a SQLite file, taken in turns by several threads: nothing
// is lost, and nobody is taken for another process.
#include "storage/sqlite_writer.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;

TEST_CASE("threads take turns to write", "[threads]") {
  constexpr int thread_count = 4;
  constexpr int turn_count = 25;
  temporary_folder folder;
  database_options o;
  o.file = (folder.path() / "data.db").string();
  o.lock_wait_timeout = milliseconds{30000};
  sqlite_writer writer{o};
  auto run = [&](const std::string& text) {
    auto lent = writer.begin();
    auto done = lent && (*lent)->execute(text) && (*lent)->execute("COMMIT");
    if (lent)
      writer.release();
    return done;
  };
  REQUIRE(run("CREATE TABLE t (n INTEGER)"));
  REQUIRE(run("INSERT INTO t VALUES (0)"));
  std::atomic<int> failed{0};
  std::atomic<int> foreign{0};
  std::vector<std::thread> all;
  for (int i = 0; i < thread_count; ++i)
    all.emplace_back([&] {
      for (int turn = 0; turn < turn_count; ++turn) {
        if (!run("UPDATE t SET n = n + 1"))
          ++failed;
        if (auto changed = writer.take_foreign_change(); !changed || *changed)
          ++foreign;
      }
    });
  for (auto& t : all)
    t.join();
  CHECK(failed == 0);
  CHECK(foreign == 0);
  auto lent = writer.begin();
  REQUIRE(lent);
  CHECK((*lent)->integer("SELECT n FROM t").value()
        == thread_count * turn_count);
  REQUIRE((*lent)->execute("COMMIT"));
  writer.release();
}
