// disk.*: the cache file.
//
//   write_rows     rows/s into the file, in the batches of PERSISTENCE
//   load_rows      rows/s out of it, by key, 512 at a time
//   restore_rows   a cache restarts on the file of an earlier run: rows/s from
//                  its start until the last of 100 000 rows is served, checked
//                  against MariaDB; beside a start without a file
#include <filesystem>
#include <thread>

#include "bench/mariadb_world.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "bench/servers.hpp"
#include "storage/cache_store.hpp"

namespace toadcache::bench {

namespace {

constexpr size_t keys_at_once = 512;

void need(bool ok, const std::string& what) {
  if (!ok)
    throw std::runtime_error("disk.*: " + what);
}

double per_second(size_t rows, int64_t ns) {
  return static_cast<double>(rows) * 1e9 / static_cast<double>(ns);
}

void measure_store(run& r, const servers& s) {
  const auto count = r.times(100'000, 20'000);
  auto types = catalog::load("").value();
  const auto& user = *types->find("user");
  std::vector<disk_entry> entries;
  const auto now = std::chrono::time_point_cast<milliseconds>(
      std::chrono::system_clock::now());
  for (auto rank : shuffled_ranks(count, 1)) {
    auto id = user_id(rank);
    entries.push_back({user_key(user, id), user_row(user, id), {}, now, true});
  }
  persistence_options o;
  o.file = s.file("store.db");
  std::unique_ptr<cache_store> store;
  samples written;
  samples loaded;
  for (size_t i = 0; i < r.times(5, 3); ++i) {
    for (auto suffix : {"", "-wal", "-shm"})
      std::filesystem::remove(o.file + suffix);
    store = make_cache_store(o, types, "benchmark");
    need(store->open().has_value(), "the file does not open");
    auto begin = now_ns();
    cache_store::batch b;
    for (auto& e : entries) {
      b.items.push_back({e, false});
      if (b.items.size() == o.group_commit_count || &e == &entries.back()) {
        need(store->apply(b).has_value(), "a batch was refused");
        b.items.clear();
      }
    }
    written.add(per_second(count, now_ns() - begin));
    begin = now_ns();
    size_t found = 0;
    std::vector<key> asked;
    for (auto& e : entries) {
      asked.push_back(e.id);
      if (asked.size() == keys_at_once || &e == &entries.back()) {
        found += store->load(asked)->size();
        asked.clear();
      }
    }
    need(found == count, "rows are missing in the file");
    loaded.add(per_second(count, now_ns() - begin));
    need(store->close().has_value(), "the file does not close");
  }
  r.add(make_figure("disk.write_rows", "rows/s", written));
  r.add(make_figure("disk.load_rows", "rows/s", loaded));
}

/// Reads every user; the time from before `open`.
double rows_per_second(const mariadb_world& world, const std::string& file,
                       size_t count, toadcache::statistics& after) {
  auto begin = now_ns();
  auto c = world.open(file);
  auto users = c.entity("user");
  size_t found = 0;
  std::vector<value> ids;
  for (size_t rank = 0; rank < count; ++rank) {
    ids.emplace_back(user_id(rank));
    if (ids.size() == keys_at_once || rank + 1 == count) {
      auto got = users.find_many(ids).get();
      need(got.has_value(), got ? "" : to_string(got.error()));
      for (auto& x : *got)
        found += x.found();
      ids.clear();
    }
  }
  auto took = now_ns() - begin;
  need(found == count, "rows were not found");
  after = c.statistics();
  return per_second(count, took);
}

/// Lets the first run put its rows on disk; how many it did.
uint64_t fill_file(const mariadb_world& world, const std::string& file,
                   size_t count) {
  auto c = world.open(file);
  auto users = c.entity("user");
  std::vector<value> ids;
  for (size_t rank = 0; rank < count; ++rank) {
    ids.emplace_back(user_id(rank));
    if (ids.size() < keys_at_once && rank + 1 < count)
      continue;
    need(users.find_many(ids).get().has_value(), "the rows cannot be read");
    ids.clear();
    // No faster than they are written, or some would not be kept.
    for (uint64_t before = ~uint64_t{0}; before != c.statistics().disk_puts;) {
      before = c.statistics().disk_puts;
      std::this_thread::sleep_for(milliseconds{60});
    }
  }
  need(!c.statistics().disk_closed, "the cache file is closed");
  return c.statistics().disk_puts;
}

void measure_restore(run& r, servers& s) {
  auto& socket = s.mariadb();
  if (!socket) {
    r.skip("disk.restore_rows", "rows/s", "empty_cache", socket.error().what);
    return;
  }
  const auto count = r.times(100'000, 20'000);
  mariadb_world world{*socket, "restore"};
  world.add_users(0, count);
  const auto file = s.file("restore.db");
  const auto put = fill_file(world, file, count);
  toadcache::statistics after;
  samples restored;
  samples empty;
  for (size_t i = 0; i < r.times(3, 2); ++i) {
    toadcache::statistics ignored;
    restored.add(rows_per_second(world, file, count, after));
    empty.add(rows_per_second(world, "", count, ignored));
  }
  auto f = make_figure("disk.restore_rows", "rows/s", restored, "empty_cache",
                       empty);
  f.fields = {{"rows", static_cast<double>(count)},
              {"rows_on_disk", static_cast<double>(put)},
              {"disk_hits", static_cast<double>(after.total().disk_hits)},
              {"statements", static_cast<double>(after.statements)},
              {"seconds", static_cast<double>(count) / restored.median()}};
  f.note = "from the start until every row has been read, revalidation "
           "included";
  r.add(std::move(f));
}

} // namespace

void measure_disk(run& r, servers& s) {
  if (r.wants_any({"disk.write_rows", "disk.load_rows"})) {
    r.step("cache file");
    measure_store(r, s);
  }
  if (r.wants("disk.restore_rows")) {
    r.step("restart on a cache file: MariaDB");
    measure_restore(r, s);
  }
}

} // namespace toadcache::bench
