// How much of the configured budget may be used while the control group is
// short of memory: down in steps under pressure, slowly up when it is over. One
// thread; no clock, no files: the caller says what was read each period.
#pragma once

#include <cstddef>
#include <optional>

namespace toadcache {

/// What was read of the control group.
struct memory_load {
  /// In use, without file pages that can be dropped at once, of the limit;
  /// absent: no limit.
  std::optional<double> used_ratio;
  /// Share of the last ten seconds in which all tasks stood still for want of
  /// memory; 0 where the kernel does not say.
  double stalled_ratio = 0;
};

struct pressure_rules {
  double used_ratio = 1;    ///< pressure above this; 1: never
  double stalled_ratio = 1; ///< pressure above this; 1: never
};

class memory_pressure {
public:
  /// `budget_ratio`: as an earlier owner left it.
  explicit memory_pressure(pressure_rules rules, double budget_ratio = 1)
      : rules_(rules), ratio_(budget_ratio) {}

  enum class step { none, shrink, grow };
  /// A period is over.
  step on_period(const memory_load& now);
  /// The part of the configured budget that may be used.
  [[nodiscard]] double budget_ratio() const { return ratio_; }

private:
  [[nodiscard]] bool is_high(const memory_load& now, double margin) const;

  pressure_rules rules_;
  double ratio_;
  size_t quiet_ = 0; ///< periods since the pressure was over
};

} // namespace toadcache
