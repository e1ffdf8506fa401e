// How the budget of the process is split among the entity types: by weight at
// the start, then moved to where bytes earn more hits. One thread; no clock:
// the caller says when a period ends.
//
// The measure is the same for every eviction policy: each type counts the
// misses of keys that it evicted while the last `step` bytes of evictions went
// by. A share that much larger would have kept them (Cliffhanger, Cidon et al.,
// NSDI 2016, climbs the same slope). What a giver loses is taken to be what its
// own last step would have gained; for a type whose room is idle, nothing. As
// the next bytes of a type earn less than the ones before, the shares come to
// rest where the counts are within a factor of two of each other.
//
// Invariants. The shares never sum to more than the budget. What a type is
// known to hold above its share counts as used until it says that it is gone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace toadcache {

struct share_rules {
  double min_ratio = 0;  ///< floor, of what the weight gives
  double max_ratio = 1;  ///< cap, of the budget
  double step_ratio = 0; ///< given up at most per period, of the budget
};

/// What of a budget is for rows when memory is held for them beyond what they
/// use: the free places count, up to a quarter of the budget.
[[nodiscard]] constexpr size_t without_waste(size_t budget_bytes,
                                             size_t held_bytes,
                                             size_t used_bytes) noexcept {
  auto free_bytes = std::max(held_bytes, used_bytes) - used_bytes;
  return budget_bytes - std::min(free_bytes, budget_bytes / 4);
}

class budget_shares {
public:
  /// Requires: `weights` are above zero. One type alone gets everything.
  budget_shares(size_t budget_bytes, std::vector<double> weights,
                share_rules rules);

  [[nodiscard]] size_t size() const { return types_.size(); }
  [[nodiscard]] size_t budget() const { return budget_; }
  [[nodiscard]] size_t step() const;
  /// What the type may use now; tell it whenever it has changed.
  [[nodiscard]] size_t share_of(size_t type) const {
    return types_[type].share;
  }
  [[nodiscard]] size_t floor_of(size_t type) const;
  [[nodiscard]] size_t cap() const;
  /// What the types may occupy at this moment.
  [[nodiscard]] size_t held() const;

  /// The shares of an earlier owner, of which the types may hold all. What they
  /// leave of the budget is given in proportion.
  void adopt(std::span<const size_t> shares);
  /// A new budget; every share in proportion. What must be given up is taken
  /// from the shares at once, what can be given follows in `on_held`.
  void set_budget(size_t bytes);
  /// The type, told `share`, occupies `used`: what is free is given to those
  /// that are to grow.
  void on_held(size_t type, size_t share, size_t used);
  /// A period is over, in which one more step would have gained each type so
  /// many hits. The bytes that are to move.
  size_t on_period(std::span<const uint64_t> regained);

private:
  struct type_share {
    double weight = 1;
    size_t target = 0; ///< where the share goes
    size_t share = 0;
    size_t used = 0;   ///< as last reported
    size_t held = 0;   ///< it may occupy that much: share, or more until told
    uint64_t gain = 0; ///< regained hits, halved per period
  };

  [[nodiscard]] bool is_idle(const type_share& t) const;
  size_t give(type_share& from, type_share& to);
  void apply();
  void grow();

  size_t budget_;
  share_rules rules_;
  double weight_sum_ = 0;
  std::vector<type_share> types_;
};

} // namespace toadcache
