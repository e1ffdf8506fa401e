#include "policy/memory_pressure.hpp"

#include <algorithm>

#include "config/defaults.hpp"

namespace toadcache {

memory_pressure::step memory_pressure::on_period(const memory_load& now) {
  if (is_high(now, 0)) {
    quiet_ = 0;
    auto before = ratio_;
    ratio_ = std::max(ratio_ * (1 - defaults::pressure_shrink_ratio),
                      defaults::least_budget_ratio);
    return ratio_ < before ? step::shrink : step::none;
  }
  // Between the two marks nothing happens, so that growing does not at once
  // bring back what it grew after.
  if (ratio_ >= 1 || is_high(now, defaults::pressure_margin_ratio)) {
    quiet_ = 0;
    return step::none;
  }
  if (++quiet_ <= defaults::quiet_periods_count)
    return step::none;
  ratio_ = std::min(ratio_ + defaults::pressure_grow_ratio, 1.0);
  return step::grow;
}

bool memory_pressure::is_high(const memory_load& now, double margin) const {
  if (rules_.used_ratio < 1 && now.used_ratio
      && *now.used_ratio > rules_.used_ratio - margin)
    return true;
  auto part = margin > 0 ? 0.5 : 1.0;
  return rules_.stalled_ratio < 1
         && now.stalled_ratio > rules_.stalled_ratio * part;
}

} // namespace toadcache
