#include "bench/report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>

namespace toadcache::bench {

namespace {

using json_object = nlohmann::ordered_json;

std::string rounded(double x) {
  char text[48];
  auto size = std::fabs(x);
  auto digits = size >= 1000 || size == std::floor(size) ? 0
                : size >= 100                            ? 1
                : size >= 1                              ? 2
                                                         : 3;
  std::snprintf(text, sizeof(text), "%.*f", digits, x);
  return text;
}

std::string rounded(const std::optional<double>& x) {
  return x ? rounded(*x) : "-";
}

json_object or_null(const std::optional<double>& x) {
  return x ? json_object(*x) : json_object(nullptr);
}

json_object or_null(const std::string& s) {
  return s.empty() ? json_object(nullptr) : json_object(s);
}

std::string padded(std::string text, size_t width, bool right) {
  if (text.size() < width)
    text.insert(right ? 0 : text.size(), width - text.size(), ' ');
  return text;
}

std::string spread_of(const std::optional<std::pair<double, double>>& s) {
  return s ? rounded(s->first) + ".." + rounded(s->second) : "";
}

json_object as_json(const figure& f) {
  json_object out;
  out["name"] = f.name;
  out["unit"] = f.unit;
  out["value"] = or_null(f.value);
  out["peer"] = or_null(f.peer);
  out["peer_value"] = or_null(f.peer_value);
  out["ratio"] = or_null(f.ratio());
  if (f.spread)
    out["spread"] = {f.spread->first, f.spread->second};
  if (f.peer_spread)
    out["peer_spread"] = {f.peer_spread->first, f.peer_spread->second};
  out["repetitions"] = f.repetitions;
  for (auto& [name, x] : f.fields)
    out[name] = x;
  if (!f.note.empty())
    out["note"] = f.note;
  if (!f.skipped.empty())
    out["skipped"] = f.skipped;
  return out;
}

} // namespace

std::optional<double> figure::ratio() const {
  if (!value || !peer_value)
    return std::nullopt;
  const bool times_better = name.find(".vs_") != std::string::npos;
  auto above = times_better ? *peer_value : *value;
  auto below = times_better ? *value : *peer_value;
  if (below == 0)
    return std::nullopt;
  return above / below;
}

figure make_figure(std::string name, std::string unit, const samples& own) {
  figure f;
  f.name = std::move(name);
  f.unit = std::move(unit);
  f.value = own.median();
  f.repetitions = own.count();
  if (own.count() > 1)
    f.spread = {own.low(), own.high()};
  return f;
}

figure make_figure(std::string name, std::string unit, const samples& own,
                   std::string peer, const samples& of_peer) {
  auto f = make_figure(std::move(name), std::move(unit), own);
  f.peer = std::move(peer);
  f.peer_value = of_peer.median();
  if (of_peer.count() > 1)
    f.peer_spread = {of_peer.low(), of_peer.high()};
  return f;
}

bool report::has_skipped() const {
  return std::ranges::any_of(
      figures_, [](const figure& f) { return !f.skipped.empty(); });
}

std::string report::text() const {
  std::vector<std::vector<std::string>> lines{
      {"name", "value", "unit", "spread", "peer", "peer value", "ratio"}};
  for (auto& f : figures_)
    lines.push_back({f.name, rounded(f.value), f.unit, spread_of(f.spread),
                     f.peer.empty() ? "-" : f.peer, rounded(f.peer_value),
                     rounded(f.ratio())});
  std::vector<size_t> width(lines.front().size());
  for (auto& line : lines)
    for (size_t i = 0; i < line.size(); ++i)
      width[i] = std::max(width[i], line[i].size());
  std::string out;
  for (size_t n = 0; n < lines.size(); ++n) {
    for (size_t i = 0; i < width.size(); ++i) {
      const bool right = i == 1 || i >= 5;
      out += padded(lines[n][i], width[i], right) + "  ";
    }
    if (n > 0) {
      auto& f = figures_[n - 1];
      for (auto& [name, x] : f.fields)
        out += name + "=" + rounded(x) + " ";
      if (!f.skipped.empty())
        out += "SKIPPED: " + f.skipped;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string report::json(const environment& where) const {
  json_object out;
  out["format"] = 1;
  out["environment"] = {{"cpu", where.cpu},
                        {"cores", where.cores},
                        {"kernel", where.kernel},
                        {"system", where.system},
                        {"compiler", where.compiler},
                        {"build_type", where.build_type},
                        {"optimized", where.optimized},
                        {"date", where.date},
                        {"load_at_start", where.load_at_start},
                        {"load_at_end", where.load_at_end},
                        {"warnings", where.warnings()}};
  auto results = json_object::array();
  for (auto& f : figures_)
    results.push_back(as_json(f));
  out["results"] = std::move(results);
  return out.dump(2) + "\n";
}

} // namespace toadcache::bench
