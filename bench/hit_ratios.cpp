// hit_ratio.<trace>.<size>.<policy>: every policy of the product over streams
// of keys, cold start, entries of equal size, beside the clairvoyant optimum.
// --traces names a folder with the streams of docs/hit_ratio.md; without it
// streams are made up: Zipf's law, a loop, and Zipf's law with scans between.
#include <filesystem>
#include <map>
#include <stdexcept>

#include "bench/run.hpp"
#include "model/eviction_names.hpp"
#include "tools/clairvoyant.hpp"
#include "tools/hit_ratio.hpp"
#include "tools/random.hpp"

namespace toadcache::bench {

namespace {

struct source {
  std::string name;
  std::string from; ///< a file, a rule of read_trace, or empty: scan_mix
  std::vector<uint64_t> sizes;
};

const std::vector<source> recorded_streams{
    {"orm_busy", "orm_busy.u64.zst", {76, 763, 7635}},
    {"web07", "web07.u64.zst", {20, 205, 2048}},
    {"arc_oltp", "arc_oltp.u64.zst", {187, 1000, 1869, 5000, 15000, 18688}},
    {"bot_dev", "bot_dev.u64.zst", {351, 3511, 35115}},
};
const source loop{"loop", "loop:1011:500", {256, 512, 1000}};

const std::vector<source> made_up_streams{
    {"zipf", "zipf:100000:1000000:0.99:1", {1000, 10000}},
    loop,
    {"scan_mix", "", {1000, 10000}},
};

/// Zipf's law, and after every 20 000 requests a scan of 5 000 keys that nobody
/// asks for again.
request_trace scan_mix() {
  constexpr size_t keys = 50'000;
  constexpr int rounds = 30;
  const zipf_ranks ranks{keys, 0.99};
  random_source random{1};
  std::string bytes;
  auto add = [&](uint64_t k) {
    for (int i = 0; i < 8; ++i)
      bytes.push_back(static_cast<char>(k >> (8 * i)));
  };
  uint64_t once = keys;
  for (int round = 0; round < rounds; ++round) {
    for (int i = 0; i < 20'000; ++i)
      add(ranks.draw(random));
    for (int i = 0; i < 5'000; ++i)
      add(once++);
  }
  return parse_trace("scan_mix", bytes, trace_format::u64).value();
}

double percent(uint64_t hits, uint64_t reads) {
  return reads == 0
             ? 0
             : 100.0 * static_cast<double>(hits) / static_cast<double>(reads);
}

void measure_stream(run& r, const source& s, const request_trace& t) {
  for (auto size : s.sizes) {
    const auto prefix
        = "hit_ratio." + s.name + "." + std::to_string(size) + ".";
    if (!r.wants_some_of(prefix))
      continue;
    const auto best
        = percent(most_hits(t, size, entry_overhead_bytes), t.size());
    for (auto policy : eviction_names) {
      if (!r.wants(prefix + std::string{policy}))
        continue;
      auto counted = count_hits(t, size, policy).value();
      figure f;
      f.name = prefix + std::string{policy};
      f.unit = "%";
      f.value = percent(counted.hits, counted.reads);
      f.peer = "opt";
      f.peer_value = best;
      f.fields = {{"reads", static_cast<double>(counted.reads)}};
      r.add(std::move(f));
    }
  }
}

void skip_stream(run& r, const source& s, const std::string& why) {
  for (auto size : s.sizes)
    for (auto policy : eviction_names)
      r.skip("hit_ratio." + s.name + "." + std::to_string(size) + "."
                 + std::string{policy},
             "%", "opt", why);
}

} // namespace

void measure_hit_ratios(run& r) {
  if (!r.wants_some_of("hit_ratio."))
    return;
  const auto& folder = r.asked().traces;
  auto streams = made_up_streams;
  if (!folder.empty()) {
    streams = recorded_streams;
    for (auto& s : streams)
      s.from = (std::filesystem::path{folder} / s.from).string();
    streams.push_back(loop);
  }
  for (auto& s : streams) {
    if (!r.wants_some_of("hit_ratio." + s.name + "."))
      continue;
    r.step("hit ratios: " + s.name);
    if (s.from.empty()) {
      measure_stream(r, s, scan_mix());
      continue;
    }
    auto t = read_trace(s.from, trace_format::u64);
    if (t)
      measure_stream(r, s, *t);
    else
      skip_stream(r, s, t.error());
  }
}

} // namespace toadcache::bench
