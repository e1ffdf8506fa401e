// Builds the bytes of replication log events, as the servers' published formats
// say, and a table to decode them by.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

#include "storage/change_stream.hpp"
#include "storage/table_layout.hpp"
#include "tests/catch.hpp"

namespace toadcache::testing {

/// `n` in `size` bytes, lowest first.
inline std::string little(uint64_t n, size_t size) {
  std::string out;
  for (size_t i = 0; i < size; ++i)
    out += static_cast<char>(n >> 8 * i & 0xff);
  return out;
}
inline std::string big(uint64_t n, size_t size) {
  auto out = little(n, size);
  return {out.rbegin(), out.rend()};
}

/// MariaDB's compressed form.
inline std::string compressed(const std::string& plain) {
  std::string out(compressBound(plain.size()), '\0');
  auto size = static_cast<uLongf>(out.size());
  compress(reinterpret_cast<Bytef*>(out.data()), &size,
           reinterpret_cast<const Bytef*>(plain.data()), plain.size());
  out.resize(size);
  return "\x84" + big(plain.size(), 4) + out;
}

class log_builder {
public:
  explicit log_builder(bool checksums = true) : checksums_(checksums) {}

  static constexpr uint16_t artificial = 0x20;
  static constexpr uint16_t ignorable = 0x80;

  /// Where the next event begins.
  uint64_t at = 4;
  uint32_t timestamp = 1'700'000'000;

  std::string event(uint8_t type, const std::string& body, uint16_t flags = 0) {
    auto sum = type == 15 || checksums_ ? size_t{4} : size_t{0};
    auto size = 19 + body.size() + sum;
    auto in_log = (flags & artificial) == 0;
    at += in_log ? size : 0;
    auto out = little(timestamp, 4) + static_cast<char>(type) + little(1, 4)
               + little(size, 4) + little(in_log ? at : 0, 4) + little(flags, 2)
               + body;
    return sum == 0 ? out : out + little(crc(out), 4);
  }
  static uint32_t crc(const std::string& bytes) {
    return static_cast<uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()),
              static_cast<uInt>(bytes.size())));
  }

  std::string format() {
    std::string version = "10.11.6-MariaDB-log";
    version.resize(50, '\0');
    std::string lengths(171, '\x08');
    lengths[1] = 13;
    return event(15, little(4, 2) + version + little(0, 4) + '\x13' + lengths
                         + static_cast<char>(checksums_ ? 1 : 0));
  }
  std::string rotate(const std::string& file, uint64_t offset,
                     uint16_t flags = 0) {
    auto out = event(4, little(offset, 8) + file, flags);
    if (flags == 0)
      at = offset;
    return out;
  }
  /// MariaDB's; flags 1: standalone.
  std::string gtid(uint64_t number, uint8_t flags = 0, uint32_t domain = 0) {
    return event(162, little(number, 8) + little(domain, 4)
                          + static_cast<char>(flags) + little(0, 6));
  }
  std::string gtid_mysql(uint64_t number) {
    return event(33, '\x01' + std::string(16, '\xab') + little(number, 8));
  }
  std::string query(const std::string& text,
                    const std::string& schema = "shop") {
    return event(2, query_head(schema) + text);
  }
  std::string query_compressed(const std::string& text) {
    return event(165, query_head("shop") + compressed(text));
  }
  std::string xid(uint64_t number = 7) { return event(16, little(number, 8)); }

  struct column {
    uint8_t type;
    std::string meta;
  };
  static std::string map_body(uint64_t id, const std::string& schema,
                              const std::string& table,
                              const std::vector<column>& columns,
                              const std::string& optional = {}) {
    auto text = [](const std::string& s) {
      return static_cast<char>(s.size()) + s + '\0';
    };
    std::string types;
    std::string metas;
    for (auto& c : columns) {
      types += static_cast<char>(c.type);
      metas += c.meta;
    }
    return little(id, 6) + little(1, 2) + text(schema) + text(table)
           + static_cast<char>(types.size()) + types
           + static_cast<char>(metas.size()) + metas
           + std::string((types.size() + 7) / 8, '\xff') + optional;
  }
  std::string table_map(uint64_t id, const std::string& schema,
                        const std::string& table,
                        const std::vector<column>& columns,
                        const std::string& optional = {}) {
    return event(19, map_body(id, schema, table, columns, optional));
  }
  /// user (id BIGINT, name VARCHAR(50) in utf8mb4).
  std::string user_map(uint64_t id = 9) {
    return table_map(id, "shop", "user", {{8, ""}, {15, little(200, 2)}});
  }
  /// Rows of two columns, all present unless `bitmaps` says otherwise.
  static std::string rows_body(uint64_t id, const std::string& images,
                               const std::string& bitmaps = "\x03") {
    return little(id, 6) + little(1, 2) + '\x02' + bitmaps + images;
  }
  std::string insert(const std::string& images, uint64_t id = 9) {
    return event(23, rows_body(id, images));
  }
  std::string update(const std::string& images, uint64_t id = 9) {
    return event(24, rows_body(id, images, "\x03\x03"));
  }
  std::string erase(const std::string& images, uint64_t id = 9) {
    return event(25, rows_body(id, images));
  }
  /// The image of one user.
  static std::string user(int64_t id, const std::string& name) {
    return '\0' + little(static_cast<uint64_t>(id), 8)
           + static_cast<char>(name.size()) + name;
  }

private:
  static std::string query_head(const std::string& schema) {
    return little(5, 4) + little(0, 4) + static_cast<char>(schema.size())
           + little(0, 2) + little(3, 2) + "abc" + schema + '\0';
  }
  bool checksums_;
};

/// The entity types "user" and "guild".
inline catalog_ptr two_types() {
  auto c = catalog::parse(R"json({"version": 1, "entities": [
    {"name": "user", "table": "user", "primary_key": ["id"], "columns": [
      {"name": "id", "type": "int64", "sql_type": "BIGINT"},
      {"name": "name", "type": "text", "nullable": true, "length": 50,
       "sql_type": "VARCHAR(50)"}]},
    {"name": "guild", "table": "guild", "primary_key": ["id"], "columns": [
      {"name": "id", "type": "int64", "sql_type": "BIGINT"}]}]})json",
                          "test");
  if (!c)
    FAIL(c.error().what);
  return *c;
}

/// Layouts that a test sets, and how often they were asked for.
class fake_layouts final : public layout_source {
public:
  fake_layouts() {
    tables["user"] = {
        {{"id", "bigint(20)", "", 0}, {"name", "varchar(50)", "utf8mb4", 200}},
        true,
        false};
    tables["guild"] = {{{"id", "bigint(20)", "", 0}}, true, false};
  }
  result<table_layout> look_up(const std::string&,
                               const std::string& table) override {
    ++asked;
    if (lost)
      return fail(errc::unavailable, "lost");
    return tables[table];
  }
  std::map<std::string, table_layout> tables;
  size_t asked = 0;
  bool lost = false;
};

} // namespace toadcache::testing
