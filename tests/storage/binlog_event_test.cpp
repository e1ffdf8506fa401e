// Events of the replication log, byte by byte.
#include "storage/binlog_event.hpp"

#include "tests/storage/log_builder.hpp"

using namespace toadcache;
using namespace toadcache::testing;

namespace {

log_format format_of(log_builder& b) {
  auto bytes = b.format();
  auto e = parse_event(bytes, {});
  if (!e)
    FAIL(e.error().what);
  return std::get<format_event>(e->body).format;
}

/// The body of an event of one kind. Requires: `bytes` outlives it.
template <class T>
T body(const std::string& bytes, const log_format& f) {
  auto e = parse_event(bytes, f);
  if (!e)
    FAIL(e.error().what);
  REQUIRE(std::holds_alternative<T>(e->body));
  return std::get<T>(std::move(e->body));
}

std::string why_not(const std::string& bytes, const log_format& f) {
  auto e = parse_event(bytes, f);
  REQUIRE_FALSE(e);
  CHECK(e.error().code == errc::corrupt);
  return e.error().what;
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a format event says how the others are written") {
  log_builder with{true};
  auto f = format_of(with);
  CHECK(f.server_version == "10.11.6-MariaDB-log");
  CHECK(f.checksums);
  CHECK(f.post_header_bytes[1] == 13);
  log_builder without{false};
  CHECK_FALSE(format_of(without).checksums);
}

TEST_CASE("headers and checksums") {
  log_builder b;
  auto f = format_of(b);
  auto begin = b.at;
  auto bytes = b.xid(42);
  auto e = parse_event(bytes, f);
  REQUIRE(e);
  CHECK(e->header.timestamp == b.timestamp);
  CHECK(e->header.server_id == 1);
  CHECK(e->header.size == bytes.size());
  CHECK(e->header.end == begin + bytes.size());
  CHECK(e->checksum == log_builder::crc(bytes.substr(0, bytes.size() - 4)));
  CHECK(std::get<commit_event>(e->body).number == 42);
  auto bad = bytes;
  bad[20] = static_cast<char>(bad[20] ^ 1);
  CHECK(has(why_not(bad, f), "log event XID (16) before offset "));
  CHECK(has(why_not(bad, f), "wrong checksum"));
  CHECK(has(why_not(bytes + "x", f), "bytes, got"));
  CHECK(has(why_not(bytes.substr(0, 10), f), "at least 19 bytes, got 10"));
  CHECK(has(why_not(bytes, {}), "expected a format event first"));
}

TEST_CASE("a rotate event is read with and without a checksum") {
  log_builder with{true};
  log_builder without{false};
  auto f = format_of(with);
  for (auto* b : {&with, &without})
    for (auto& known : {log_format{}, f}) {
      auto bytes = b->rotate("binlog.000002", 4, log_builder::artificial);
      auto r = body<rotate_event>(bytes, known);
      CHECK(r.file == "binlog.000002");
      CHECK(r.offset == 4);
    }
  auto real = with.rotate("binlog.000003", 4);
  CHECK(body<rotate_event>(real, f).file == "binlog.000003");
}

TEST_CASE("transaction ids of both servers") {
  log_builder b;
  auto f = format_of(b);
  auto bytes = b.gtid(42, 0, 3);
  auto g = body<gtid_event>(bytes, f);
  CHECK(g.gtid == "3-1-42");
  CHECK(g.begins);
  bytes = b.gtid(43, 0x01 | 0x20);
  g = body<gtid_event>(bytes, f);
  CHECK(g.standalone);
  CHECK(g.ddl);
  CHECK_FALSE(g.begins);
  bytes = b.gtid_mysql(7);
  g = body<gtid_event>(bytes, f);
  CHECK(g.gtid == "abababab-abab-abab-abab-abababababab:7");
  CHECK_FALSE(g.begins);
  bytes = b.event(34, std::string(25, '\0'));
  CHECK(body<gtid_event>(bytes, f).gtid.empty());
  bytes = b.event(163, little(2, 4) + little(0, 4) + little(1, 4) + little(8, 8)
                           + little(0, 4) + little(2, 4) + little(9, 8));
  CHECK(body<gtid_list_event>(bytes, f).gtids == "0-2-9");
}

TEST_CASE("statements, plain and compressed") {
  log_builder b;
  auto f = format_of(b);
  auto bytes = b.query("INSERT", "my shop");
  auto q = body<query_event>(bytes, f);
  CHECK(q.schema == "my shop");
  CHECK(q.statement == "INSERT");
  std::string text(5000, 'x');
  bytes = b.query_compressed(text);
  CHECK(body<query_event>(bytes, f).statement == text);
}

TEST_CASE("what a compressed event claims is bounded by what it has") {
  log_builder b;
  auto f = format_of(b);
  for (auto& packed :
       {std::string{"\x84\xff\xff\xff\xff"} + "xx", std::string{"\x04"},
        std::string{"\x94"} + big(1, 4) + "x", std::string{},
        std::string{"\x84"} + big(9, 4) + compressed("12345678").substr(5)}) {
    auto bytes = b.event(166, log_builder::rows_body(9, packed));
    CHECK(has(why_not(bytes, f), "its rows do not decompress"));
  }
}

TEST_CASE("table maps with what a server may add to them") {
  log_builder b;
  auto f = format_of(b);
  // INT UNSIGNED, VARCHAR, BIGINT; signs and names
  auto names = std::string{"\x02id\x04name\x01n"};
  auto bytes = b.table_map(
      77, "shop", "user", {{3, ""}, {15, little(200, 2)}, {8, ""}},
      std::string{"\x01\x01\x80"} + '\x04' + static_cast<char>(names.size())
          + names + "\x99\x02??");
  auto m = body<table_map_event>(bytes, f);
  CHECK(m.table_id == 77);
  CHECK(m.schema == "shop");
  CHECK(m.table == "user");
  REQUIRE(m.columns.size() == 3);
  CHECK(m.signs);
  CHECK(m.columns[0].is_unsigned);
  CHECK_FALSE(m.columns[2].is_unsigned);
  CHECK(m.columns[1].meta == 200);
  CHECK(m.columns[1].name == "name");
  CHECK(m.columns[2].name == "n");
  bytes = b.user_map();
  CHECK_FALSE(body<table_map_event>(bytes, f).signs);
  // The description of a column is missing.
  bytes = b.table_map(7, "s", "t", {{15, ""}});
  CHECK(has(why_not(bytes, f), "not described in full"));
}

TEST_CASE("rows of all versions") {
  log_builder b;
  auto f = format_of(b);
  auto image = log_builder::user(1, "a");
  using kind = rows_event::kind_type;
  struct line {
    uint8_t type;
    kind expected;
    bool v2;
    bool packed;
  };
  for (auto& l :
       {line{23, kind::insert, false, false},
        line{24, kind::update, false, false},
        line{25, kind::erase, false, false},
        line{30, kind::insert, true, false},
        line{31, kind::update, true, false}, line{32, kind::erase, true, false},
        line{166, kind::insert, false, true},
        line{167, kind::update, false, true},
        line{168, kind::erase, false, true},
        line{169, kind::insert, true, true},
        line{170, kind::update, true, true},
        line{171, kind::erase, true, true}}) {
    INFO(int{l.type});
    auto images = l.expected == kind::update ? image + image : image;
    auto bitmaps = l.expected == kind::update ? "\x03\x03" : "\x03";
    auto content = log_builder::rows_body(
        9, l.packed ? compressed(images) : images, bitmaps);
    if (l.v2) // an extra header of four bytes
      content.insert(8, little(4, 2) + "xy");
    auto bytes = b.event(l.type, content);
    auto r = body<rows_event>(bytes, f);
    CHECK(r.kind == l.expected);
    CHECK(r.table_id == 9);
    CHECK(r.columns_count == 2);
    CHECK(r.images == images);
    CHECK(r.before_columns == (l.expected == kind::insert ? "" : "\x03"));
    CHECK(r.after_columns == (l.expected == kind::erase ? "" : "\x03"));
  }
}

TEST_CASE("what cannot be read is named, with its remedy") {
  log_builder b;
  auto f = format_of(b);
  auto bytes = b.event(40, "xx");
  auto u = body<undecodable_event>(bytes, f);
  CHECK(has(u.what, "binlog_transaction_compression"));
  CHECK(u.remedy == "SET PERSIST binlog_transaction_compression = OFF;");
  bytes = b.event(39, "xx");
  CHECK(
      has(body<undecodable_event>(bytes, f).what, "binlog_row_value_options"));
  bytes = b.event(42, "xx");
  CHECK(has(body<undecodable_event>(bytes, f).what, "tagged"));
  bytes = b.event(99, "xx");
  CHECK(has(body<undecodable_event>(bytes, f).what, "unknown type (99)"));
  bytes = b.event(99, "xx", log_builder::ignorable);
  body<other_event>(bytes, f);
  bytes = b.event(160, "UPDATE"); // annotation
  body<other_event>(bytes, f);
  bytes = b.event(27, "binlog.000001");
  body<heartbeat_event>(bytes, f);
  bytes = b.event(41, "xx");
  body<heartbeat_event>(bytes, f);
  bytes = b.event(26, little(1, 2) + "\x04lost");
  CHECK(has(body<incident_event>(bytes, f).what, "lost"));
  bytes = b.event(18, "xx");
  body<opaque_event>(bytes, f);
  bytes = b.event(38, little(0, 1) + little(1, 4) + little(1, 4) + little(0, 4)
                          + "x");
  CHECK(body<xa_prepare_event>(bytes, f).xid == "X'78',X'',1");
}
