#include "policy/budget_shares.hpp"

#include <algorithm>

#include "config/defaults.hpp"

namespace toadcache {

namespace {

size_t part_of(size_t bytes, double ratio) {
  return static_cast<size_t>(static_cast<double>(bytes) * ratio);
}

} // namespace

budget_shares::budget_shares(size_t budget_bytes, std::vector<double> weights,
                             share_rules rules)
    : budget_(budget_bytes), rules_(rules), types_(weights.size()) {
  for (size_t i = 0; i < weights.size(); ++i) {
    types_[i].weight = weights[i];
    weight_sum_ += weights[i];
  }
  // By weight; what is above the cap goes to the others, which may bring the
  // next one there.
  auto left = static_cast<double>(budget_);
  auto open = weight_sum_;
  auto limit = static_cast<double>(cap());
  std::vector<bool> capped(types_.size());
  for (auto found = true; found;) {
    found = false;
    for (size_t i = 0; i < types_.size(); ++i)
      if (!capped[i] && left * types_[i].weight / open > limit) {
        capped[i] = found = true;
        types_[i].target = cap();
        left -= limit;
        open -= types_[i].weight;
      }
  }
  for (size_t i = 0; i < types_.size(); ++i) {
    auto& t = types_[i];
    if (!capped[i])
      t.target = static_cast<size_t>(left * t.weight / open);
    t.share = t.held = t.target;
  }
}

size_t budget_shares::step() const {
  return part_of(budget_, rules_.step_ratio);
}

size_t budget_shares::floor_of(size_t type) const {
  auto by_weight = part_of(budget_, types_[type].weight / weight_sum_);
  return std::min(part_of(by_weight, rules_.min_ratio), cap());
}

size_t budget_shares::cap() const {
  if (types_.size() <= 1)
    return budget_;
  // A cap below an equal share would leave memory to nobody.
  auto equal = 1.0 / static_cast<double>(types_.size());
  return part_of(budget_, std::max(rules_.max_ratio, equal));
}

size_t budget_shares::held() const {
  size_t sum = 0;
  for (const auto& t : types_)
    sum += t.held;
  return sum;
}

void budget_shares::adopt(std::span<const size_t> shares) {
  size_t sum = 0;
  for (auto s : shares)
    sum += s;
  auto factor = static_cast<double>(budget_)
                / static_cast<double>(std::max<size_t>(sum, 1));
  for (size_t i = 0; i < types_.size(); ++i) {
    auto& t = types_[i];
    t.share = t.held = shares[i];
    t.target = std::min(part_of(shares[i], factor), cap());
  }
  apply();
}

void budget_shares::set_budget(size_t bytes) {
  auto factor = static_cast<double>(bytes)
                / static_cast<double>(std::max<size_t>(budget_, 1));
  budget_ = bytes;
  for (auto& t : types_)
    t.target = part_of(t.target, factor);
  apply();
}

void budget_shares::on_held(size_t type, size_t share, size_t used) {
  auto& t = types_[type];
  t.used = used;
  t.held = std::max({t.share, share, used});
  grow();
}

size_t budget_shares::on_period(std::span<const uint64_t> regained) {
  for (size_t i = 0; i < types_.size(); ++i)
    types_[i].gain = types_[i].gain / 2 + regained[i];
  // Who would gain most, with no room left and the cap not reached.
  type_share* best = nullptr;
  for (auto& t : types_)
    if (t.gain >= defaults::least_regained_count && !is_idle(t)
        && t.target < cap() && (best == nullptr || t.gain > best->gain))
      best = &t;
  if (best == nullptr)
    return 0;
  auto loses_less
      = [best](const type_share& t) { return t.gain < best->gain / 2; };
  size_t moved = 0;
  for (auto& t : types_)
    if (&t != best && is_idle(t) && loses_less(t))
      moved += give(t, *best);
  if (moved == 0) { // from the one that loses least
    type_share* least = nullptr;
    for (size_t i = 0; i < types_.size(); ++i) {
      auto& t = types_[i];
      if (&t != best && t.target > floor_of(i)
          && (least == nullptr || t.gain < least->gain))
        least = &t;
    }
    if (least != nullptr && loses_less(*least))
      moved = give(*least, *best);
  }
  apply();
  return moved;
}

bool budget_shares::is_idle(const type_share& t) const {
  return t.used + step() <= t.share;
}

size_t budget_shares::give(type_share& from, type_share& to) {
  auto floor = floor_of(static_cast<size_t>(&from - types_.data()));
  if (from.target <= floor || to.target >= cap())
    return 0;
  auto bytes = std::min({step(), from.target - floor, cap() - to.target});
  from.target -= bytes;
  to.target += bytes;
  return bytes;
}

// Shrink first: `held` stays until the type has said what it occupies.
void budget_shares::apply() {
  for (auto& t : types_)
    t.share = std::min(t.share, t.target);
  grow();
}

void budget_shares::grow() {
  auto all = held();
  auto free = budget_ > all ? budget_ - all : 0;
  for (auto& t : types_) {
    if (t.share >= t.target)
      continue;
    // What it still holds above its share counts already.
    auto now = std::min(t.target, t.held);
    auto more = std::min(t.target - now, free);
    free -= more;
    t.share = now + more;
    t.held = std::max(t.held, t.share);
  }
}

} // namespace toadcache
