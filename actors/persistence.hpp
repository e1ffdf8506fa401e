// PERSISTENCE: owns the cache file, alone, and commits what the ENTITY CACHEs
// hand it in groups. Detached (its commits block); cooperative under the test
// coordinator. Spawned by NODE; on failure restarted with a new run, so that
// whatever the dead one had not written counts as of an earlier run.
//
// Order (rule 5): puts and erases of a key take effect in the order in which
// its ENTITY CACHE sent them, and before anything it asks later. An erase that
// cannot be written closes the tier before the next answer; the file keeps its
// unclean marker and is opened again behind the requests' back, as a new run.
//
// The mailbox: ENTITY CACHEs send what they fetch and change. A commit is asked
// for by a message to itself, so everything that arrived during the last commit
// is taken in first; puts beyond `persistence_options::queue_count` are shed.
//
// A notice of lost keys (`erase_entries` to an ENTITY CACHE) can cross a newer
// put of the same key. It means "perhaps not on disk": whoever gets it must
// still send the erase when such a key changes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/shared_state.hpp"
#include "messages/errors.hpp"
#include "storage/write_queue.hpp"

namespace toadcache {

/// What PERSISTENCE sends itself: the step to take.
using persistence_self
    = persistence_actor::extend<caf::reacts_to<caf::tick_atom, uint8_t>>;

class persistence_state {
public:
  static constexpr const char* name = "persistence";
  /// Entries that one step of the clean-up removes: some 20 ms, in which
  /// nothing is loaded.
  static constexpr size_t clean_up_count = 4096;
  explicit persistence_state(persistence_self::pointer self);
  ~persistence_state();

  /// Begins to open the store; until that ends, loads get errc::tier_closed and
  /// scans wait.
  persistence_self::behavior_type start(shared_ptr_state shared);

private:
  enum class step : uint8_t { commit, clean_up, open, opened };
  /// One attempt to open the store, made outside this actor.
  struct attempt;
  struct waiting_scan {
    scan_keys request;
    caf::typed_response_promise<scanned_keys> promise;
  };

  void on_put(put_entries& msg);
  void on_erase(const erase_entries& msg);
  void on_erase_type(const erase_type& msg);
  caf::result<loaded_entries> on_load(const load_entries& msg);
  caf::result<scanned_keys> on_scan(const scan_keys& msg);
  caf::result<checkpoint_found> on_read_checkpoint();
  void on_checkpoint(store_checkpoint& msg);
  void on_log(log_invalidation& msg);
  caf::result<log_records> on_read_log(const read_log& msg);
  caf::result<flushed_disk> on_flush();
  caf::result<stopped> on_drain();
  void on_step(step what);

  void begin_open();
  void on_opened();
  /// Writes all that waits. False: the tier is closed.
  bool commit();
  result<void> apply(const cache_store::batch& b);
  /// False: more is left to remove.
  bool clean_up();
  /// Drops the store without its clean marker and tries again later.
  void close_tier(const failure& why);
  void retry_open();
  void schedule_commit();
  void tell_lost(const std::vector<key>& ids);
  result<scanned_keys> scan(const scan_keys& msg);
  void answer_waiting();
  void finish();
  [[nodiscard]] failure closed() const;
  void after(milliseconds delay, step what);

  persistence_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  std::unique_ptr<cache_store> store_; // empty while the tier is closed
  std::unique_ptr<write_queue> queue_;
  std::shared_ptr<attempt> opening_; // shared with the opener
  bool clean_start_ = true;
  /// The checkpoint of an earlier run, while nothing was lost since the process
  /// began.
  std::optional<std::string> checkpoint_;
  bool tells_followed_ = false; ///< scans name what that run has left
  bool commit_timed_ = false;
  bool commit_asked_ = false;
  bool draining_ = false;
  failure why_closed_{errc::tier_closed, "disk tier: not open yet"};
  milliseconds backoff_;
  std::vector<waiting_scan> scans_; // at most one per type
  std::vector<caf::typed_response_promise<checkpoint_found>> asked_; // by one
  std::vector<caf::typed_response_promise<stopped>> drains_;
};
static_assert(!std::is_aggregate_v<persistence_state>);

/// `shared`: the runtime's state; uses config.persistence, make_store (empty:
/// the tier stays closed), wall_now and the directory's ENTITY CACHEs.
persistence_self::behavior_type
persistence(persistence_self::stateful_pointer<persistence_state> self,
            shared_ptr_state shared);

} // namespace toadcache
