// Events of the replication log of MariaDB and MySQL, as they come over the
// wire, taken apart. Pure functions over foreign bytes: nothing reads beyond
// their end, nothing throws; bytes that make no sense are one clear failure.
// Formats: MariaDB's and MySQL's published descriptions of their binary logs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/error.hpp"

namespace toadcache {

/// What every event begins with.
struct event_header {
  static constexpr size_t bytes = 19;
  uint32_t timestamp = 0; ///< seconds since 1970, of the statement
  uint8_t type = 0;
  uint32_t server_id = 0; ///< of the server that ran it first
  uint32_t size = 0;      ///< bytes with header and checksum
  uint32_t end = 0;       ///< offset in the log, its lower 32 bits; 0: none
  uint16_t flags = 0;
  /// Made for this connection; stands in no log.
  [[nodiscard]] bool artificial() const noexcept { return (flags & 0x20) != 0; }
  /// Who does not know the type may pass over it.
  [[nodiscard]] bool ignorable() const noexcept { return (flags & 0x80) != 0; }
};

/// How the events of one log file are written; its first event says so.
struct log_format {
  std::string server_version;
  bool checksums = false; ///< each event ends with the CRC-32 of what precedes
  std::vector<uint8_t> post_header_bytes; ///< by event type, from 1
  [[nodiscard]] bool known() const noexcept { return !server_version.empty(); }
};

/// The log goes on in another file.
struct rotate_event {
  std::string file;
  uint64_t offset = 0;
};

struct format_event {
  log_format format;
};

/// A group of events that commit together begins.
struct gtid_event {
  std::string gtid;        ///< as gtid_set::add takes it; empty: anonymous
  bool standalone = false; ///< one statement without BEGIN and COMMIT
  bool begins = false;     ///< the event itself is the BEGIN (MariaDB)
  bool ddl = false;
  bool prepares_xa = false;  ///< ends prepared, not committed
  bool completes_xa = false; ///< commits or rolls back what was prepared
};

/// The ids that earlier files hold.
struct gtid_list_event {
  std::string gtids; ///< as gtid_set::parse takes them
};

struct query_event {
  std::string schema; ///< the session's
  std::string statement;
};

/// COMMIT of a transaction.
struct commit_event {
  uint64_t number = 0;
};

/// PREPARE of a distributed transaction.
struct xa_prepare_event {
  std::string xid;        ///< as in XA statements: X'..',X'..',1
  bool one_phase = false; ///< commits at once
};

/// What the rows that follow look like.
struct table_map_event {
  struct column {
    uint8_t type = 0;
    uint16_t meta = 0;
    bool is_unsigned = false; ///< known where `signs` says so
    std::string name;         ///< empty unless the server logs names
  };
  uint64_t table_id = 0;
  std::string schema;
  std::string table;
  bool signs = false; ///< the event tells which columns are unsigned
  std::vector<column> columns;
  /// The bytes that describe the columns: equal for equal shapes.
  std::string shape;
};

struct rows_event {
  enum class kind_type : uint8_t { insert, update, erase };
  kind_type kind = kind_type::insert;
  uint64_t table_id = 0;
  uint64_t columns_count = 0;
  std::string before_columns; ///< bit per column: present in images before
  std::string after_columns;
  /// The images, one after the other. Borrows from the event's bytes, or from
  /// `inflated` where they were compressed.
  std::string_view images;
  std::unique_ptr<std::string> inflated;
};

/// The server has nothing to tell.
struct heartbeat_event {};

/// The server itself does not know what is missing here.
struct incident_event {
  std::string what;
};

/// Changes data in a way that the log does not spell out (LOAD DATA).
struct opaque_event {
  std::string what;
};

/// Says nothing about data.
struct other_event {};

/// Holds changes that this program cannot read.
struct undecodable_event {
  std::string what;   ///< one line
  std::string remedy; ///< SQL; empty: none is known
};

struct log_event {
  event_header header;
  uint32_t checksum = 0; ///< CRC-32 of the event without its own
  std::variant<other_event, rotate_event, format_event, gtid_event,
               gtid_list_event, query_event, commit_event, xa_prepare_event,
               table_map_event, rows_event, heartbeat_event, incident_event,
               opaque_event, undecodable_event>
      body;
};

/// Takes one event apart. `format` is that of the last format_event; before
/// the first one only rotate and format events are read. The result borrows
/// from `bytes`. errc::corrupt: wrong checksum, or not an event; the line names
/// type and offset. O(size).
[[nodiscard]] result<log_event> parse_event(std::string_view bytes,
                                            const log_format& format);

/// "UPDATE_ROWS_V1 (24)".
[[nodiscard]] std::string event_name(uint8_t type);

/// What an event type that cannot be read means and how to switch it off.
[[nodiscard]] undecodable_event undecodable(uint8_t type);

} // namespace toadcache
