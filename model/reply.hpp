// What a read answers and how it may be asked: tier, freshness, age and
// version beside the row, deadlines and staleness limits in the options.
// Values, thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/key.hpp"
#include "model/position.hpp"
#include "model/row.hpp"

namespace toadcache {

using std::chrono::milliseconds;

/// Where an answer came from.
enum class tier : uint8_t { memory, disk, database };
[[nodiscard]] std::string_view to_string(tier t) noexcept;

/// fresh: within the contract. stale: past its fresh time, served because the
/// entity's policy (or the caller) allows it.
enum class freshness : uint8_t { fresh, stale };
[[nodiscard]] std::string_view to_string(freshness f) noexcept;

/// Which state of a row an answer shows.
struct version {
  std::optional<position> commit; ///< where known
  uint64_t content_hash = 0;      ///< 0: absent
  std::string updated;            ///< the `updated` column; "" where none
  friend bool operator==(const version&, const version&) = default;
};

enum class read_mode : uint8_t {
  cached, ///< memory, disk, database
  bypass, ///< the database, nothing is installed
};

struct read_options {
  /// Time the call may take; absent: client_options::request_timeout.
  std::optional<milliseconds> timeout;
  /// A cached row older than this is fetched again.
  std::optional<milliseconds> max_age;
  read_mode mode = read_mode::cached;
  /// May a stale-marked row be served; absent: the entity's policy.
  std::optional<bool> accept_stale;
  friend bool operator==(const read_options&, const read_options&) = default;
};

/// One row of an answer. `content` empty means "no such row".
struct row_reply {
  row content;
  tier from = tier::database;
  freshness state = freshness::fresh;
  /// Since the row was read from the database, when the cache answered.
  milliseconds age{0};
  uint64_t generation = 0; ///< the partition's; debugging metadata
  [[nodiscard]] bool found() const noexcept {
    return static_cast<bool>(content);
  }
  friend bool operator==(const row_reply&, const row_reply&) = default;
};

/// A list of rows' primary keys, in the database's primary-key order.
using key_list = std::vector<key>;

/// The answer to one list (unique key, lookup or relation) question.
struct list_reply {
  key_list keys;
  /// The rows themselves when the database sent them with the list, else empty.
  std::vector<row> rows;
  tier from = tier::database;
  freshness state = freshness::fresh;
  milliseconds age{0};
  friend bool operator==(const list_reply&, const list_reply&) = default;
};

/// Travels with every request.
struct request_header {
  uint64_t trace = 0;        ///< for logs; 0: none
  uint64_t group = 0;        ///< the guild, for fairness; 0: none
  milliseconds remaining{0}; ///< deadlines travel as remaining time
  friend bool operator==(const request_header&, const request_header&)
      = default;
};

} // namespace toadcache
