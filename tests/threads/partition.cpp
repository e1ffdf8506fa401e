// One writer and several readers of a partition at once. What a reader finds
// belongs to its key and is never older than what the writer had finished when
// the reader began.
#include "storage/partition.hpp"

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

constexpr size_t key_count = 32;
constexpr int64_t round_count = 20'000;
constexpr size_t reader_count = 3;

key key_of(int64_t number) {
  return {0, primary_index, encode_key(std::vector<value>{number})};
}

entry_parts entry_of(int64_t number, int64_t version) {
  const std::vector<column_type> types{column_type::int64, column_type::int64};
  const std::vector<value> values{number, version};
  entry_parts e;
  e.id = key_of(number);
  e.content = *row::encode(types, values);
  return e;
}

/// What readers may rely on: no version of a key below its floor.
using floors = std::array<std::atomic<int64_t>, key_count>;

struct findings {
  uint64_t hits = 0;
  uint64_t wrong_key = 0;
  uint64_t outdated = 0;
};

findings read_until(const partition& memory, const floors& floor,
                    const std::atomic<bool>& done) {
  findings found;
  for (int64_t i = 0; !done.load(std::memory_order_acquire); ++i) {
    auto number = i % static_cast<int64_t>(key_count);
    auto at_least = floor[static_cast<size_t>(number)].load();
    auto e = memory.find(key_of(number));
    if (!e)
      continue;
    ++found.hits;
    found.wrong_key += e->content().int_at(0) != number;
    found.outdated += e->content().int_at(1) < at_least;
  }
  return found;
}

void write(partition& memory, floors& floor) {
  for (int64_t version = 1; version <= round_count; ++version) {
    auto number = version * 7 % static_cast<int64_t>(key_count);
    auto& own = floor[static_cast<size_t>(number)];
    if (version % 5 == 0) {
      memory.erase(key_of(number));
      own.store(version);
    } else {
      memory.put(entry_of(number, version));
      own.store(version);
    }
    if (version % 997 == 0) {
      memory.bump_generation();
      for (auto& f : floor)
        f.store(version);
    }
    if (version % 1499 == 0) {
      memory.close();
      memory.bump_generation();
      memory.open();
    }
    if (version % 101 == 0)
      for (size_t b = 0; b < memory.bucket_count(); ++b)
        memory.for_each_in(b, [](const entry& e) {
          e.mark.store(0, std::memory_order_relaxed);
        });
  }
}

} // namespace

TEST_CASE("readers of a partition see whole, current entries", "[threads]") {
  partition memory;
  memory.open();
  floors floor{};
  std::atomic<bool> done{false};
  std::vector<findings> found(reader_count);
  std::vector<std::thread> readers;
  for (auto& f : found)
    readers.emplace_back([&] { f = read_until(memory, floor, done); });
  write(memory, floor);
  // On few cores the readers may not have run yet.
  while (memory.find(key_of(0)) == nullptr)
    memory.put(entry_of(0, round_count + 1));
  done = true;
  for (auto& r : readers)
    r.join();
  for (auto& f : found) {
    CHECK(f.wrong_key == 0);
    CHECK(f.outdated == 0);
  }
  size_t entries = 0;
  size_t bytes = 0;
  for (size_t b = 0; b < memory.bucket_count(); ++b)
    memory.for_each_in(b, [&](const entry& e) {
      ++entries;
      bytes += e.bytes();
    });
  CHECK(memory.row_count() == entries);
  memory.collect();
  CHECK(memory.waiting_bytes() == 0);
  CHECK(memory.used_bytes() == bytes); // the tables are of the smallest size
}

TEST_CASE("an entry outlives its removal while a reader holds it",
          "[threads]") {
  partition memory;
  memory.open();
  memory.put(entry_of(1, 1));
  auto held = memory.find(key_of(1));
  REQUIRE(held);
  std::thread writer{[&] {
    memory.erase(key_of(1));
    memory.put(entry_of(1, 2));
    memory.bump_generation();
  }};
  writer.join();
  CHECK(held->content().int_at(1) == 1);
  CHECK(memory.find(key_of(1)) == nullptr);
  CHECK(memory.peek(key_of(1))->content().int_at(1) == 2);
}

TEST_CASE("one reader alone claims a refresh", "[threads]") {
  partition memory;
  memory.open();
  memory.put(entry_of(1, 1));
  std::atomic<int> claims{0};
  std::vector<std::thread> readers;
  for (size_t i = 0; i < reader_count; ++i)
    readers.emplace_back([&] {
      for (int n = 0; n < 1000; ++n)
        if (!memory.find(key_of(1))->refresh_claimed.exchange(true))
          ++claims;
    });
  for (auto& r : readers)
    r.join();
  CHECK(claims == 1);
}

TEST_CASE("readers go on while the content grows and shrinks", "[threads]") {
  constexpr int64_t many = 20'000;
  partition memory;
  memory.open();
  std::atomic<int64_t> present{0}; // all keys below it are there
  std::atomic<bool> done{false};
  std::atomic<size_t> missing{0};
  std::vector<std::thread> readers;
  for (size_t i = 0; i < reader_count; ++i)
    readers.emplace_back([&] {
      for (int64_t n = 1; !done.load(std::memory_order_acquire); n += 7919) {
        auto below = present.load(std::memory_order_acquire);
        if (below == 0)
          continue;
        auto there = memory.visit(key_of(n % below), [](const entry&) {});
        missing += !there && present.load() >= below;
      }
    });
  for (int64_t n = 0; n < many; ++n) {
    memory.put(entry_of(n, 1));
    present.store(n + 1, std::memory_order_release);
  }
  CHECK(memory.row_count() == static_cast<size_t>(many));
  present = 0;
  for (int64_t n = 0; n < many; ++n)
    memory.erase(key_of(n));
  done = true;
  for (auto& r : readers)
    r.join();
  CHECK(missing == 0);
  CHECK(memory.row_count() == 0);
  memory.collect();
  CHECK(memory.used_bytes() == 0);
}

TEST_CASE("many keys are visited in order", "[threads]") {
  partition memory;
  memory.open();
  std::vector<key> ids;
  for (int64_t n = 0; n < 100; ++n) {
    ids.push_back(key_of(n));
    if (n % 3 != 0)
      memory.put(entry_of(n, n));
  }
  std::vector<size_t> found;
  memory.visit_many(ids, [&](size_t i, const entry& e) {
    CHECK(e.content().int_at(0) == static_cast<int64_t>(i));
    found.push_back(i);
  });
  CHECK(found.size() == 66);
  CHECK(std::is_sorted(found.begin(), found.end()));
}
