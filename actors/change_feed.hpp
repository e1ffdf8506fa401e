// CHANGE FEED: follows the database's log (storage/change_stream.hpp) and tells
// INVALIDATION every commit that touches the catalog, in the order of the log,
// whoever wrote it; then tells the ENTITY CACHEs until when they may be
// trusted. Detached: it waits in the stream. Spawned by NODE when there is a
// stream to follow, above INVALIDATION; at shutdown NODE interrupts the stream.
// A new incarnation goes on where the caches have applied everything
// (shared_state::fed), so that changes are told again rather than lost.
//
// Invariants.
//   - A commit is kept until INVALIDATION has reported it applied. When that
//     fails (INVALIDATION restarts, a cache hangs) everything kept is told
//     again, in order, the oldest alone until it is answered: what was told in
//     between may have overtaken it, and applying twice does no harm.
//   - The place that the caches have applied is stored in the cache file; after
//     a restart the log is followed from there, and once that has caught up,
//     the rows that the earlier run left on disk are current. Where it cannot
//     (another history, too many commits), they are not.
//   - At most `window_count` commits are kept; then the log is not read on.
//   - Trust is extended only by a probe of the log whose commits have all been
//     applied, to the time at which it was taken + max_staleness. A log that is
//     silent, late or hung, an INVALIDATION or a cache that hangs, and a feed
//     that is gone extend nothing.
//   - A log that is followed from its present end, since there is no place to
//     go on from, voids what is kept: changes may have been missed.
//   - Where the log cannot be followed at all, trust is without limit, and rows
//     count as fresh by their times to live alone; but where the feed is
//     `required`, nothing is trusted until the log can be followed.
//
// The mailbox is bounded by the window and its own ticks.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include <caf/atom.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/shared_state.hpp"
#include "policy/backoff.hpp"

namespace toadcache {

/// What the actor sends itself.
enum class feed_tick : uint8_t {
  connect,
  follow, ///< the next look at the log
  rewind, ///< tell again what is kept
  probe,
  checkpoint ///< store how far the caches are
};

using change_feed_self
    = change_feed_actor::extend<caf::reacts_to<caf::tick_atom, uint8_t>>;

class change_feed_state {
public:
  static constexpr const char* name = "change-feed";
  explicit change_feed_state(change_feed_self::pointer self) : self_(self) {}

  change_feed_self::behavior_type start(shared_ptr_state shared,
                                        std::shared_ptr<change_stream> stream);

private:
  /// A commit on its way to the caches.
  struct kept {
    uint64_t number;
    changes news;
    resume_point end;
    bool applied; ///< or says nothing
  };
  /// The end of the log at a time.
  struct probe_of_log {
    time_point taken;
    position end;
    /// The newest commit of it, once all have been read.
    std::optional<uint64_t> last = {};
  };

  void on_tick(feed_tick what);
  // -- the checkpoint ---------------------------------------------------------
  void ask_checkpoint();
  void on_checkpoint_found(const std::string& text);
  void store(store_checkpoint::kind_type kind, const resume_point& place);
  // -- the log ----------------------------------------------------------------
  void connect();
  void follow();
  void on_commit(logged_commit commit);
  void on_failure(const stream_failure& why);
  void cannot_follow();
  // -- the caches -------------------------------------------------------------
  void keep(changes news, resume_point end);
  void tell();
  void on_applied(uint64_t number);
  void go_on();
  void retire();
  void rewind();
  // -- trust ------------------------------------------------------------------
  void probe();
  void judge_probe();
  void trust(time_point until);

  void later(milliseconds delay, feed_tick what);
  [[nodiscard]] time_point now() const { return shared_->time.now(); }

  change_feed_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  std::shared_ptr<change_stream> stream_;
  bool connected_ = false;
  bool waits_for_room_ = false;      ///< the window is full
  std::optional<resume_point> from_; ///< behind what was read
  std::optional<backoff> pause_;
  size_t replayed_count_ = 0;          ///< commits since the checkpoint
  std::optional<uint64_t> begun_;      ///< number of the news that begin a run
  std::optional<resume_point> stored_; ///< as the last checkpoint
  bool unusable_ = false; ///< trust without limit: times to live count
  std::string said_;      ///< of the last failure, so that it is said once

  std::deque<kept> kept_;
  size_t told_ = 0;      ///< of these, the first ones
  uint64_t newest_ = 0;  ///< number of the last commit read
  uint64_t applied_ = 0; ///< all up to this one
  uint64_t round_ = 0;   ///< answers of earlier rounds say nothing
  bool one_by_one_ = false;
  bool rewinding_ = false;
  std::optional<probe_of_log> probe_;
};
static_assert(!std::is_aggregate_v<change_feed_state>);

change_feed_self::behavior_type
change_feed(change_feed_self::stateful_pointer<change_feed_state> self,
            shared_ptr_state shared, std::shared_ptr<change_stream> stream);

/// What a commit of the log means to the caches. A pure function.
[[nodiscard]] changes changes_of(logged_commit commit, const catalog& types);

} // namespace toadcache
