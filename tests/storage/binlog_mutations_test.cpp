// Hostile bytes: whatever a log says, it is read within its bounds and ends in
// commits or in one clear failure. Meant for the address sanitizer.
#include <random>

#include "storage/binlog_commits.hpp"
#include "tests/storage/log_builder.hpp"

using namespace toadcache;
using namespace toadcache::testing;

namespace {

/// A log with every kind of event, once with checksums and once without.
std::vector<std::string> whole_log(bool checksums) {
  log_builder b{checksums};
  auto image = log_builder::user(1, "a") + log_builder::user(2, "bb");
  std::vector<std::string> out{
      b.rotate("binlog.000001", 4, log_builder::artificial),
      b.format(),
      b.event(163, little(1, 4) + little(0, 4) + little(1, 4) + little(8, 8)),
      b.gtid(2),
      b.table_map(9, "shop", "user", {{8, ""}, {15, little(200, 2)}},
                  std::string{"\x01\x01\x80\x04\x08\x02id\x04name"}),
      b.insert(image),
      b.update(image + image),
      b.erase(image),
      b.event(167, log_builder::rows_body(9, compressed(image), "\x03\x03")),
      b.event(
          31,
          log_builder::rows_body(9, image, "\x03\x03").insert(8, little(2, 2))),
      b.query("SAVEPOINT `x`"),
      b.xid(),
      b.gtid(3, 1),
      b.query("ALTER TABLE `shop`.`user` RENAME TO x"),
      b.gtid(4),
      b.query_compressed("INSERT INTO user VALUES (1, 'it''s')"),
      b.query("COMMIT"),
      b.gtid(5, 0x40),
      b.event(38,
              little(0, 1) + little(1, 4) + little(1, 4) + little(0, 4) + "x"),
      b.event(26, little(1, 2) + "\x04lost"),
      b.gtid_mysql(6),
      b.query("BEGIN"),
      b.xid(),
      b.event(27, "binlog.000001"),
      b.rotate("binlog.000002", 4)};
  return out;
}

/// Feeds a log whose last bytes end where their memory ends.
void feed(const std::vector<std::string>& log, fake_layouts& layouts) {
  binlog_commits commits{two_types(), {"shop", false, 100'000, 10}, layouts};
  commits.start({{"here", "", "binlog.000001", 4}, {}}, false);
  for (auto& bytes : log) {
    std::vector<char> exact(bytes.begin(), bytes.end());
    auto c = commits.take({exact.data(), exact.size()});
    if (!c) {
      CHECK(!c.error().what.empty());
      CHECK(c.error().what.find('\n') == std::string::npos);
      return;
    }
  }
}

/// Makes size and, where there is one, checksum right again, so that the
/// decoders behind them are reached.
void reseal(std::string& bytes, bool checksums) {
  if (bytes.size() < 19 + 4)
    return;
  bytes.replace(9, 4, little(bytes.size(), 4));
  if (checksums || bytes[4] == 15)
    bytes.replace(
        bytes.size() - 4, 4,
        little(log_builder::crc(bytes.substr(0, bytes.size() - 4)), 4));
}

/// Tables of all column types, so that wrong maps meet all readers.
void any_layout(fake_layouts& layouts, std::mt19937& dice) {
  static const std::vector<table_layout::column> columns{
      {"id", "bigint(20)", "", 0},
      {"name", "varchar(50)", "utf8mb4", 200},
      {"name", "decimal(20,5)", "", 0},
      {"name", "enum('a','b')", "utf8mb4", 4},
      {"name", "set('a','b')", "utf8mb4", 4},
      {"name", "bit(9)", "", 0},
      {"name", "time(3)", "", 0},
      {"name", "datetime(6)", "", 0},
      {"name", "timestamp", "", 0},
      {"name", "binary(8)", "", 8},
      {"name", "longtext", "latin1", 4294967295},
      {"name", "point", "", 0}};
  layouts.tables["user"].columns
      = {columns[0], columns[dice() % columns.size()]};
}

} // namespace

TEST_CASE("mutated logs are read within their bounds") {
  std::mt19937 dice{4711};
  fake_layouts layouts;
  for (bool checksums : {true, false}) {
    auto log = whole_log(checksums);
    feed(log, layouts);
    for (int round = 0; round < 4000; ++round) {
      auto hostile = log;
      auto& bytes = hostile[dice() % hostile.size()];
      for (auto n = 1 + dice() % 4; n > 0; --n) {
        auto at = dice() % bytes.size();
        switch (dice() % 6) {
        case 0:
          bytes[at] = static_cast<char>(bytes[at] ^ 1 << dice() % 8);
          break;
        case 1:
          bytes[at] = static_cast<char>(dice());
          break;
        case 2:
          bytes[at] = '\xff';
          break;
        case 3:
          bytes.erase(at, 1 + dice() % 8);
          break;
        case 4:
          bytes.insert(at, 1 + dice() % 8, static_cast<char>(dice()));
          break;
        default:
          bytes.resize(std::max<size_t>(at, 1));
        }
        if (bytes.empty())
          bytes = "x";
      }
      if (dice() % 8 != 0)
        reseal(bytes, checksums);
      any_layout(layouts, dice);
      feed(hostile, layouts);
    }
  }
}

TEST_CASE("row images of all column types are read within their bounds") {
  std::mt19937 dice{815};
  fake_layouts layouts;
  const std::vector<log_builder::column> columns{
      {15, little(200, 2)}, {246, "\x14\x05"},
      {254, "\xf7\x01"},    {254, "\xf8\x01"},
      {16, "\x01\x01"},     {19, "\x03"},
      {18, "\x06"},         {17, std::string(1, '\0')},
      {254, "\xfe\x08"},    {252, "\x04"},
      {255, "\x04"}};
  const std::vector<std::string> types{
      "varchar(50)", "decimal(20,5)", "enum('a','b')", "set('a','b')",
      "bit(9)",      "time(3)",       "datetime(6)",   "timestamp",
      "binary(8)",   "longtext",      "point"};
  for (int round = 0; round < 6000; ++round) {
    log_builder b;
    auto k = dice() % columns.size();
    auto bytes_max = types[k] == "binary(8)" ? 8U : 200U;
    layouts.tables["user"].columns
        = {{"id", "bigint(20)", "", 0},
           {"other", types[k], k == 0 || k == 9 ? "latin1" : "", bytes_max}};
    // The catalog wants a "name": once it is there, once it is missing.
    if (dice() % 8 != 0)
      layouts.tables["user"].columns.push_back(
          {"name", "varchar(50)", "utf8mb4", 200});
    auto map = b.table_map(9, "shop", "user",
                           {{8, ""}, columns[k], {15, little(200, 2)}});
    std::string images;
    for (auto n = dice() % 60; n > 0; --n)
      images += static_cast<char>(dice() % 3 == 0 ? dice() % 8 : dice());
    images = '\0' + little(7, 8) + images;
    auto body = little(9, 6) + little(1, 2) + "\x03\x07" + images;
    feed({b.format(), b.gtid(2), map, b.event(23, body), b.xid()}, layouts);
  }
}
