// What tests with hostile bytes share: blocks that pass the hash, and a reader
// that touches everything.
#pragma once

#include <string>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/row.hpp"

namespace toadcache::testing {

/// Gives a changed block a matching size and hash, so that only the checks of
/// its offsets and types remain. Requires: at least 16 bytes.
inline void reseal(std::string& block) {
  auto put = [&](size_t at, uint64_t x, size_t bytes) {
    for (size_t i = 0; i < bytes; ++i)
      block[at + i] = static_cast<char>(x >> 8 * i);
  };
  auto byte = [&](size_t at) { return static_cast<unsigned char>(block[at]); };
  put(0, block.size(), 4);
  auto h = XXH3_64bits_withSeed(block.data() + 16, block.size() - 16,
                                byte(4) | byte(5) << 8);
  put(8, h == 0 ? 1 : h, 8);
}

/// Reads everything that an accepted row offers; false when a view leaves the
/// block.
inline bool stays_inside(const row& r) {
  auto all = r.bytes();
  auto inside = [&](std::string_view part) {
    return part.empty()
           || (part.data() >= all.data()
               && part.data() + part.size() <= all.data() + all.size());
  };
  bool ok = true;
  for (size_t i = 0; i < r.column_count() + 3; ++i) {
    auto v = r.at(i);
    if (const auto* text = std::get_if<std::string_view>(&v))
      ok &= inside(*text);
    ok &= inside(r.text_at(i));
    ok &= r.is_null(i) == std::holds_alternative<std::monostate>(v);
    ok &= r.int_at(i) == 0 || std::holds_alternative<int64_t>(v);
    ok &= !to_string(v).empty(); // touches every byte
  }
  return ok;
}

} // namespace toadcache::testing
