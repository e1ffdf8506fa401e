#include "policy/frequency_sketch.hpp"

#include <algorithm>
#include <bit>

namespace toadcache {

namespace {

constexpr unsigned rows = 4;
constexpr uint64_t most = 15;

struct place {
  size_t word;
  unsigned shift;
};

// The counter of one row: four independent hashes from one (odd multipliers
// of the golden ratio's family, the high bits of a product are the good ones).
place place_of(uint32_t key_hash, unsigned row, size_t word_count) {
  constexpr uint64_t factors[rows] = {0x9e3779b97f4a7c15, 0xc2b2ae3d27d4eb4f,
                                      0x165667b19e3779f9, 0xd6e8feb86659fd93};
  auto h = (uint64_t{key_hash} + 1) * factors[row];
  h ^= h >> 32;
  h *= factors[(row + 1) % rows];
  return {static_cast<size_t>(h >> 24) & (word_count - 1),
          static_cast<unsigned>(h >> 60) * 4};
}

} // namespace

void frequency_sketch::reserve(size_t count) {
  key_count_ = std::max(key_count_, count);
  if (count <= words_.size())
    return;
  words_.assign(std::bit_ceil(std::max<size_t>(count, 64)), 0);
  added_ = 0;
}

void frequency_sketch::add(uint32_t key_hash, unsigned times) {
  if (words_.empty() || times == 0)
    return;
  for (unsigned row = 0; row < rows; ++row) {
    auto [word, shift] = place_of(key_hash, row, words_.size());
    auto now = (words_[word] >> shift) & most;
    auto then = std::min<uint64_t>(now + times, most);
    words_[word] += (then - now) << shift;
  }
  added_ += times;
  if (added_ >= 10 * key_count_)
    halve();
}

unsigned frequency_sketch::estimate(uint32_t key_hash) const {
  if (words_.empty())
    return 0;
  auto least = most;
  for (unsigned row = 0; row < rows; ++row) {
    auto [word, shift] = place_of(key_hash, row, words_.size());
    least = std::min(least, (words_[word] >> shift) & most);
  }
  return static_cast<unsigned>(least);
}

void frequency_sketch::halve() {
  for (auto& w : words_)
    w = (w >> 1) & 0x7777777777777777;
  added_ /= 2;
}

} // namespace toadcache
