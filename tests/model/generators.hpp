// RapidCheck generators for the values of the model layer.
#pragma once

#include <string>
#include <vector>

#include <rapidcheck.h>

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

} // namespace toadcache::testing
