// Rows and lists of the shipped catalog to put on disk in tests.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "model/disk_entry.hpp"

namespace toadcache::tests {

inline catalog_ptr shipped_catalog() {
  static const catalog_ptr types = [] {
    auto loaded = catalog::load("");
    if (!loaded)
      throw std::runtime_error(to_string(loaded.error()));
    return *loaded;
  }();
  return types;
}

inline const entity_type& type_named(const catalog& types, const char* name) {
  auto type = types.find(name);
  if (!type)
    throw std::runtime_error(std::string{"no type "} + name);
  return *type;
}

/// The primary key of a type keyed by one integer.
inline key row_key(const char* type, int64_t id) {
  auto& t = type_named(*shipped_catalog(), type);
  std::vector<value> values{value{id}};
  auto made = t.make_key(primary_index, values);
  if (!made)
    throw std::runtime_error(to_string(made.error()));
  return *made;
}

/// A user or guild (both begin with id and name).
inline disk_entry row_entry(const char* type, int64_t id, std::string name,
                            wall_time fetched = {}) {
  auto& t = type_named(*shipped_catalog(), type);
  std::vector<value> values(t.columns.size());
  values[0] = value{id};
  values[1] = value{std::move(name)};
  for (size_t i = 2; i < values.size(); ++i)
    if (!t.columns[i].nullable)
      values[i] = value{"2026-11-22 10:11:12"};
  auto made = row::encode(t.types, values);
  if (!made)
    throw std::runtime_error(to_string(made.error()));
  disk_entry entry;
  entry.id = row_key(type, id);
  entry.content = *made;
  entry.fetched = fetched;
  return entry;
}

inline disk_entry user(int64_t id, std::string name, wall_time fetched = {}) {
  return row_entry("user", id, std::move(name), fetched);
}

/// The channels of a guild, as a list by the type's first index.
inline disk_entry channels_of(int64_t guild, std::vector<int64_t> channels,
                              wall_time fetched = {}) {
  auto& t = type_named(*shipped_catalog(), "channel");
  std::vector<value> values{value{guild}};
  auto made = t.make_key(1, values);
  if (!made)
    throw std::runtime_error(to_string(made.error()));
  disk_entry entry;
  entry.id = *made;
  for (auto id : channels)
    entry.list.push_back(row_key("channel", id));
  entry.fetched = fetched;
  return entry;
}

/// The name column of a stored user or guild; "" for no row.
inline std::string name_of(const disk_entry& e) {
  return e.content ? std::string{e.content.text_at(1)} : std::string{};
}

} // namespace toadcache::tests
