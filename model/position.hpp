// Places in the database's own order of commits: what a session token and the
// cache file hold, and how far a change feed has come. Values, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/error.hpp"

namespace toadcache {

/// A state of the database: all commits up to and including one.
struct position {
  std::string source; ///< the server's identity; empty: unknown
  /// The commits seen, as gtid_set writes them; empty where the server has
  /// none. They mean the same on every server of a replication group.
  std::string gtid;
  /// Where the log goes on after the last commit; means something on `source`
  /// only.
  std::string file;
  uint64_t offset = 0;

  /// True when this state shows every commit that `other` shows: a partial
  /// order. By gtid where both have one, by file and offset where neither has
  /// and the source is the same; else nothing is known, and the answer is no.
  [[nodiscard]] bool covers(const position& other) const;

  friend bool operator==(const position&, const position&) = default;
};

/// Which event stands at a place of the log, to notice another log under the
/// same file name: a restored server repeats ids and names, never all of this.
struct event_identity {
  std::string file;   ///< empty: no event known
  uint64_t begin = 0; ///< offset of its first byte
  uint64_t end = 0;
  uint32_t timestamp = 0; ///< seconds since 1970
  uint32_t checksum = 0;  ///< CRC-32 of its bytes, whether the log has them
  friend bool operator==(const event_identity&, const event_identity&)
      = default;
};

/// Where a reader of the log goes on, with what it must find there.
struct resume_point {
  position at;
  event_identity last; ///< the last event before `at` that was understood
  friend bool operator==(const resume_point&, const resume_point&) = default;
};

/// One word without blanks that parse_position reads back: fields separated by
/// ';', their other bytes escaped as %xx, a version number first.
[[nodiscard]] std::string to_string(const position& p);
[[nodiscard]] std::string to_string(const resume_point& p);

/// errc::invalid with what was expected, also for texts of a later version.
[[nodiscard]] result<position> parse_position(std::string_view text);
[[nodiscard]] result<resume_point> parse_resume_point(std::string_view text);

} // namespace toadcache
