#include "policy/evicted_keys.hpp"

#include <algorithm>
#include <bit>

namespace toadcache {

namespace {

constexpr uint64_t most_ghosts = 2048;
constexpr uint64_t ticks_per_window = 4096;

} // namespace

void evicted_keys::on_evict(uint64_t key_hash, size_t weight_bytes) {
  bytes_ += weight_bytes;
  ++count_;
  if (window_ == 0 || !in_sample(key_hash, sampled_of()))
    return;
  auto wanted = window_ / (bytes_ / count_ + 1) / sampled_of() + 1;
  ghosts_.reserve(std::min(wanted, most_ghosts));
  ghosts_.put(key_hash, {ghost::origin_type::main_queue, now(), 0}, now());
}

uint64_t evicted_keys::on_miss(uint64_t key_hash) {
  if (count_ == 0 || window_ == 0 || !in_sample(key_hash, sampled_of()))
    return 0;
  auto g = ghosts_.take(key_hash);
  if (!g || ghost_table::age(g->left, now()) >= ticks_per_window)
    return 0;
  return sampled_of();
}

uint64_t evicted_keys::sampled_of() const {
  auto in_window = window_ / (bytes_ / count_ + 1);
  return std::bit_floor(std::max<uint64_t>(in_window / (most_ghosts / 2), 1));
}

bool evicted_keys::in_sample(uint64_t key_hash, uint64_t of) {
  // Other bits than those that place the ghosts.
  auto mixed = (key_hash ^ (key_hash >> 29)) * 0x9e3779b97f4a7c15;
  return ((mixed >> 40) & (of - 1)) == 0;
}

uint32_t evicted_keys::now() const {
  auto tick = std::max<uint64_t>(window_ / ticks_per_window, 1);
  return static_cast<uint32_t>(bytes_ / tick);
}

} // namespace toadcache
