#include "policy/ghost_table.hpp"

#include <algorithm>

namespace toadcache {

namespace {

// The low bits; the group comes from the high ones.
uint64_t fingerprint_of(uint64_t key_hash) {
  return key_hash & 0xffff;
}

} // namespace

void ghost_table::reserve(size_t count) {
  // A full group drops its oldest ghost while others still have room. More
  // cells would keep those: 6 bytes per entry for 0.04 points of hit ratio.
  auto wanted = count + group;
  if (wanted <= cells_.size())
    return;
  auto groups = (wanted + wanted / 8) / group + 1;
  cells_ = block_vector<cell>(groups * group);
}

ghost_table::cell* ghost_table::group_of(uint64_t key_hash) {
  // Lemire's multiply-shift instead of a remainder.
  auto groups = cells_.size() / group;
  auto i = ((key_hash >> 32) * groups) >> 32;
  return cells_.data() + i * group;
}

ghost_table::cell* ghost_table::find(cell* first, uint64_t key_hash) {
  for (auto* c = first; c != first + group; ++c)
    if (c->origin != 0 && c->fingerprint == fingerprint_of(key_hash))
      return c;
  return nullptr;
}

void ghost_table::put(uint64_t key_hash, const ghost& g, uint32_t now) {
  if (cells_.empty())
    return;
  auto* first = group_of(key_hash);
  auto* to = find(first, key_hash);
  if (to == nullptr) {
    to = first;
    for (auto* c = first; c != first + group; ++c) {
      if (c->origin == 0) {
        to = c;
        break;
      }
      if (age(static_cast<uint32_t>(c->left), now)
          > age(static_cast<uint32_t>(to->left), now))
        to = c;
    }
  }
  to->fingerprint = fingerprint_of(key_hash);
  to->origin = static_cast<uint64_t>(g.origin) & 3;
  to->left = g.left & time_mask;
  to->last_used = g.last_used & time_mask;
}

std::optional<ghost> ghost_table::take(uint64_t key_hash) {
  if (cells_.empty())
    return std::nullopt;
  auto* c = find(group_of(key_hash), key_hash);
  if (c == nullptr)
    return std::nullopt;
  ghost g{static_cast<ghost::origin_type>(c->origin),
          static_cast<uint32_t>(c->left), static_cast<uint32_t>(c->last_used)};
  c->origin = 0;
  return g;
}

} // namespace toadcache
