#include "tools/workload.hpp"

#include <algorithm>
#include <cmath>

namespace toadcache {

namespace {

using std::chrono::nanoseconds;

/// Draws kinds by weight.
class command_mix {
public:
  explicit command_mix(
      const std::vector<std::pair<action_kind, double>>& commands)
      : commands_(commands) {
    for (const auto& [kind, weight] : commands_)
      sum_ += weight;
  }
  [[nodiscard]] action_kind draw(random_source& random) const {
    auto x = random.unit() * sum_;
    for (const auto& [kind, weight] : commands_) {
      if (x < weight)
        return kind;
      x -= weight;
    }
    return commands_.back().first;
  }

private:
  const std::vector<std::pair<action_kind, double>>& commands_;
  double sum_ = 0;
};

/// Calls `f(at)` at random times within a phase, `per_second` on average
/// (exponential gaps).
template <class F>
void at_random(const phase& p, nanoseconds begin, double per_second,
               random_source& random, F f) {
  if (per_second <= 0)
    return;
  auto end = begin + p.duration;
  auto at = begin;
  for (;;) {
    auto gap = -std::log(1 - random.unit()) / per_second;
    at += nanoseconds{static_cast<int64_t>(gap * 1e9)};
    if (at >= end)
      return;
    f(at);
  }
}

} // namespace

std::vector<action> make_workload(const scenario& s, const population& who,
                                  uint64_t seed) {
  random_source random{seed};
  command_mix mix{s.commands};
  std::vector<action> out;
  auto add = [&](nanoseconds at, action_kind kind) {
    action a;
    a.at = at;
    a.kind = kind;
    a.salt = static_cast<uint32_t>(random.next());
    if (kind == action_kind::poll)
      a.overlay = static_cast<uint32_t>(random.below(who.overlays().size()));
    else
      a.by = who.draw(random);
    out.push_back(a);
  };
  nanoseconds begin{0};
  for (const auto& p : s.phases) {
    at_random(p, begin, p.commands_per_second, random,
              [&](nanoseconds at) { add(at, mix.draw(random)); });
    at_random(p, begin, p.scores_per_second, random,
              [&](nanoseconds at) { add(at, action_kind::score); });
    at_random(p, begin, p.polls_per_second, random,
              [&](nanoseconds at) { add(at, action_kind::poll); });
    begin += p.duration;
  }
  std::stable_sort(
      out.begin(), out.end(),
      [](const action& a, const action& b) { return a.at < b.at; });
  return out;
}

} // namespace toadcache
