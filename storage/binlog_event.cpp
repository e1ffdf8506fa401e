#include "storage/binlog_event.hpp"

#include <algorithm>
#include <array>

#include <zlib.h>

#include "model/gtid_set.hpp"
#include "storage/binlog_table_map.hpp"
#include "storage/byte_cursor.hpp"

namespace toadcache {

namespace {

enum type : uint8_t {
  query = 2,
  stop = 3,
  rotate = 4,
  load = 6,
  create_file = 8,
  exec_load = 10,
  new_load = 12,
  format_description = 15,
  xid = 16,
  begin_load_query = 17,
  execute_load_query = 18,
  table_map = 19,
  write_rows_v1 = 23,
  delete_rows_v1 = 25,
  incident = 26,
  heartbeat = 27,
  rows_query = 29,
  write_rows = 30,
  delete_rows = 32,
  gtid_mysql = 33,
  gtid_anonymous = 34,
  previous_gtids = 35,
  xa_prepare = 38,
  partial_update_rows = 39,
  transaction_payload = 40,
  heartbeat_v2 = 41,
  gtid_tagged = 42,
  annotate_rows = 160,
  binlog_checkpoint = 161,
  gtid_mariadb = 162,
  gtid_list = 163,
  start_encryption = 164,
  query_compressed = 165,
  write_rows_compressed_v1 = 166,
  delete_rows_compressed_v1 = 168,
  write_rows_compressed = 169,
  delete_rows_compressed = 171,
};

struct named_type {
  uint8_t type;
  std::string_view name;
};
constexpr std::array names{
    named_type{query, "QUERY"},
    named_type{stop, "STOP"},
    named_type{rotate, "ROTATE"},
    named_type{5, "INTVAR"},
    named_type{13, "RAND"},
    named_type{14, "USER_VAR"},
    named_type{format_description, "FORMAT_DESCRIPTION"},
    named_type{xid, "XID"},
    named_type{begin_load_query, "BEGIN_LOAD_QUERY"},
    named_type{execute_load_query, "EXECUTE_LOAD_QUERY"},
    named_type{table_map, "TABLE_MAP"},
    named_type{write_rows_v1, "WRITE_ROWS_V1"},
    named_type{24, "UPDATE_ROWS_V1"},
    named_type{delete_rows_v1, "DELETE_ROWS_V1"},
    named_type{incident, "INCIDENT"},
    named_type{heartbeat, "HEARTBEAT"},
    named_type{28, "IGNORABLE"},
    named_type{rows_query, "ROWS_QUERY"},
    named_type{write_rows, "WRITE_ROWS"},
    named_type{31, "UPDATE_ROWS"},
    named_type{delete_rows, "DELETE_ROWS"},
    named_type{gtid_mysql, "GTID"},
    named_type{gtid_anonymous, "ANONYMOUS_GTID"},
    named_type{previous_gtids, "PREVIOUS_GTIDS"},
    named_type{36, "TRANSACTION_CONTEXT"},
    named_type{37, "VIEW_CHANGE"},
    named_type{xa_prepare, "XA_PREPARE"},
    named_type{partial_update_rows, "PARTIAL_UPDATE_ROWS"},
    named_type{transaction_payload, "TRANSACTION_PAYLOAD"},
    named_type{heartbeat_v2, "HEARTBEAT_V2"},
    named_type{gtid_tagged, "GTID_TAGGED"},
    named_type{annotate_rows, "ANNOTATE_ROWS"},
    named_type{binlog_checkpoint, "BINLOG_CHECKPOINT"},
    named_type{gtid_mariadb, "GTID"},
    named_type{gtid_list, "GTID_LIST"},
    named_type{start_encryption, "START_ENCRYPTION"},
    named_type{query_compressed, "QUERY_COMPRESSED"},
    named_type{write_rows_compressed_v1, "WRITE_ROWS_COMPRESSED_V1"},
    named_type{167, "UPDATE_ROWS_COMPRESSED_V1"},
    named_type{delete_rows_compressed_v1, "DELETE_ROWS_COMPRESSED_V1"},
    named_type{write_rows_compressed, "WRITE_ROWS_COMPRESSED"},
    named_type{170, "UPDATE_ROWS_COMPRESSED"},
    named_type{delete_rows_compressed, "DELETE_ROWS_COMPRESSED"},
};

constexpr size_t checksum_bytes = 4;

uint32_t crc_of(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

bool ends_with_checksum(std::string_view bytes) {
  if (bytes.size() < event_header::bytes + checksum_bytes)
    return false;
  auto head = bytes.substr(0, bytes.size() - checksum_bytes);
  return byte_cursor{bytes.substr(head.size())}.little(4) == crc_of(head);
}

tl::unexpected<failure> broken(const event_header& h, std::string_view what) {
  return fail(errc::corrupt, "log event " + event_name(h.type)
                                 + " before offset " + std::to_string(h.end)
                                 + ": " + std::string{what});
}

event_header header_of(byte_cursor& c) {
  event_header h;
  h.timestamp = static_cast<uint32_t>(c.little(4));
  h.type = static_cast<uint8_t>(c.little(1));
  h.server_id = static_cast<uint32_t>(c.little(4));
  h.size = static_cast<uint32_t>(c.little(4));
  h.end = static_cast<uint32_t>(c.little(4));
  h.flags = static_cast<uint16_t>(c.little(2));
  return h;
}

size_t post_header_bytes(const log_format& f, uint8_t type, size_t usual) {
  auto i = size_t{type} - 1;
  return i < f.post_header_bytes.size() ? f.post_header_bytes[i] : usual;
}

/// MariaDB's compressed form: a byte with method and the size of the size, the
/// size (highest byte first), the data. nullptr: it is not that.
std::unique_ptr<std::string> inflated(std::string_view bytes) {
  byte_cursor c{bytes};
  auto head = c.little(1);
  auto method = head >> 4 & 7;
  auto size = c.big(std::min<uint64_t>(head & 7, 4));
  auto packed = c.take_rest();
  // zlib gains no more than this; so no few bytes can ask for all memory.
  if (!c.ok() || (head & 0x80) == 0 || method != 0
      || size > packed.size() * 1032 + 64)
    return nullptr;
  auto out = std::make_unique<std::string>(static_cast<size_t>(size), '\0');
  auto got = static_cast<uLongf>(size);
  auto code = uncompress(reinterpret_cast<Bytef*>(out->data()), &got,
                         reinterpret_cast<const Bytef*>(packed.data()),
                         static_cast<uLong>(packed.size()));
  return code == Z_OK && got == size ? std::move(out) : nullptr;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (auto c : bytes) {
    auto byte = static_cast<unsigned char>(c);
    out.append({digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

result<log_event> parse_rotate(log_event e, byte_cursor c) {
  rotate_event r;
  r.offset = c.little(8);
  r.file = c.take_rest();
  if (!c.ok() || r.file.empty())
    return broken(e.header, "expected offset and file name");
  e.body = std::move(r);
  return e;
}

result<log_event> parse_format(log_event e, byte_cursor c) {
  log_format f;
  auto version = c.little(2);
  auto text = c.take(50);
  f.server_version = text.substr(0, text.find('\0'));
  c.take(4);
  auto header_bytes = c.little(1);
  // Since checksums exist, the last byte names the method.
  auto lengths = c.take_rest();
  if (!c.ok() || version != 4 || header_bytes != event_header::bytes
      || lengths.empty() || f.server_version.empty())
    return broken(e.header, "expected a log of version 4");
  auto method = static_cast<unsigned char>(lengths.back());
  if (method > 1)
    return broken(e.header, "expected checksum method NONE or CRC32");
  f.checksums = method == 1;
  lengths.remove_suffix(1);
  f.post_header_bytes.assign(lengths.begin(), lengths.end());
  e.body = format_event{std::move(f)};
  return e;
}

result<log_event> parse_query(log_event e, byte_cursor c,
                              const log_format& format) {
  auto extra = post_header_bytes(format, query, 13);
  c.take(8); // thread, seconds
  auto schema_size = c.little(1);
  c.take(2); // error code
  auto status_size = c.little(2);
  c.take(extra > 13 ? extra - 13 : 0);
  c.take(status_size);
  query_event q;
  q.schema = c.take(schema_size);
  c.take(1);
  auto text = c.take_rest();
  if (!c.ok())
    return broken(e.header, "it is cut off");
  if (e.header.type == query_compressed) {
    auto plain = inflated(text);
    if (!plain)
      return broken(e.header, "its statement does not decompress");
    q.statement = std::move(*plain);
  } else {
    q.statement = text;
  }
  e.body = std::move(q);
  return e;
}

result<log_event> parse_gtid_mariadb(log_event e, byte_cursor c) {
  gtid_event g;
  auto number = c.little(8);
  auto domain = c.little(4);
  auto flags = c.little(1);
  if (!c.ok())
    return broken(e.header, "it is cut off");
  g.gtid = std::to_string(domain) + "-" + std::to_string(e.header.server_id)
           + "-" + std::to_string(number);
  g.standalone = (flags & 0x01) != 0;
  g.begins = !g.standalone;
  g.ddl = (flags & 0x20) != 0;
  g.prepares_xa = (flags & 0x40) != 0;
  g.completes_xa = (flags & 0x80) != 0;
  e.body = std::move(g);
  return e;
}

result<log_event> parse_gtid_mysql(log_event e, byte_cursor c) {
  gtid_event g;
  c.take(1); // flags
  auto id = hex(c.take(16));
  auto number = c.little(8);
  if (!c.ok())
    return broken(e.header, "it is cut off");
  if (e.header.type == gtid_mysql) {
    for (size_t dash : {8, 13, 18, 23})
      id.insert(dash, 1, '-');
    g.gtid = id + ":" + std::to_string(number);
  }
  e.body = std::move(g);
  return e;
}

result<log_event> parse_gtid_list(log_event e, byte_cursor c) {
  auto count = c.little(4) & 0x0fffffff; // the rest are flags
  if (count > c.left() / 16)
    return broken(e.header, "it is cut off");
  gtid_set all;
  for (uint64_t i = 0; i < count; ++i) {
    auto domain = c.little(4);
    auto server = c.little(4);
    auto number = c.little(8);
    // Several servers may have written to a domain; the last one comes last.
    if (!all.add(std::to_string(domain) + "-" + std::to_string(server) + "-"
                 + std::to_string(number)))
      return broken(e.header, "expected gtids");
  }
  e.body = gtid_list_event{all.text()};
  return e;
}

result<log_event> parse_xa_prepare(log_event e, byte_cursor c) {
  xa_prepare_event x;
  x.one_phase = c.little(1) != 0;
  auto form = c.little(4);
  auto global_size = c.little(4);
  auto branch_size = c.little(4);
  auto global = c.take(global_size);
  auto branch = c.take(branch_size);
  if (!c.ok())
    return broken(e.header, "it is cut off");
  x.xid
      = "X'" + hex(global) + "',X'" + hex(branch) + "'," + std::to_string(form);
  e.body = std::move(x);
  return e;
}

bool is_v2(uint8_t t) {
  return (t >= write_rows && t <= delete_rows)
         || (t >= write_rows_compressed && t <= delete_rows_compressed);
}

bool is_compressed(uint8_t t) {
  return t >= write_rows_compressed_v1 && t <= delete_rows_compressed;
}

bool is_rows(uint8_t t) {
  return (t >= write_rows_v1 && t <= delete_rows_v1)
         || (t >= write_rows && t <= delete_rows) || is_compressed(t);
}

rows_event::kind_type rows_kind(uint8_t t) {
  auto first = is_compressed(t) ? (is_v2(t) ? write_rows_compressed
                                            : write_rows_compressed_v1)
               : is_v2(t)       ? write_rows
                                : write_rows_v1;
  return static_cast<rows_event::kind_type>(t - first);
}

result<log_event> parse_rows(log_event e, byte_cursor c,
                             const log_format& format) {
  auto type = e.header.type;
  rows_event r;
  r.kind = rows_kind(type);
  r.table_id = c.little(post_header_bytes(format, type, 8) == 6 ? 4 : 6);
  c.take(2); // flags
  if (is_v2(type)) {
    auto extra = c.little(2); // with itself
    c.take(extra < 2 ? 0 : extra - 2);
  }
  r.columns_count = c.packed();
  auto bitmap_bytes = r.columns_count / 8 + (r.columns_count % 8 != 0);
  auto first = c.take(bitmap_bytes);
  auto second
      = r.kind == rows_event::kind_type::update ? c.take(bitmap_bytes) : first;
  auto images = c.take_rest();
  if (!c.ok())
    return broken(e.header, "it is cut off");
  if (r.kind != rows_event::kind_type::insert)
    r.before_columns = first;
  if (r.kind != rows_event::kind_type::erase)
    r.after_columns = second;
  r.images = images;
  if (is_compressed(type)) {
    r.inflated = inflated(images);
    if (!r.inflated)
      return broken(e.header, "its rows do not decompress");
    r.images = *r.inflated;
  }
  e.body = std::move(r);
  return e;
}

result<log_event> parse_incident(log_event e, byte_cursor c) {
  auto number = c.little(2);
  auto size = c.little(1);
  auto words = c.take(size);
  e.body
      = incident_event{"the server reports a gap in its log (incident "
                       + std::to_string(number) + "): " + std::string{words}};
  return e;
}

result<log_event> parse_body(log_event e, byte_cursor c,
                             const log_format& format) {
  auto t = e.header.type;
  if (is_rows(t))
    return parse_rows(std::move(e), c, format);
  switch (t) {
  case query:
  case query_compressed:
    return parse_query(std::move(e), c, format);
  case xid: {
    auto number = c.little(8);
    if (!c.ok())
      return broken(e.header, "it is cut off");
    e.body = commit_event{number};
    return e;
  }
  case table_map: {
    auto id_bytes = post_header_bytes(format, t, 8) == 6 ? 4u : 6u;
    auto map = parse_table_map(c, id_bytes);
    if (!map)
      return broken(e.header, map.error().what);
    e.body = std::move(*map);
    return e;
  }
  case gtid_mariadb:
    return parse_gtid_mariadb(std::move(e), c);
  case gtid_mysql:
  case gtid_anonymous:
    return parse_gtid_mysql(std::move(e), c);
  case gtid_list:
    return parse_gtid_list(std::move(e), c);
  case xa_prepare:
    return parse_xa_prepare(std::move(e), c);
  case incident:
    return parse_incident(std::move(e), c);
  case heartbeat:
  case heartbeat_v2:
    e.body = heartbeat_event{};
    return e;
  case load:
  case create_file:
  case exec_load:
  case new_load:
  case execute_load_query:
    e.body = opaque_event{"LOAD DATA logged as a statement"};
    return e;
  case partial_update_rows:
  case transaction_payload:
  case gtid_tagged:
    e.body = undecodable(t);
    return e;
  default:
    break;
  }
  auto known = std::any_of(names.begin(), names.end(),
                           [&](auto& n) { return n.type == t; });
  // The first 14 types are old forms of what is handled above, or settings of
  // a statement that follows.
  if (!known && t > 14 && !e.header.ignorable())
    e.body = undecodable(t);
  return e;
}

} // namespace

std::string event_name(uint8_t type) {
  auto known = std::find_if(names.begin(), names.end(),
                            [&](auto& n) { return n.type == type; });
  auto number = " (" + std::to_string(type) + ")";
  return (known == names.end() ? "of unknown type" : std::string{known->name})
         + number;
}

undecodable_event undecodable(uint8_t type) {
  switch (type) {
  case transaction_payload:
    return {"the log holds compressed transactions "
            "(binlog_transaction_compression)",
            "SET PERSIST binlog_transaction_compression = OFF;"};
  case partial_update_rows:
    return {"the log holds partial JSON updates (binlog_row_value_options)",
            "SET PERSIST binlog_row_value_options = '';"};
  case gtid_tagged:
    return {"the log holds tagged transaction ids (gtid_next = "
            "'AUTOMATIC:<tag>')",
            "SET SESSION gtid_next = 'AUTOMATIC'; -- in the sessions that set "
            "a tag"};
  default:
    return {"the log holds an event " + event_name(type)
                + " that may not be passed over",
            ""};
  }
}

result<log_event> parse_event(std::string_view bytes,
                              const log_format& format) {
  byte_cursor head{bytes};
  log_event e;
  e.header = header_of(head);
  if (!head.ok())
    return fail(errc::corrupt, "log event: expected at least "
                                   + std::to_string(event_header::bytes)
                                   + " bytes, got "
                                   + std::to_string(bytes.size()));
  if (e.header.size != bytes.size())
    return broken(e.header, "expected " + std::to_string(e.header.size)
                                + " bytes, got "
                                + std::to_string(bytes.size()));
  auto type = e.header.type;
  // A format event always has a checksum; a rotate event that was made for
  // this connection comes before it is known whether others have.
  auto has_checksum
      = type == format_description
        || (type == rotate && (e.header.artificial() || !format.known())
                ? ends_with_checksum(bytes)
                : format.checksums);
  if (has_checksum) {
    // A log without checksums leaves the format event's as zero.
    auto unused = type == format_description && bytes.size() > 23
                  && bytes[bytes.size() - checksum_bytes - 1] == 0;
    if (!unused && !ends_with_checksum(bytes))
      return broken(e.header, "wrong checksum");
    if (bytes.size() < event_header::bytes + checksum_bytes)
      return broken(e.header, "it is cut off");
    bytes.remove_suffix(checksum_bytes);
  }
  e.checksum = crc_of(bytes);
  byte_cursor body{bytes.substr(event_header::bytes)};
  if (type == rotate)
    return parse_rotate(std::move(e), body);
  if (type == format_description)
    return parse_format(std::move(e), body);
  if (!format.known())
    return broken(e.header, "expected a format event first");
  return parse_body(std::move(e), body, format);
}

} // namespace toadcache
