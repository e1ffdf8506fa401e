#include "bench/run.hpp"

#include <algorithm>
#include <cstdio>

namespace toadcache::bench {

bool run::wants_any(std::initializer_list<std::string_view> names) const {
  return std::ranges::any_of(names,
                             [this](std::string_view n) { return wants(n); });
}

void run::add(figure f) {
  if (!wants(f.name))
    return;
  std::string line = "  " + f.name + ": ";
  char text[64];
  std::snprintf(text, sizeof(text), "%.6g ", f.value.value_or(0));
  line += text + f.unit;
  if (auto ratio = f.ratio()) {
    std::snprintf(text, sizeof(text), "%.3g", *ratio);
    line += ", ratio to " + f.peer + " " + text;
  }
  step(line);
  results_.add(std::move(f));
}

void run::skip(std::string name, std::string unit, std::string peer,
               std::string why) {
  if (!wants(name))
    return;
  step("  " + name + ": skipped: " + why);
  figure f;
  f.name = std::move(name);
  f.unit = std::move(unit);
  f.peer = std::move(peer);
  f.skipped = std::move(why);
  f.repetitions = 0;
  results_.add(std::move(f));
}

void run::step(const std::string& what) const {
  std::fprintf(stderr, "toadcache: %s\n", what.c_str());
}

} // namespace toadcache::bench
