// The simulated server's log as change feeds see it: full and partial images,
// statements as text, nothing of what foreign keys do by themselves; and how
// each process fares in reading it. One thread; no call blocks.
#pragma once

#include <memory>

#include "tests/simulation/dice.hpp"
#include "tests/simulation/sim_server.hpp"
#include "tests/support/scripted_log.hpp"

namespace toadcache::simulation {

/// Streams that break a rule of change_stream or of its reader.
enum class stream_bug : uint8_t {
  none,
  /// An image that lacks columns is handed on as if it were whole.
  partial_taken_for_full,
  /// Where its place is purged, the stream goes on from the present end.
  loss_unnoticed,
  /// Asked for the end of the log, it answers how far it has read.
  probe_of_what_is_read,
  /// After a reconnect the rest of a transaction is left out.
  split_over_reconnect,
  /// What a restored server has committed since is taken for what it had
  /// committed before.
  restored_taken_for_old,
};

/// What the server logs, out of 1000.
struct log_shape {
  uint32_t partial_images = 0; ///< changes that name what has changed only
  uint32_t text = 0;           ///< commits that are told as statements
  uint32_t nothing = 0;        ///< per commit: another one that is no news
};

/// One process's connection to the log. The run moves it.
struct sim_link : tests::scripted_link {
  sim_link() { silent_from = 0; }
  time_point next_due{};    ///< of the next commit to arrive
  time_point hung_until{};  ///< nothing arrives
  bool was_useless = false; ///< the log could not be followed for a while
};

class sim_log {
public:
  /// The server must outlive the log.
  sim_log(sim_server& server, log_shape shape, uint64_t seed);

  void append(const sim_commit& c);
  /// A definition changes, or nothing of the catalog.
  void append_noise();
  /// What stands there now cannot be read again.
  void purge() { log_->purged = log_->commits.size(); }
  /// The server is restored from a backup: only the first `count` commits have
  /// happened, and what follows has the same places and ids as what is lost.
  /// Requires: count <= size().
  void restore(size_t count);
  [[nodiscard]] size_t size() const { return log_->commits.size(); }
  [[nodiscard]] std::shared_ptr<change_stream>
  open(std::shared_ptr<sim_link> link, stream_bug bug) const;

private:
  [[nodiscard]] logged_change change_of(const sim_change& c);
  logged_commit& append_empty();

  sim_server& server_;
  log_shape shape_;
  dice dice_;
  uint32_t history_ = 0; ///< one more with every restored backup
  std::shared_ptr<tests::scripted_log> log_
      = std::make_shared<tests::scripted_log>();
};

} // namespace toadcache::simulation
