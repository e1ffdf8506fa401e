// The hit-ratio simulator: streams, the clairvoyant bound, and counting.
#include "tools/hit_ratio.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>
#include <rapidcheck.h>
#include <zstd.h>

#include "model/eviction_names.hpp"
#include "tests/catch.hpp"
#include "tests/temporary_folder.hpp"
#include "tools/clairvoyant.hpp"
#include "tools/hit_ratio_table.hpp"

using namespace toadcache;

namespace {

template <class T>
std::string bytes_of(T x) {
  std::string out;
  for (size_t i = 0; i < sizeof x; ++i)
    out += static_cast<char>(x >> (8 * i));
  return out;
}

std::string record(uint64_t key, uint32_t bytes, uint32_t ttl, uint32_t time,
                   uint32_t operation) {
  return bytes_of(key) + bytes_of(bytes) + bytes_of(ttl) + bytes_of(time)
         + bytes_of(operation);
}

request_trace stream(const std::vector<uint64_t>& keys) {
  std::string bytes;
  for (auto k : keys)
    bytes += bytes_of(k);
  return parse_trace("stream", bytes, trace_format::u64).value();
}

request_trace weighted(const std::vector<std::string>& records) {
  std::string bytes;
  for (const auto& r : records)
    bytes += r;
  return parse_trace("records", bytes, trace_format::full).value();
}

uint64_t hits(const request_trace& t, uint64_t capacity,
              std::string_view policy = exact_lru_name) {
  return count_hits(t, capacity, policy).value().hits;
}

/// Tries every choice: what to keep after each request.
uint64_t best_of_all(const request_trace& t, size_t at,
                     std::set<uint32_t> resident, size_t capacity) {
  if (at == t.keys.size())
    return 0;
  uint64_t hit = resident.count(t.keys[at]);
  resident.insert(t.keys[at]);
  if (resident.size() <= capacity)
    return hit + best_of_all(t, at + 1, std::move(resident), capacity);
  uint64_t best = 0;
  for (auto k : resident) {
    auto rest = resident;
    rest.erase(k);
    best = std::max(best, best_of_all(t, at + 1, std::move(rest), capacity));
  }
  return hit + best;
}

} // namespace

TEST_CASE("keys are numbered by first appearance") {
  auto t = stream({70, uint64_t{1} << 60, 70, 3});
  CHECK(t.keys == std::vector<uint32_t>{0, 1, 0, 2});
  CHECK(t.key_count == 3);
  CHECK_FALSE(t.is_weighted());
}

TEST_CASE("a full record has size, time to live, time and operation") {
  auto t = weighted({record(9, 100, 60, 5, 0), record(8, 1, 2, 6, 1)});
  REQUIRE(t.requests.size() == 2);
  CHECK(t.requests[0].key == 0);
  CHECK(t.requests[0].value_bytes == 100);
  CHECK(t.requests[0].ttl_s == 60);
  CHECK(t.requests[0].time_s == 5);
  CHECK_FALSE(t.requests[0].is_write);
  CHECK(t.requests[1].is_write);
}

TEST_CASE("bytes that are no requests are refused in one line") {
  auto line = [](std::string_view bytes, trace_format format) {
    return parse_trace("x", bytes, format).error();
  };
  CHECK(line("", trace_format::u64) == "x: no requests");
  CHECK(line("123456789", trace_format::u64)
        == "x: expected records of 8 bytes, got 9 bytes");
  CHECK(line("12345678", trace_format::full)
        == "x: expected records of 24 bytes, got 8 bytes");
  CHECK(line(record(1, 1, 1, 1, 2), trace_format::full)
        == "x: record 0: expected operation 0 or 1, got 2");
  CHECK(line(record(1, 1, 1, 2, 0) + record(1, 1, 1, 1, 0), trace_format::full)
        == "x: record 1: expected ascending times");
}

TEST_CASE("a file is read plain and packed; a damaged one is refused") {
  temporary_folder folder;
  auto plain = bytes_of(uint64_t{4}) + bytes_of(uint64_t{5});
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(),
                              plain.size(), 1));
  auto expected = std::vector<uint32_t>{0, 1};
  auto file = folder.write("plain", plain);
  CHECK(read_trace(file, trace_format::u64)->keys == expected);
  file = folder.write("packed", packed);
  CHECK(read_trace(file, trace_format::u64)->keys == expected);
  file = folder.write("short", packed.substr(0, packed.size() - 3));
  CHECK(read_trace(file, trace_format::u64).error()
        == file + ": damaged zstd data");
  packed[5] = static_cast<char>(packed[5] ^ 0x55);
  file = folder.write("bad", packed);
  CHECK_FALSE(read_trace(file, trace_format::u64).has_value());
  CHECK(read_trace(folder.path() / "none", trace_format::u64).error()
        == (folder.path() / "none").string() + ": cannot be read");
  CHECK(read_trace(folder.path(), trace_format::u64).error()
        == folder.path().string() + ": cannot be read");
}

TEST_CASE("streams are made by a rule") {
  auto loop = read_trace("loop:3:2", trace_format::u64).value();
  CHECK(loop.keys == std::vector<uint32_t>{0, 1, 2, 0, 1, 2});
  CHECK(loop.key_count == 3);
  auto zipf = read_trace("zipf:100:5000:0.99:1", trace_format::u64).value();
  CHECK(zipf.keys.size() == 5000);
  CHECK(zipf.key_count <= 100);
  CHECK(zipf.keys
        == read_trace("zipf:100:5000:0.99:1", trace_format::u64)->keys);
  for (const auto* bad :
       {"loop:", "loop:0:1", "loop:1", "loop:1:2:3", "loop:100000:100000",
        "loop:-1:2", "zipf:1:2:3", "zipf:0:1:1:1", "zipf:1:1:x:1",
        "zipf:1:1:nan:1", "zipf:1:1:11:1", "zipf:1:1:1:1x"}) {
    auto t = read_trace(bad, trace_format::u64);
    REQUIRE_FALSE(t.has_value());
    CHECK(t.error().starts_with(std::string{bad} + ": expected "));
  }
}

TEST_CASE("exact LRU by hand") {
  auto t = stream({1, 2, 1, 3, 2, 1, 1});
  CHECK(hits(t, 2) == 2); // 1; 2 went for 3; 1 for 2
  CHECK(hits(t, 3) == 4);
  CHECK(hits(t, 1) == 1);
}

TEST_CASE("the optimum by hand") {
  CHECK(most_hits(stream({1, 2, 3, 1, 2, 3}), 2, 0) == 2);
  CHECK(most_hits(stream({1, 2, 1, 3, 1}), 1, 0) == 2); // 2 and 3 pass by
  CHECK(most_hits(stream({1, 2, 3}), 10, 0) == 0);
  CHECK(most_hits(stream({1, 1}), 0, 0) == 0);
}

TEST_CASE("the optimum is the best of all choices") {
  CHECK(rc::check([] {
    auto keys = *rc::gen::resize(9, rc::gen::container<std::vector<uint64_t>>(
                                        rc::gen::inRange<uint64_t>(0, 5)));
    auto capacity = *rc::gen::inRange<size_t>(1, 4);
    RC_PRE(!keys.empty());
    auto t = stream(keys);
    RC_ASSERT(most_hits(t, capacity, 0) == best_of_all(t, 0, {}, capacity));
  }));
}

TEST_CASE("no policy is better than the bound") {
  CHECK(rc::check([] {
    auto keys = *rc::gen::nonEmpty(rc::gen::container<std::vector<uint64_t>>(
        rc::gen::inRange<uint64_t>(0, 30)));
    auto capacity = *rc::gen::inRange<uint64_t>(1, 20);
    auto t = stream(keys);
    std::vector<std::string> records;
    uint32_t time = 0;
    for (auto k : keys) {
      ++time;
      records.push_back(record(k, static_cast<uint32_t>(10 + k * k % 90),
                               20 + static_cast<uint32_t>(k), time,
                               k % 7 == 6 && time % 3 == 0 ? 1 : 0));
    }
    auto w = weighted(records);
    auto bytes = capacity * 100;
    for (auto name : eviction_names) {
      RC_ASSERT(hits(t, capacity, name) <= most_hits(t, capacity, 0));
      RC_ASSERT(hits(w, bytes, name)
                <= most_hits(w, bytes, entry_overhead_bytes));
    }
  }));
}

TEST_CASE("values expire, and a write by somebody else drops them") {
  auto t = weighted({record(1, 10, 5, 0, 0), record(1, 10, 5, 4, 0),
                     record(1, 10, 5, 5, 0), // expired: fetched again
                     record(1, 10, 5, 9, 0), record(1, 10, 5, 9, 1),
                     record(1, 10, 5, 9, 0), record(1, 10, 5, 10, 0)});
  for (auto name : eviction_names) {
    auto c = count_hits(t, 1000, name).value();
    CHECK(c.reads == 6);
    CHECK(c.hits == 3);
    CHECK(c.evictions == 0);
  }
  CHECK(most_hits(t, 1000, entry_overhead_bytes) == 3);
}

TEST_CASE("bytes are counted with their overhead; what is too big passes by") {
  auto t = weighted({record(1, 36, 99, 0, 0), record(2, 36, 99, 0, 0),
                     record(3, 500, 99, 0, 0), record(1, 36, 99, 0, 0),
                     record(2, 36, 99, 0, 0)});
  CHECK(hits(t, 200) == 2);
  CHECK(hits(t, 199) == 0);
  CHECK(count_hits(t, 200, "lru")->most_entries == 2);
}

TEST_CASE("an unknown policy is an error") {
  auto c = count_hits(stream({1}), 1, "random");
  REQUIRE_FALSE(c);
  CHECK(c.error().code == errc::invalid);
}

TEST_CASE("the default keeps up with both S3-FIFO and LRU where each is good") {
  // Zipf: frequency pays; then a working set that moves: recency pays.
  auto zipf = read_trace("zipf:5000:60000:0.9:1", trace_format::u64).value();
  auto frequent = hits(zipf, 250, default_eviction);
  CHECK(frequent + 600 >= hits(zipf, 250, "s3_fifo"));
  CHECK(frequent > hits(zipf, 250) + 3000);
  std::vector<uint64_t> keys;
  for (uint64_t i = 0; i < 60000; ++i)
    keys.push_back(i / 3 % 40 + i / 200 * 4);
  auto moving = stream(keys);
  CHECK(hits(moving, 60, default_eviction) + 1800 >= hits(moving, 60));
  auto loop = read_trace("loop:1011:30", trace_format::u64).value();
  for (uint64_t size : {256, 512, 1000})
    CHECK(2 * hits(loop, size, default_eviction) >= most_hits(loop, size, 0));
}

TEST_CASE("the table names stream, size, policies and bound") {
  hit_ratio_table table{{"lru", "s3_fifo"}};
  auto t = stream({1, 1, 2, 1});
  t.name = "traces/shop.u64.zst";
  table.add(t, 20, 2, {{4, 1, 0, 2, 32}, {4, 2, 1, 2, 48}});
  CHECK(table.text()
        == "trace        size  lru  s3_fifo    OPT\n"
           "shop           20  25.0     50.0   50.0\n");
  auto parsed = nlohmann::json::parse(table.json());
  REQUIRE(parsed["results"].size() == 2);
  CHECK(parsed["results"][1]
        == nlohmann::json{{"trace", "shop"},
                          {"size", 20},
                          {"unit", "entries"},
                          {"policy", "s3_fifo"},
                          {"reads", 4},
                          {"hits", 2},
                          {"hit_ratio", 0.5},
                          {"bound", 0.5},
                          {"evictions", 1},
                          {"bookkeeping_bytes_per_entry", 24.0}});
}
