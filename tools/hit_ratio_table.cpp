#include "tools/hit_ratio_table.hpp"

#include <algorithm>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace toadcache {

namespace {

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0.0
                    : static_cast<double>(part) / static_cast<double>(whole);
}

std::string percent(double r) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f", 100.0 * r);
  return text;
}

std::string right(const std::string& text, size_t width) {
  return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

// "orm_busy" of "traces/orm_busy.u64.zst".
std::string short_name(const std::string& path) {
  auto name = path.substr(path.find_last_of('/') + 1);
  for (const std::string ending : {".zst", ".u64"})
    if (name.size() > ending.size() && name.ends_with(ending))
      name.resize(name.size() - ending.size());
  return name;
}

} // namespace

void hit_ratio_table::add(const request_trace& t, uint64_t capacity,
                          uint64_t most_hits, std::vector<hit_count> counts) {
  lines_.push_back({short_name(t.name), t.is_weighted(), capacity, most_hits,
                    std::move(counts)});
}

std::string hit_ratio_table::text() const {
  size_t names = 5;
  for (const auto& l : lines_)
    names = std::max(names, l.trace.size());
  std::string out = "trace" + std::string(names - 5, ' ') + right("size", 12);
  for (const auto& p : policies_)
    out += "  " + p;
  out += "    OPT\n";
  for (const auto& l : lines_) {
    out += l.trace + std::string(names - l.trace.size(), ' ')
           + right(std::to_string(l.capacity) + (l.weighted ? " B" : ""), 12);
    for (size_t i = 0; i < policies_.size(); ++i)
      out += "  "
             + right(percent(ratio(l.counts[i].hits, l.counts[i].reads)),
                     policies_[i].size());
    out += right(percent(ratio(l.most_hits, l.counts.front().reads)), 7) + "\n";
  }
  if (std::any_of(lines_.begin(), lines_.end(),
                  [](const line& l) { return l.weighted; }))
    out += "B: bytes; OPT is then a bound that may be out of reach.\n";
  return out;
}

std::string hit_ratio_table::json() const {
  auto results = nlohmann::json::array();
  for (const auto& l : lines_)
    for (size_t i = 0; i < policies_.size(); ++i) {
      const auto& c = l.counts[i];
      results.push_back({{"trace", l.trace},
                         {"size", l.capacity},
                         {"unit", l.weighted ? "bytes" : "entries"},
                         {"policy", policies_[i]},
                         {"reads", c.reads},
                         {"hits", c.hits},
                         {"hit_ratio", ratio(c.hits, c.reads)},
                         {"bound", ratio(l.most_hits, c.reads)},
                         {"evictions", c.evictions},
                         {"bookkeeping_bytes_per_entry",
                          ratio(c.bookkeeping_bytes, c.most_entries)}});
    }
  return nlohmann::json{{"results", std::move(results)}}.dump(2) + "\n";
}

} // namespace toadcache
