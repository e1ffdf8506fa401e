// A cache with all its actors under stress: two threads that read, one that
// writes, a memory far too small, and cache actors that fail all the time.
// TOADCACHE_STRESS_SECONDS says for how long.
#include <array>
#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <caf/send.hpp>

#include "actors/runtime.hpp"
#include "tests/catch.hpp"
#include "tests/client/live_cache.hpp"
#include "tests/support/stress_time.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr int64_t guild_count = 64;
constexpr size_t reader_count = 2;

struct findings {
  uint64_t reads = 0;
  uint64_t from_memory = 0;
  uint64_t outdated = 0;
  uint64_t failed = 0;
};

// The number at the end of "version 17".
int64_t version_of(std::string_view name) {
  return std::stoll(std::string{name.substr(name.rfind(' ') + 1)});
}

using floors = std::array<std::atomic<int64_t>, guild_count>;

findings read_until(const cache& c, const floors& floor,
                    const std::atomic<bool>& done, uint32_t seed) {
  findings found;
  std::mt19937 random{seed};
  auto guilds = c.entity("guild");
  while (!done.load(std::memory_order_acquire)) {
    const auto id = static_cast<int64_t>(random() % guild_count);
    const auto at_least = floor[static_cast<size_t>(id)].load();
    ++found.reads;
    const auto seen
        = guilds.visit(id, [&](const row& r, freshness, milliseconds) {
            ++found.from_memory;
            found.outdated += version_of(r.text_at(1)) < at_least ? 1 : 0;
          });
    if (seen && *seen)
      continue;
    auto r = guilds.find_by_pk(id).get();
    if (!r)
      ++found.failed;
    else
      found.outdated += version_of(r->text_at("name")) < at_least ? 1 : 0;
  }
  return found;
}

} // namespace

TEST_CASE("reads under evictions and restarts are never older than a finished "
          "write",
          "[stress]") {
  live_database db;
  db.config.memory.budget_bytes = 64u << 10;
  db.config.memory.max_row_ratio = 1;
  auto c = db.open();
  auto guilds = c.entity("guild");
  floors floor{};
  for (int64_t id = 0; id < guild_count; ++id)
    must(guilds.create({{"id", id}, {"name", "version 0"}}).get());
  REQUIRE(guilds.type().columns[1].name == "name");
  std::atomic<bool> done{false};
  std::vector<findings> found(reader_count);
  std::vector<std::thread> readers;
  for (uint32_t i = 0; i < reader_count; ++i)
    readers.emplace_back([&, i] { found[i] = read_until(c, floor, done, i); });
  std::mt19937 random{7};
  uint64_t failed_writes = 0;
  int64_t version = 0;
  const auto end = clock_type::now() + stress_time();
  do {
    const auto id = static_cast<int64_t>(random() % guild_count);
    ++version;
    auto written
        = guilds.update(id, {{"name", "version " + std::to_string(version)}})
              .get();
    if (written)
      floor[static_cast<size_t>(id)].store(version);
    else
      ++failed_writes;
    if (version % 50 == 0)
      caf::anon_send(c.running()->node(), std::string{"entity-cache:guild"},
                     fail_now{});
  } while (clock_type::now() < end || c.statistics().actor_restarts == 0);
  done = true;
  for (auto& r : readers)
    r.join();
  CHECK(failed_writes == 0);
  for (auto& f : found) {
    CHECK(f.reads > 0);
    CHECK(f.outdated == 0);
    CHECK(f.failed == 0);
  }
}
