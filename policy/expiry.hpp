// When a cached answer may be served: the one decision that readers and cache
// actors share. Pure functions of time points; thread-safe, never block.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "config/options.hpp"

namespace toadcache {

/// The moments of one cached answer, all on the monotonic clock.
/// fetched <= fresh_until <= refresh_until; stale_until is independent.
struct entry_times {
  using time_point = std::chrono::steady_clock::time_point;
  time_point fetched;       ///< when it was read from the database
  time_point fresh_until;   ///< served as fresh before this
  time_point refresh_until; ///< equal to fresh_until: no stale serving
  time_point stale_until;   ///< served stale before this, on error only
};

/// How long the entries of one type live, from their fetch; varied by the key,
/// so that what was fetched together does not expire together.
class lifetimes {
public:
  lifetimes() = default;
  /// `jitter_ratio`: fresh times vary by up to this part of them, 0 to 0.5.
  lifetimes(const ttl_options& ttl, double jitter_ratio)
      : ttl_(ttl), jitter_permyriad_(static_cast<int64_t>(jitter_ratio * 1e4)) {
  }

  /// The same key always varies by the same share, neighbours by others. A few
  /// nanoseconds: readers ask with every hit.
  [[nodiscard]] constexpr entry_times
  times_of(uint64_t key_hash, bool absent,
           entry_times::time_point fetched) const noexcept {
    const auto fresh = absent ? ttl_.negative : ttl_.fresh;
    const auto unit = static_cast<int64_t>(key_hash % 2001) - 1000;
    const milliseconds jitter{fresh.count() * jitter_permyriad_ / 10'000 * unit
                              / 1000};
    entry_times t;
    t.fetched = fetched;
    t.fresh_until = fetched + fresh + jitter;
    t.refresh_until = t.fresh_until;
    t.stale_until = t.fresh_until;
    if (!absent) {
      t.refresh_until += ttl_.stale_while_revalidate;
      t.stale_until += ttl_.stale_on_error;
    }
    return t;
  }

private:
  ttl_options ttl_;
  int64_t jitter_permyriad_ = 0;
};

enum class verdict {
  fresh,         ///< serve it
  stale_refresh, ///< serve it marked stale, and let one reader refresh it
  expired,       ///< ask again
};

/// Judges an answer for one reader. `trusted_until` is the partition's lease:
/// after it nothing is fresh. `max_age` refuses what was fetched longer ago.
/// `accept_stale` false refuses everything that is not fresh; true allows what
/// the entity's policy (the window up to `refresh_until`) allows.
[[nodiscard]] constexpr verdict
judge(const entry_times& t, entry_times::time_point now,
      entry_times::time_point trusted_until,
      std::optional<std::chrono::milliseconds> max_age,
      bool accept_stale) noexcept {
  if (max_age && now - t.fetched > *max_age)
    return verdict::expired;
  if (now < t.fresh_until && now < trusted_until)
    return verdict::fresh;
  const bool window = t.refresh_until > t.fresh_until && now < t.refresh_until;
  return accept_stale && window ? verdict::stale_refresh : verdict::expired;
}

/// True when the answer may be served, marked stale, because the database
/// cannot be reached.
[[nodiscard]] constexpr bool
may_serve_on_error(const entry_times& t, entry_times::time_point now,
                   std::optional<std::chrono::milliseconds> max_age,
                   bool accept_stale) noexcept {
  if (max_age && now - t.fetched > *max_age)
    return false;
  return accept_stale && now < t.stale_until;
}

/// From when on the answer may not be served at all.
[[nodiscard]] constexpr entry_times::time_point
last_use(const entry_times& t) noexcept {
  return std::max({t.fresh_until, t.refresh_until, t.stale_until});
}

/// Time since the fetch, never negative (clocks may lag a few milliseconds).
[[nodiscard]] constexpr std::chrono::milliseconds
age_of(const entry_times& t, entry_times::time_point now) noexcept {
  if (now <= t.fetched)
    return std::chrono::milliseconds{0};
  return std::chrono::duration_cast<std::chrono::milliseconds>(now - t.fetched);
}

} // namespace toadcache
