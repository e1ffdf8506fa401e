#include "storage/sqlite_cache_store.hpp"

#include <algorithm>
#include <fstream>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace toadcache::tests;
namespace fs = std::filesystem;

namespace {

struct fixture {
  temporary_folder folder;
  persistence_options options;

  fixture() { options.file = (folder.path() / "cache.db").string(); }

  std::unique_ptr<cache_store> make(catalog_ptr types = shipped_catalog()) {
    return make_cache_store(options, std::move(types), "server");
  }
  /// A store that was opened; what it found in `opening`.
  std::unique_ptr<cache_store> open() {
    auto store = make();
    auto opened = store->open();
    if (!opened)
      throw std::runtime_error(to_string(opened.error()));
    opening = *opened;
    return store;
  }
  /// Runs SQL on the closed file, as another program would.
  void change(const std::string& sql) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(options.file.c_str(), &db) == SQLITE_OK);
    auto code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
    INFO(sqlite3_errmsg(db));
    CHECK(code == SQLITE_OK);
    sqlite3_close(db);
  }
  size_t files_with(const std::string& part) {
    auto all = fs::directory_iterator{folder.path()};
    return static_cast<size_t>(
        std::count_if(begin(all), end(all), [&](auto& entry) {
          return entry.path().filename().string().find(part)
                 != std::string::npos;
        }));
  }
  store_opening opening;
};

result<void> put(cache_store& store, disk_entry e) {
  cache_store::batch b;
  b.items.push_back({std::move(e), false});
  return store.apply(b);
}

std::vector<disk_entry> load(cache_store& store, key id) {
  auto loaded = store.load(std::span{&id, 1});
  if (!loaded)
    throw std::runtime_error(to_string(loaded.error()));
  return *loaded;
}

fs::perms mode_of(const fs::path& path) {
  return fs::status(path).permissions();
}

constexpr auto owner_only = fs::perms::owner_read | fs::perms::owner_write;

} // namespace

TEST_CASE("the cache file and what lies beside it are the owner's alone") {
  fixture f;
  f.options.file = (f.folder.path() / "app" / "db" / "cache.db").string();
  auto store = f.open();
  REQUIRE(put(*store, user(1, "x")));
  CHECK(mode_of(f.options.file) == owner_only);
  CHECK(mode_of(f.options.file + "-wal") == owner_only);
  CHECK(mode_of(f.options.file + ".lock") == owner_only);
  CHECK(mode_of(f.folder.path() / "app" / "db") == fs::perms::owner_all);
  store.reset();
  fs::permissions(f.options.file, owner_only | fs::perms::group_read);
  store = f.open();
  CHECK(mode_of(f.options.file) == owner_only);
}

TEST_CASE("the cache file may have any name") {
  fixture f;
  for (auto name : {"Kröte 🐸.db", ":memory:", "file:x?mode=memory", "-"}) {
    INFO(name);
    f.options.file = (f.folder.path() / name).string();
    auto store = f.open();
    REQUIRE(put(*store, user(1, "x")));
    REQUIRE(store->close());
    CHECK(fs::file_size(f.options.file) > 0);
    CHECK(load(*f.open(), row_key("user", 1)).size() == 1);
  }
}

TEST_CASE("large rows are compressed") {
  fixture f;
  auto store = f.open();
  for (int64_t i = 0; i < 50; ++i)
    REQUIRE(put(*store, user(i, std::string(100000, 'x'))));
  CHECK(store->statistics()->bytes < 200000);
  auto found = load(*store, row_key("user", 7));
  REQUIRE(found.size() == 1);
  CHECK(name_of(found[0]) == std::string(100000, 'x'));
}

TEST_CASE("what has no place in the file leaves no older entry there") {
  fixture f;
  f.options.max_bytes = 100000;
  f.options.compress_from_bytes = 1u << 30;
  auto store = f.open();
  auto list = channels_of(1, {2});
  auto row = user(1, "x");
  SECTION("too large") {
    row = user(1, std::string(30000, 'x'));
  }
  SECTION("no content") {
    row.content = {};
  }
  SECTION("a list of other things") {
    list.list = {row_key("user", 1)};
  }
  REQUIRE(put(*store, user(1, "old")));
  REQUIRE(put(*store, channels_of(1, {1})));
  REQUIRE(put(*store, row));
  REQUIRE(put(*store, list));
  auto rows = load(*store, row.id);
  auto lists = load(*store, list.id);
  CHECK(rows.size() + lists.size() == 1);
  CHECK((rows.empty() || name_of(rows[0]) == "x"));
  CHECK((lists.empty() || lists[0].list == list.list));
}

TEST_CASE("a damaged entry is absent, removed and counted") {
  fixture f;
  auto store = f.open();
  REQUIRE(put(*store, user(1, "x")));
  REQUIRE(put(*store, user(2, "y")));
  REQUIRE(put(*store, channels_of(1, {2})));
  REQUIRE(store->close());
  SECTION("content") {
    f.change("UPDATE entity_cache SET content = zeroblob(20) WHERE id = 1");
  }
  SECTION("time of the fetch") {
    f.change("UPDATE entity_cache SET fetched = fetched + 1 WHERE id = 1");
  }
  SECTION("run") {
    f.change("UPDATE entity_cache SET run = 1 WHERE id = 1");
  }
  SECTION("form") {
    f.change("UPDATE entity_cache SET compressed = 1 WHERE id = 1");
  }
  SECTION("key") {
    auto id = row_key("user", 2);
    f.change("DELETE FROM entity_cache WHERE id = 1; UPDATE entity_cache SET "
             "type = 'guild', id = 1 WHERE id = 2");
    store = f.open();
    CHECK(load(*store, row_key("guild", 2)).empty());
    CHECK(store->statistics()->damaged == 1);
    return;
  }
  store = f.open();
  CHECK(f.opening.clean);
  CHECK(load(*store, row_key("user", 1)).empty());
  CHECK(store->statistics()->damaged == 1);
  CHECK(store->statistics()->rows == 1);
  CHECK(load(*store, row_key("user", 2)).size() == 1);
}

TEST_CASE("a file that is not this cache's is moved aside, and why is said") {
  fixture f;
  auto store = f.open();
  REQUIRE(put(*store, user(1, "x")));
  REQUIRE(store->close());
  store.reset();
  std::string reason;
  SECTION("other schema version") {
    f.change("PRAGMA user_version = 77");
    reason = "expected schema version 1, found 77";
  }
  SECTION("another table") {
    f.change("CREATE TABLE mine(x)");
    reason = "its tables are not those of schema version 1";
  }
  SECTION("a trigger") {
    f.change("CREATE TRIGGER t AFTER INSERT ON entity_cache BEGIN DELETE FROM "
             "entity_cache; END");
    reason = "its tables are not those of schema version 1";
  }
  SECTION("metadata changed") {
    f.change("UPDATE cache_metadata SET value = '1' WHERE name = 'run'");
    reason = "its metadata fail their check";
  }
  SECTION("metadata lost") {
    f.change("DELETE FROM cache_metadata WHERE name = 'run'");
    reason = "its metadata lack 'run'";
  }
  SECTION("other application") {
    f.change("PRAGMA application_id = 5");
    reason = "expected a cache file of toadcache, found another application's";
  }
  SECTION("text") {
    f.folder.write("cache.db", std::string(5000, 't'));
    reason = "expected a cache file, found something else";
  }
  store = f.open();
  CHECK_FALSE(f.opening.existed);
  CHECK(f.opening.reason == "cache file '" + f.options.file + "': " + reason);
  CHECK(fs::exists(f.opening.moved_to));
  CHECK(load(*store, row_key("user", 1)).empty());
  CHECK(put(*store, user(1, "new")));
}

TEST_CASE("a file of another catalog is moved aside") {
  fixture f;
  auto store = f.open();
  REQUIRE(store->close());
  auto text = std::string{catalog::shipped_json()};
  auto at = text.find("\"fc_switch\"");
  REQUIRE(at != std::string::npos);
  text.replace(at, 11, "\"fc_changed\"");
  auto other = catalog::parse(text, "test");
  REQUIRE(other);
  auto opened = f.make(*other)->open();
  REQUIRE(opened);
  CHECK(opened->reason
        == "cache file '" + f.options.file + "': made for another catalog");
  CHECK(opened->moved_to.find(".corrupt-") != std::string::npos);
}

TEST_CASE("a short text is nobody's empty database") {
  fixture f;
  f.folder.write("cache.db", "somebody's notes");
  (void)f.open();
  std::ifstream kept{f.opening.moved_to};
  std::string line;
  std::getline(kept, line);
  CHECK(line == "somebody's notes");
}

TEST_CASE("few corrupt files are kept, foreign ones for ever") {
  fixture f;
  for (int i = 0; i < 6; ++i) {
    (void)f.open();
    f.change("PRAGMA user_version = 77");
  }
  (void)f.open();
  CHECK(f.files_with(".corrupt-") == defaults::corrupt_files_count);
  for (int i = 0; i < 6; ++i) {
    f.folder.write("cache.db", "somebody's notes");
    (void)f.open();
  }
  CHECK(f.files_with(".foreign-") == 6);
}

TEST_CASE("corruption met in use gives the file up at once") {
  fixture f;
  auto store = f.open();
  REQUIRE(put(*store, user(1, "x")));
  REQUIRE(store->close());
  store = f.open();
  {
    auto size = fs::file_size(f.options.file);
    auto bytes = std::string(size - 4096, '\xff');
    std::fstream out{f.options.file,
                     std::ios::in | std::ios::out | std::ios::binary};
    out.seekp(4096);
    out << bytes;
  }
  auto id = row_key("user", 1);
  auto loaded = store->load(std::span{&id, 1});
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error().code == errc::corrupt);
  CHECK(loaded.error().what.find("; moved to ") != std::string::npos);
  CHECK(f.files_with(".corrupt-") >= 1);
  CHECK(store->apply({}).error().code == errc::tier_closed);
  REQUIRE(store->open());
  CHECK(load(*store, id).empty());
  CHECK(put(*store, user(1, "new")));
}

TEST_CASE("a killed process leaves its commits and the unclean marker") {
  fixture f;
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  auto child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    auto store = f.make();
    char ok = store->open() && put(*store, user(1, "x")) ? 'y' : 'n';
    (void)!write(ready[1], &ok, 1);
    for (;;)
      pause();
  }
  close(ready[1]);
  char ok = 'n';
  REQUIRE(read(ready[0], &ok, 1) == 1);
  close(ready[0]);
  CHECK(ok == 'y');
  // It lives: its file is not touched.
  auto store = f.make();
  auto refused = store->open();
  CHECK_FALSE(refused);
  CHECK(refused.error()
        == failure{errc::tier_closed, "cache file '" + f.options.file
                                          + "' is in use by another process"});
  kill(child, SIGKILL);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  store = f.open();
  CHECK(f.opening.existed);
  CHECK_FALSE(f.opening.clean);
  auto found = load(*store, row_key("user", 1));
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].current_run);
}

TEST_CASE("without the lock file SQLite's own lock still holds") {
  fixture f;
  auto store = f.open();
  fs::remove(f.options.file + ".lock");
  auto second = f.make();
  auto refused = second->open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::tier_closed);
  CHECK(refused.error().what.find("in use by another process")
        != std::string::npos);
  CHECK(put(*store, user(1, "x")));
}

TEST_CASE("the invalidation log is bounded") {
  fixture f;
  auto store = f.open();
  cache_store::batch b;
  for (size_t i = 0; i < defaults::invalidation_log_count; ++i)
    b.records.push_back({{}, "key", "user", std::to_string(i), "write"});
  REQUIRE(store->apply(b));
  b.records.resize(5);
  REQUIRE(store->apply(b));
  auto log = store->log(2 * defaults::invalidation_log_count);
  REQUIRE(log);
  CHECK(log->size() == defaults::invalidation_log_count);
  CHECK(log->front().id == "4");
  CHECK(log->back().id == "5");
}

TEST_CASE("entries from the future are removed") {
  fixture f;
  auto store = f.open();
  wall_time now{std::chrono::hours{1000}};
  REQUIRE(put(*store, user(1, "x", now + f.options.ttl + milliseconds{1})));
  REQUIRE(put(*store, user(2, "y", now + milliseconds{1})));
  CHECK(store->clean_up(now, 10) == std::vector<key>{row_key("user", 1)});
}
