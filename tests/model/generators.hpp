// RapidCheck generators for the values of the model layer, and what the hostile
// tests do to blocks.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include <rapidcheck.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model/row.hpp"

namespace toadcache::testing {

/// A row's columns: types and matching values.
struct columns {
  std::vector<column_type> types;
  std::vector<value> values;
};

inline column_type any_type() {
  return static_cast<column_type>(*rc::gen::inRange(1, 12));
}

/// Bytes of every kind, zero bytes more often than by chance.
inline std::string any_bytes() {
  return *rc::gen::container<std::string>(rc::gen::weightedOneOf<char>(
      {{3, rc::gen::arbitrary<char>()},
       {1, rc::gen::element('\0', '\1', '\xff')}}));
}

inline value any_value(column_type type) {
  switch (type) {
  case column_type::int64:
    return *rc::gen::arbitrary<int64_t>();
  case column_type::uint64:
    return *rc::gen::arbitrary<uint64_t>();
  case column_type::float64:
    return *rc::gen::arbitrary<double>();
  default:
    return any_bytes();
  }
}

inline value any_value_or_null(column_type type) {
  return *rc::gen::inRange(0, 4) == 0 ? value{} : any_value(type);
}

inline columns any_columns() {
  columns out;
  auto count = *rc::gen::inRange(0, 12);
  for (int i = 0; i < count; ++i) {
    out.types.push_back(any_type());
    out.values.push_back(any_value_or_null(out.types.back()));
  }
  return out;
}

/// A tuple as a key holds it.
inline std::vector<value> any_tuple() {
  std::vector<value> out;
  auto count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i)
    out.push_back(any_value_or_null(any_type()));
  return out;
}

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
