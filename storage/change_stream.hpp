// Every commit of a database in the order of its log, as changes of the
// catalog's rows: what a change feed follows. Implemented over the replication
// log of MariaDB and MySQL (binlog_stream), and by the tests' simulation.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "model/operation.hpp"
#include "model/position.hpp"

namespace toadcache {

/// Why a stream does not go on, by what its reader has to do.
enum class stream_fault : uint8_t {
  connection_lost, ///< connect again from `place`; nothing is missed
  interrupted,     ///< somebody called interrupt()
  /// The log does not hold the place any more, or another history: whatever
  /// was learned from it is void; flush all and connect from now.
  position_lost,
  /// The log holds changes that cannot be read; the line names the setting.
  /// Connect from now, flushing all, once it is mended.
  not_decodable,
  privileges_missing, ///< the account may not read the log
  log_off,            ///< the server writes no log
};
/// "position_lost".
[[nodiscard]] std::string_view to_string(stream_fault f) noexcept;

struct stream_failure {
  stream_fault fault = stream_fault::connection_lost;
  std::string what;   ///< one line
  std::string remedy; ///< SQL that mends it; empty: none
};

template <class T>
using stream_result = tl::expected<T, stream_failure>;

/// A row event of the log.
struct logged_change {
  enum class kind_type : uint8_t { insert, update, erase };
  kind_type kind = kind_type::insert;
  /// `complete` only when every image that the kind has is here in full. An
  /// image of which the log holds some columns only is empty here; what is
  /// known of it stands below.
  row_change rows;
  /// An update that changed the primary key: the key afterwards.
  std::optional<key> new_id;
  assignments known_before; ///< of an image that is not full
  assignments known_after;
  friend bool operator==(const logged_change&, const logged_change&) = default;
};

/// Changes that the log does not spell out row by row.
struct logged_flush {
  std::optional<entity_id> type; ///< nullopt: every type
  std::string why;               ///< for the log: "ALTER TABLE `user` ..."
  friend bool operator==(const logged_flush&, const logged_flush&) = default;
};

/// One commit. Flushes and changes of one commit become visible at once, so
/// their order does not matter.
struct logged_commit {
  resume_point end;       ///< behind it
  uint32_t timestamp = 0; ///< of its last event, seconds since 1970
  uint32_t server_id = 0; ///< of the server that ran it first
  std::string gtid;       ///< its own id; empty where the server has none
  std::vector<logged_change> changes; ///< in order
  std::vector<logged_flush> flushes;
};

/// Belongs to one thread, but for interrupt(). Calls block as they say; none
/// throws. After a failure only connect() helps.
class change_stream {
public:
  virtual ~change_stream() = default;

  /// Opens the log behind `from`, or at its present end. The next commit that
  /// next() yields is the first behind the place that is returned. May block
  /// up to the configured timeouts.
  virtual stream_result<resume_point>
  connect(const std::optional<resume_point>& from) = 0;

  /// The next commit, also one that touches nothing of the catalog. nullopt:
  /// none has come by `limit`, or by the first sign of life of an idle server
  /// after it. A commit is delivered whole, at most once per connect, and
  /// never when it was rolled back.
  virtual stream_result<std::optional<logged_commit>> next(milliseconds limit)
      = 0;

  /// Behind the last commit that next() has yielded; moves also where the log
  /// goes on in another file. For connect().
  [[nodiscard]] virtual const resume_point& place() const noexcept = 0;

  /// The end of the log now, asked of the server: what a reader must have
  /// passed to know every commit that was visible when it asked.
  virtual stream_result<position> probe() = 0;

  /// Thread-safe: ends a call under way, and every later one, with
  /// `interrupted`. For good: the stream is of no further use.
  virtual void interrupt() noexcept = 0;
};

} // namespace toadcache
