#include "bench/rows.hpp"

#include <numeric>

#include "tools/random.hpp"

namespace toadcache::bench {

int64_t user_id(size_t rank) {
  uint64_t h = rank + 0x9e3779b97f4a7c15; // the finalizer of MurmurHash3
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return static_cast<int64_t>((h ^ (h >> 33)) >> 2) + 1;
}

row user_row(const entity_type& user, int64_t id, uint64_t version) {
  const std::vector<value> values{id,
                                  "User number "
                                      + std::to_string(id % 1'000'000) + "."
                                      + std::to_string(version),
                                  "0001",
                                  nullptr,
                                  "2026-01-02 03:04:05",
                                  "2026-11-22 10:11:12"};
  return *row::encode(user.types, values);
}

key user_key(const entity_type& user, int64_t id) {
  const value v{id};
  return *user.make_key(primary_index, {&v, 1});
}

std::vector<size_t> shuffled_ranks(size_t n, uint64_t seed) {
  std::vector<size_t> out(n);
  std::iota(out.begin(), out.end(), size_t{0});
  random_source random{seed};
  for (size_t i = n; i > 1; --i)
    std::swap(out[i - 1], out[random.below(i)]);
  return out;
}

std::vector<int64_t> zipf_ids(size_t users, size_t count, uint64_t seed) {
  const zipf_ranks ranks{users, 0.99};
  random_source random{seed};
  std::vector<int64_t> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i)
    out.push_back(user_id(ranks.draw(random)));
  return out;
}

std::vector<key> keys_of(const entity_type& user,
                         const std::vector<int64_t>& ids) {
  std::vector<key> out;
  out.reserve(ids.size());
  for (auto id : ids)
    out.push_back(user_key(user, id));
  return out;
}

} // namespace toadcache::bench
