#include "storage/binlog_table_map.hpp"

namespace toadcache {

namespace {

/// Fields of the optional part.
enum optional_field : uint8_t { signedness = 1, column_names = 4 };

/// How the column is described further: the bytes of its entry.
size_t meta_bytes(uint8_t type) {
  switch (static_cast<wire_type>(type)) {
  case wire_type::float32:
  case wire_type::float64:
  case wire_type::timestamp:
  case wire_type::datetime:
  case wire_type::time:
  case wire_type::blob_compressed:
  case wire_type::vector:
  case wire_type::json:
  case wire_type::tiny_blob:
  case wire_type::medium_blob:
  case wire_type::long_blob:
  case wire_type::blob:
  case wire_type::geometry:
    return 1;
  case wire_type::varchar:
  case wire_type::varchar_compressed:
  case wire_type::bit:
  case wire_type::decimal:
  case wire_type::enumeration:
  case wire_type::set:
  case wire_type::var_string:
  case wire_type::string:
    return 2;
  default:
    return 0;
  }
}

bool is_numeric(uint8_t type) {
  switch (static_cast<wire_type>(type)) {
  case wire_type::tiny:
  case wire_type::small:
  case wire_type::int24:
  case wire_type::int32:
  case wire_type::int64:
  case wire_type::float32:
  case wire_type::float64:
  case wire_type::decimal:
    return true;
  default:
    return false;
  }
}

/// Numbers of two bytes come lowest byte first, pairs of bytes as they are.
uint16_t read_meta(byte_cursor& c, uint8_t type) {
  switch (static_cast<wire_type>(type)) {
  case wire_type::decimal:
  case wire_type::enumeration:
  case wire_type::set:
  case wire_type::var_string:
  case wire_type::string:
    return static_cast<uint16_t>(c.big(2));
  default:
    return static_cast<uint16_t>(c.little(meta_bytes(type)));
  }
}

void read_signs(byte_cursor c, table_map_event& out) {
  out.signs = true;
  size_t bit = 0;
  uint64_t byte = 0;
  for (auto& column : out.columns) {
    if (!is_numeric(column.type))
      continue;
    if (bit % 8 == 0)
      byte = c.little(1);
    column.is_unsigned = (byte >> (7 - bit % 8) & 1) != 0;
    ++bit;
  }
}

void read_names(byte_cursor c, table_map_event& out) {
  for (auto& column : out.columns)
    column.name = c.take(c.packed());
}

} // namespace

result<table_map_event> parse_table_map(byte_cursor c, size_t id_bytes) {
  table_map_event out;
  out.table_id = c.little(id_bytes);
  c.take(2); // flags
  out.schema = c.take(c.little(1));
  c.take(1);
  out.table = c.take(c.little(1));
  c.take(1);
  auto shape = c;
  auto count = c.packed();
  auto types = c.take(count);
  byte_cursor metas{c.take(c.packed())};
  c.take(count / 8 + (count % 8 != 0)); // which may be NULL
  if (!c.ok())
    return fail(errc::corrupt, "it is cut off");
  out.shape = shape.take_rest();
  out.columns.reserve(types.size());
  for (auto t : types) {
    table_map_event::column column;
    column.type = static_cast<uint8_t>(t);
    column.meta = read_meta(metas, column.type);
    out.columns.push_back(std::move(column));
  }
  if (!metas.ok() || metas.left() != 0)
    return fail(errc::corrupt, "its columns are not described in full");
  while (c.left() > 0) {
    auto field = c.little(1);
    byte_cursor content{c.take(c.packed())};
    if (field == signedness)
      read_signs(content, out);
    else if (field == column_names)
      read_names(content, out);
  }
  if (!c.ok())
    return fail(errc::corrupt, "its optional part is cut off");
  return out;
}

wire_type real_type(uint8_t type, uint16_t meta) noexcept {
  auto t = static_cast<wire_type>(type);
  auto inner = static_cast<wire_type>(meta >> 8);
  auto hidden = inner == wire_type::enumeration || inner == wire_type::set;
  return t == wire_type::string && hidden ? inner : t;
}

uint32_t string_bytes(uint16_t meta) noexcept {
  // Two bits of the length stand, inverted, among those of the type.
  auto inner = static_cast<uint32_t>(meta >> 8);
  auto low = static_cast<uint32_t>(meta & 0xff);
  return low | ((inner & 0x30) ^ 0x30) << 4;
}

} // namespace toadcache
