// The rows that the figures are about: users with scattered ids, and streams of
// their keys by Zipf's law. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "model/catalog.hpp"

namespace toadcache::bench {

/// The id of the user of a popularity rank: scattered, positive.
[[nodiscard]] int64_t user_id(size_t rank);
/// A user's row of about 120 bytes; `version` changes its name.
[[nodiscard]] row user_row(const entity_type& user, int64_t id,
                           uint64_t version = 0);
[[nodiscard]] key user_key(const entity_type& user, int64_t id);

/// Ranks below `n` in random order: rows are made in it, so that popular ones
/// do not lie side by side in memory.
[[nodiscard]] std::vector<size_t> shuffled_ranks(size_t n, uint64_t seed);

/// `count` ids of users, drawn by Zipf's law with exponent 0.99.
[[nodiscard]] std::vector<int64_t> zipf_ids(size_t users, size_t count,
                                            uint64_t seed);
/// Their keys, prepared.
[[nodiscard]] std::vector<key> keys_of(const entity_type& user,
                                       const std::vector<int64_t>& ids);

} // namespace toadcache::bench
