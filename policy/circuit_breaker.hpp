// Decides whether the database may be asked at all: after several connection
// failures in a row everything is refused at once, then single probes find out
// whether it is back. Time is a parameter; not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>

namespace toadcache {

class circuit_breaker {
public:
  using milliseconds = std::chrono::milliseconds;
  using time_point = std::chrono::steady_clock::time_point;

  enum class state_type {
    closed,    ///< everything passes
    open,      ///< nothing passes before `retry_at`
    half_open, ///< one probe is under way, nothing else passes
  };

  /// Opens after `failures_count` failures in a row, for `open_time` at first;
  /// each failed probe doubles that, up to `open_time_max`.
  circuit_breaker(size_t failures_count, milliseconds open_time,
                  milliseconds open_time_max);

  enum class admission { pass, probe, refuse };
  /// `probe`: pass, and report the outcome by one of the functions below; until
  /// then everything else is refused.
  [[nodiscard]] admission admit(time_point now);

  /// The database answered. Closes the breaker whoever was asked.
  void succeeded();
  /// A connection failed. True when the breaker changed from closed to open.
  bool failed(time_point now);
  /// The probe ended without asking the database: the next one may try.
  void abandoned();

  [[nodiscard]] state_type state() const noexcept { return state_; }
  /// While open: the earliest time of the next probe.
  [[nodiscard]] time_point retry_at() const noexcept { return retry_at_; }

private:
  size_t failures_count_;
  milliseconds open_time_;
  milliseconds open_time_max_;
  state_type state_ = state_type::closed;
  size_t failures_ = 0;
  milliseconds next_open_time_;
  time_point retry_at_{};
};

} // namespace toadcache
