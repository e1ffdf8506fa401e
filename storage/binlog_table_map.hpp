// The log's description of a table's columns. Pure functions over foreign
// bytes; nothing reads beyond their end.
#pragma once

#include "storage/binlog_event.hpp"
#include "storage/byte_cursor.hpp"

namespace toadcache {

/// Types of columns in the log.
enum class wire_type : uint8_t {
  decimal_old = 0,
  tiny = 1,
  small = 2,
  int32 = 3,
  float32 = 4,
  float64 = 5,
  null = 6,
  timestamp_old = 7,
  int64 = 8,
  int24 = 9,
  date = 10,
  time_old = 11,
  datetime_old = 12,
  year = 13,
  new_date = 14,
  varchar = 15,
  bit = 16,
  timestamp = 17,
  datetime = 18,
  time = 19,
  blob_compressed = 140,
  varchar_compressed = 141,
  vector = 242,
  json = 245,
  decimal = 246,
  enumeration = 247,
  set = 248,
  tiny_blob = 249,
  medium_blob = 250,
  long_blob = 251,
  blob = 252,
  var_string = 253,
  string = 254,
  geometry = 255,
};

/// The payload of a TABLE_MAP event. errc::corrupt: what is wrong with it.
[[nodiscard]] result<table_map_event> parse_table_map(byte_cursor c,
                                                      size_t id_bytes);

/// The type inside a `string`: enumeration and set hide there.
[[nodiscard]] wire_type real_type(uint8_t type, uint16_t meta) noexcept;

/// Longest value of a `string` in bytes.
[[nodiscard]] uint32_t string_bytes(uint16_t meta) noexcept;

} // namespace toadcache
