// A thousand damaged cache files: no crash, no wrong row, and the service goes
// on. Each case is made from its number alone.
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <random>

#include <sys/resource.h>

#include "storage/sqlite_cache_store.hpp"
#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace toadcache::tests;
namespace fs = std::filesystem;

namespace {

constexpr int64_t users_count = 200;
const wall_time noon{std::chrono::hours{1000}};

/// What was put for one key, oldest first, and whether it was erased last.
struct history {
  key id;
  std::vector<disk_entry> puts;
  bool erased = false;
};

/// The bytes of a file and of its log, and what was ever put into it.
struct snapshot {
  std::string file;
  std::string log; // empty: closed cleanly
  std::map<std::string, history> entries;
};

std::string place_of(const key& id) {
  return std::to_string(id.type()) + '/' + std::to_string(id.index()) + '/'
         + std::string{id.bytes()};
}

/// In memory where the system offers it: nobody pulls the plug here, and a
/// thousand openings wait for the disk several times each.
fs::path fast_folder() {
  fs::path memory{"/dev/shm"};
  std::error_code code;
  return fs::is_directory(memory, code) ? memory : fs::temp_directory_path();
}

std::string read_all(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void write_all(const fs::path& path, const std::string& bytes) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
}

persistence_options options_in(const fs::path& folder) {
  persistence_options o;
  o.file = (folder / "cache.db").string();
  o.compress_from_bytes = 256;
  return o;
}

std::unique_ptr<cache_store> make(const persistence_options& o) {
  return make_cache_store(o, shipped_catalog(), "server");
}

/// Rows and lists of many sizes, written in several commits, with overwritten
/// and erased ones among them.
snapshot build(bool clean) {
  temporary_folder folder{fast_folder()};
  auto o = options_in(folder.path());
  auto store = make(o);
  REQUIRE(store->open());
  snapshot s;
  for (int round = 0; round < 3; ++round) {
    cache_store::batch b;
    for (int64_t i = round; i < users_count; i += round + 1) {
      auto size = static_cast<size_t>(i % 50 == 0 ? 9000 : i % 7 * 60);
      auto name = "name " + std::to_string(i) + " of round "
                  + std::to_string(round) + std::string(size, 'x');
      b.items.push_back({user(i, name, noon), false});
      b.items.push_back({channels_of(i, {i, i + round}, noon), false});
      if (i % 11 == 0) {
        disk_entry erased;
        erased.id = row_key("user", i);
        b.items.push_back({erased, true});
      }
    }
    REQUIRE(store->apply(b));
    for (auto& item : b.items) {
      auto& entry = s.entries[place_of(item.entry.id)];
      entry.id = item.entry.id;
      entry.erased = item.erase;
      if (!item.erase)
        entry.puts.push_back(item.entry);
    }
    // The last round stays in the log.
    if (round < 2) {
      REQUIRE(store->close());
      REQUIRE(store->open());
    }
  }
  if (clean)
    REQUIRE(store->close());
  s.file = read_all(o.file);
  s.log = clean ? std::string{} : read_all(o.file + "-wal");
  return s;
}

struct damage_case {
  std::mt19937_64 random;
  std::string file;
  std::string log;

  size_t below(size_t n) { return n == 0 ? 0 : random() % n; }
  void flip(std::string& bytes, size_t at) {
    if (at < bytes.size())
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
  }
  std::string& some_part() { return log.empty() || below(2) == 0 ? file : log; }
};

void flip_anywhere(damage_case& c) {
  auto& bytes = c.some_part();
  for (size_t i = 0, n = 1 + c.below(8); i < n; ++i)
    c.flip(bytes, c.below(bytes.size()));
}

/// In the stored key of a user, or a little behind it: run, time, checksum.
void flip_in_entry(damage_case& c) {
  auto id = row_key("user", static_cast<int64_t>(c.below(users_count)));
  auto& bytes = c.some_part();
  for (size_t at = 0; (at = bytes.find(id.bytes(), at)) != std::string::npos;
       ++at)
    c.flip(bytes, at + c.below(id.bytes().size() + 40));
}

void flip_in_header(damage_case& c) {
  c.flip(c.file, c.below(c.below(2) == 0 ? 100 : 4096));
}

void truncate(damage_case& c) {
  auto& bytes = c.some_part();
  bytes.resize(c.below(bytes.size()));
}

void lose_log(damage_case& c) {
  c.log.clear();
}

void copy_page(damage_case& c) {
  auto pages = c.file.size() / 4096;
  auto from = c.below(pages);
  c.file.replace(c.below(pages) * 4096, 4096, c.file.substr(from * 4096, 4096));
}

void zero_range(damage_case& c) {
  auto& bytes = c.some_part();
  auto at = c.below(bytes.size());
  auto n = std::min(bytes.size() - at, c.below(10000));
  bytes.replace(at, n, std::string(n, '\0'));
}

void replace_by_text(damage_case& c) {
  c.file.clear();
  for (size_t i = 0, n = c.below(20000); i < n; ++i)
    c.file += static_cast<char>(' ' + c.below(90));
}

/// `may_age`: an older state of the file can come out of it, as after a power
/// loss; such entries are of an earlier run and are revalidated.
struct damage {
  const char* name;
  void (*apply)(damage_case&);
  bool may_age;
};
constexpr damage damages[] = {
    {"flips anywhere", flip_anywhere, false},
    {"flips in an entry", flip_in_entry, false},
    {"a flip in the head", flip_in_header, false},
    {"truncated", truncate, false},
    {"log lost", lose_log, true},
    {"page copied", copy_page, true},
    {"zeros", zero_range, false},
    {"text instead", replace_by_text, false},
};

bool same_content(const disk_entry& a, const disk_entry& b) {
  return a.content == b.content && a.list == b.list && a.fetched == b.fetched;
}

bool is_expected(const history& truth, const disk_entry& found, bool aged) {
  if (aged)
    return std::any_of(truth.puts.begin(), truth.puts.end(),
                       [&](auto& put) { return same_content(put, found); });
  return !truth.erased && same_content(truth.puts.back(), found);
}

/// Loads everything that was ever put. The number of entries found; stops at
/// the first error, which must be one that closes the tier.
size_t check_loaded(cache_store& store, const snapshot& s, bool aged) {
  size_t found = 0;
  for (auto& [place, truth] : s.entries) {
    auto loaded = store.load(std::span{&truth.id, 1});
    if (!loaded) {
      auto code = loaded.error().code;
      REQUIRE((code == errc::corrupt || code == errc::tier_closed));
      return found;
    }
    for (auto& entry : *loaded) {
      ++found;
      if (entry.current_run)
        FAIL("an entry of an earlier run passes for one of this run");
      if (!is_expected(truth, entry, aged))
        FAIL("a wrong entry for " << place);
    }
  }
  return found;
}

/// One put and its load; what PERSISTENCE does about errors included.
void check_service(cache_store& store, int64_t id) {
  auto fresh = user(id, "fresh", noon);
  cache_store::batch b;
  b.items.push_back({fresh, false});
  for (int attempt = 0; attempt < 3; ++attempt) {
    auto applied = store.apply(b);
    auto loaded = applied ? store.load(std::span{&fresh.id, 1})
                          : result<std::vector<disk_entry>>{};
    if (applied && loaded) {
      // Absent: damaged in between, and said so by its checksum.
      for (auto& entry : *loaded) {
        REQUIRE(same_content(entry, fresh));
        REQUIRE(entry.current_run);
      }
      return;
    }
    auto opened = store.open();
    INFO((opened ? "" : opened.error().what));
    REQUIRE(opened);
  }
  FAIL("no put came through");
}

/// Limits the size of files that this process writes, as a full file system
/// does; the limit ends with the scope.
class file_size_limit {
public:
  explicit file_size_limit(size_t bytes) {
    old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old_);
    auto limit = old_;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~file_size_limit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, old_handler_);
  }

private:
  rlimit old_{};
  void (*old_handler_)(int);
};

const snapshot& clean_file() {
  static const snapshot s = build(true);
  return s;
}

const snapshot& crashed_file() {
  static const snapshot s = build(false);
  return s;
}

void restore(const persistence_options& o, const std::string& file,
             const std::string& log) {
  write_all(o.file, file);
  if (!log.empty())
    write_all(o.file + "-wal", log);
}

} // namespace

TEST_CASE("an undamaged cache file yields everything") {
  for (auto s : {&clean_file(), &crashed_file()}) {
    temporary_folder folder{fast_folder()};
    auto o = options_in(folder.path());
    restore(o, s->file, s->log);
    auto store = make(o);
    auto opened = store->open();
    REQUIRE(opened);
    CHECK(opened->clean == s->log.empty());
    size_t expected = 0;
    for (auto& [place, truth] : s->entries)
      expected += !truth.erased;
    CHECK(check_loaded(*store, *s, false) == expected);
    check_service(*store, 1);
  }
}

TEST_CASE("800 damaged cache files: no crash, no wrong row") {
  size_t moved = 0;
  size_t found = 0;
  for (size_t seed = 0; seed < 800; ++seed) {
    auto& kind = damages[seed % std::size(damages)];
    auto& s
        = seed / std::size(damages) % 2 == 0 ? clean_file() : crashed_file();
    INFO("seed " << seed << ": " << kind.name);
    damage_case c{std::mt19937_64{seed}, s.file, s.log};
    kind.apply(c);
    // Commits in a damaged log are not replayed.
    auto aged = kind.may_age || c.log != s.log;
    temporary_folder folder{fast_folder()};
    auto o = options_in(folder.path());
    restore(o, c.file, c.log);
    auto store = make(o);
    auto opened = store->open();
    INFO((opened ? "" : opened.error().what));
    REQUIRE(opened);
    if (!opened->moved_to.empty()) {
      ++moved;
      REQUIRE(fs::exists(opened->moved_to));
      REQUIRE_FALSE(opened->reason.empty());
    }
    found += check_loaded(*store, s, aged);
    check_service(*store, static_cast<int64_t>(c.below(users_count)));
  }
  // Both ways out are met.
  CHECK(moved > 100);
  CHECK(found > 50000);
}

TEST_CASE("100 cache files damaged while in use: no crash, no wrong row") {
  for (size_t seed = 0; seed < 100; ++seed) {
    INFO("seed " << seed);
    auto& s = clean_file();
    temporary_folder folder{fast_folder()};
    auto o = options_in(folder.path());
    restore(o, s.file, {});
    auto store = make(o);
    REQUIRE(store->open());
    damage_case c{std::mt19937_64{seed}, s.file, {}};
    damages[seed % 4].apply(c);
    write_all(o.file, c.file);
    check_loaded(*store, s, false);
    for (int i = 0; i < 3; ++i)
      check_service(*store, static_cast<int64_t>(c.below(users_count)));
  }
}

TEST_CASE("50 cache files on a full file system: refused, not lost") {
  for (size_t seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    auto& s = clean_file();
    temporary_folder folder{fast_folder()};
    auto o = options_in(folder.path());
    o.compress_from_bytes = 1u << 20;
    restore(o, s.file, {});
    auto store = make(o);
    if (seed % 5 == 0) {
      // Full from the start.
      auto opened = [&] {
        file_size_limit limit{seed * 80}; // less than the marker takes
        return store->open();
      }();
      REQUIRE_FALSE(opened);
      REQUIRE(opened.error().code == errc::tier_closed);
    } else {
      REQUIRE(store->open());
      std::mt19937_64 random{seed};
      auto applied = [&] {
        file_size_limit limit{20000 + random() % 50000};
        result<void> done;
        for (int64_t i = 0; done && i < 100; ++i) {
          cache_store::batch b;
          b.items.push_back({user(i, std::string(20000, 'z'), noon), false});
          done = store->apply(b);
        }
        return done;
      }();
      REQUIRE_FALSE(applied);
      REQUIRE(applied.error().code == errc::tier_closed);
    }
    // Room again, after a restart.
    store = make(o);
    auto opened = store->open();
    REQUIRE(opened);
    REQUIRE(opened->moved_to.empty());
    check_service(*store, 1);
  }
}

TEST_CASE("50 cache files that cannot be written: bypassed, left alone") {
  for (size_t seed = 0; seed < 50; ++seed) {
    INFO("seed " << seed);
    temporary_folder folder{fast_folder()};
    auto o = options_in(folder.path());
    auto store = make(o);
    switch (seed % 3) {
    case 0:
      fs::create_directories(o.file);
      break;
    case 1: // its lock
      fs::create_directories(o.file + ".lock");
      break;
    case 2: // its folder
      folder.write("file", "text");
      o.file = (folder.path() / "file" / "cache.db").string();
      store = make(o);
      break;
    }
    auto opened = store->open();
    REQUIRE_FALSE(opened);
    REQUIRE(opened.error().code == errc::tier_closed);
    REQUIRE(opened.error().what.find(o.file) != std::string::npos);
    REQUIRE(store->apply({}).error().code == errc::tier_closed);
    if (seed % 3 == 2)
      continue;
    fs::remove(seed % 3 == 0 ? o.file : o.file + ".lock");
    REQUIRE(store->open());
    check_service(*store, 1);
  }
}
