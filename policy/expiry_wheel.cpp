#include "policy/expiry_wheel.hpp"

#include <algorithm>
#include <bit>

namespace toadcache {

expiry_wheel::expiry_wheel(tick now) : at_(now) {
  buckets_.fill(no_slot);
}

void expiry_wheel::add(slot_id s, tick due) {
  if (s >= nodes_.size()) {
    if (s >= nodes_.capacity()) // by an eighth, not by the double: it is many
      nodes_.reserve(size_t{s} + size_t{s} / 8 + 8);
    nodes_.resize(size_t{s} + 1);
  }
  link(s, bucket_of(due));
  ++count_;
}

void expiry_wheel::move(slot_id s, tick due) {
  unlink(s);
  link(s, bucket_of(due));
}

void expiry_wheel::erase(slot_id s) {
  unlink(s);
  --count_;
}

bool expiry_wheel::advance(tick now, size_t max_steps, const due_of& due,
                           std::vector<slot_id>& out) {
  auto steps = max_steps;
  while (at_ <= now && count_ > 0) {
    for (auto level = levels; level-- > 0;)
      if (!empty(level * width + digit(level), steps, due, out))
        return false;
    // To the next tick with slots, or the next that moves some down.
    auto later = occupied_[0] & (~uint64_t{1} << digit(0));
    auto window = at_ >> bits << bits;
    auto to = window
              + (later != 0 ? static_cast<unsigned>(std::countr_zero(later))
                            : width);
    at_ = std::min(to, now + 1);
  }
  at_ = std::max(at_, now + 1);
  return true;
}

std::optional<expiry_wheel::tick> expiry_wheel::next() const {
  for (unsigned level = 0; level < levels; ++level) {
    if (occupied_[level] == 0)
      continue;
    auto shift = level * bits;
    auto window = at_ >> shift >> bits << bits;
    auto first = static_cast<unsigned>(std::countr_zero(occupied_[level]));
    return std::max(at_, (window + first) << shift);
  }
  return std::nullopt;
}

unsigned expiry_wheel::bucket_of(tick due) const {
  constexpr tick end = (tick{1} << (levels * bits)) - 1;
  due = std::clamp(due, at_, std::max(at_, end));
  // The first place in which the two differ.
  auto level
      = static_cast<unsigned>(std::bit_width((due ^ at_) | 1) - 1) / bits;
  return level * width
         + (static_cast<unsigned>(due >> (level * bits)) & (width - 1));
}

void expiry_wheel::link(slot_id s, unsigned bucket) {
  auto first = buckets_[bucket];
  nodes_[s] = {first, first_code + bucket};
  if (first != no_slot)
    nodes_[first].older = s;
  buckets_[bucket] = s;
  occupied_[bucket / width] |= uint64_t{1} << (bucket % width);
}

void expiry_wheel::unlink(slot_id s) {
  auto [newer, older] = nodes_[s];
  if (newer != no_slot)
    nodes_[newer].older = older;
  if (older < first_code) {
    nodes_[older].newer = newer;
  } else {
    auto bucket = older - first_code;
    buckets_[bucket] = newer;
    if (newer == no_slot)
      occupied_[bucket / width] &= ~(uint64_t{1} << (bucket % width));
  }
  nodes_[s] = {};
}

bool expiry_wheel::empty(unsigned bucket, size_t& steps, const due_of& due,
                         std::vector<slot_id>& out) {
  while (buckets_[bucket] != no_slot) {
    if (steps-- == 0)
      return false;
    auto s = buckets_[bucket];
    auto when = due(s);
    if (when <= at_) {
      erase(s);
      out.push_back(s);
    } else {
      move(s, when);
    }
  }
  return true;
}

} // namespace toadcache
