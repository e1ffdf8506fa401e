// ENTITY CACHE: owns the memory partition and all disk traffic of one entity
// type; answers what readers could not find in the partition themselves.
// Scheduled, never blocks. Spawned by NODE; after a failure a new incarnation
// starts empty, behind a barrier of DB POOL (rule 9). Its mailbox is bounded by
// the facade's permits.
//
// A miss joins the key's flight or starts one. Flights that wait together leave
// together: alone a miss leaves at once, while a fetch is under way the next
// ones gather until it lands, the batch is big, or a millisecond has passed. A
// flight asks PERSISTENCE first when the disk is believed to hold its key. What
// comes back is answered to every waiter, and installed if the write gate
// allows it (policy/write_gate.hpp).
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include <caf/atom.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/disk_link.hpp"
#include "actors/residents.hpp"
#include "policy/own_writes.hpp"
#include "policy/single_flight.hpp"
#include "policy/tombstones.hpp"
#include "policy/write_gate.hpp"

namespace toadcache {

/// What the actor sends itself.
enum class cache_tick : uint8_t {
  dispatch,   ///< end of the gathering of a batch
  overdue,    ///< a waiting miss has waited long enough
  sweep,      ///< frees what readers held up
  sweep_on,   ///< the next slice of the removal of what is hidden
  expire,     ///< entries are past their last use
  shrink,     ///< the next slice of a share that shrinks
  barrier,    ///< ask DB POOL again
  revalidate, ///< the next slice of the disk entries of an earlier run
  scan        ///< ask the disk tier again for what it holds
};

using entity_cache_self
    = entity_cache_actor::extend<caf::reacts_to<caf::tick_atom, uint8_t>>;

class entity_cache_state {
public:
  static constexpr const char* name = "entity-cache";
  explicit entity_cache_state(entity_cache_self::pointer self) : self_(self) {}
  ~entity_cache_state();

  /// `incarnation` counts from 0; later ones follow a failure.
  entity_cache_self::behavior_type start(shared_ptr_state shared, cache_id id,
                                         uint64_t incarnation);

private:
  /// What a flight brought, as its waiters see it.
  struct landing {
    row content;
    key_list list;
    std::vector<row> rows; ///< of a list, when the database sent them
    tier from = tier::database;
    freshness state = freshness::fresh;
    milliseconds age{0};
    std::optional<failure> error;
  };
  struct waiter {
    bool accept_stale = true;
    std::function<void(const landing&)> deliver;
  };
  using flights = single_flight<waiter>;

  // -- messages (entity_cache.cpp) --------------------------------------------
  caf::result<rows> on_get_rows(const get_rows& msg);
  caf::result<lists> on_get_lists(const get_lists& msg);
  void on_refresh(const refresh& msg);
  ticket_opened on_open_ticket(const open_ticket& msg);
  void on_extend_trust(const extend_trust& msg);
  void on_entries_lost(const erase_entries& msg);
  caf::result<enabled_set> on_set_enabled(const set_enabled& msg);
  caf::result<share_held> on_set_share(const set_share& msg);
  void on_tick(cache_tick what);

  /// As residents::install, and wakes the actor when the entry expires.
  bool install(const key& k, row content, key_list list, time_point fetched,
               tier from);
  void arm_expiry();
  void expire();
  void shrink();

  /// The one gathering loop of both kinds of reads: `Pending` collects the
  /// answers, `fill(reply, landing)` writes one of them.
  template <class Reply, class Fill>
  caf::result<Reply> gather(const std::vector<key>& keys,
                            const read_options& options,
                            const request_header& header, Fill fill);
  [[nodiscard]] std::optional<landing>
  look_up(const key& k, const read_options& options) const;
  [[nodiscard]] bool accepts_stale(const read_options& options) const;

  // -- flights (entity_cache_fetch.cpp) ---------------------------------------
  void start_flight(const key& k, uint64_t group, std::vector<waiter> waiters,
                    bool disk_allowed);
  void dispatch();
  void load_from_disk(std::vector<flights::flight_id> ids);
  void pump(bool overdue);
  void send_fetch(std::vector<flights::flight_id> ids);
  void on_fetched(const std::vector<flights::flight_id>& ids,
                  const std::vector<row>& rows);
  [[nodiscard]] bool attributed(const std::vector<flights::flight_id>& ids,
                                const std::vector<row>& found,
                                index_id index) const;
  void on_fetch_failed(const std::vector<flights::flight_id>& ids,
                       const failure& why);
  void land_row(flights::flight_id id, const row& content, bool alias);
  void land_list(flights::flight_id id, std::vector<row> rows);
  void install_list(flights::flight_id id, std::vector<row> rows);
  void land_stale(flights::flight_id id, const disk_entry* from_disk,
                  const failure& why);
  void finish(flights::flight_id id, const landing& what);
  /// Whether what was read since `s` may be installed: of the key, and of all
  /// that the database may take for it.
  [[nodiscard]] bool may_install(const key& k, write_gate::stamp s) const;
  /// Whether what was read now cannot be older than what the log told last.
  [[nodiscard]] bool settled(const key& k, const row& content) const;
  /// Compares what the database said with the resident entry, drops that if it
  /// differs, and installs the news if the gate allows it.
  void consider(const key& k, const row& content, const key_list& list,
                const flights::flight& f, bool cacheable);

  // -- changes (entity_cache_apply.cpp) ---------------------------------------
  applied on_apply(const apply_changes& msg);
  void apply_commit(const apply_changes& msg);
  void quarantine(const apply_changes& msg);
  void drop_changed(const key& k, removal_cause why);
  void drop_index(index_id i);
  void drop_aliases_of(const key& k);
  [[nodiscard]] std::optional<key> few_spellings(const key& k) const;
  void seal(const key& k);
  void drop_row(const key& k);
  void drop_row_spelled(const key& k);
  void release(const key& k);
  void flush();
  void doubt();
  void hide_all();
  [[nodiscard]] std::vector<key> keys_of(const row_change& change) const;

  // -- changes of the database's log (entity_cache_log.cpp) -------------------
  void apply_logged(const apply_changes& msg);
  [[nodiscard]] std::vector<key>
  lists_changed_by(const row_change& change) const;
  /// The tombstones that it makes.
  own_writes::graves drop_lists_logged(const row_change& change);
  void row_logged(const key& k, const row* after);
  void list_logged(const key& k, own_writes::graves& made);
  void index_logged(index_id i);
  void echoed(const key& k, const row_change& change);
  void bury(const key& k, std::optional<uint64_t> content_hash,
            own_writes::graves* made = nullptr);
  void expect_echo(const apply_changes& msg, const row_change& change);

  // -- opening and the disk of earlier runs (entity_cache_open.cpp) -----------
  void request_barrier();
  void open_partition();
  void scan_disk();
  /// What becomes of the entries that a feed may make current.
  void judge_followed();
  void revalidate();
  void on_revalidated(const std::vector<key>& ids, write_gate::stamp stamp,
                      time_point begun, const std::vector<disk_entry>& on_disk,
                      const std::vector<row>& in_database);
  void put_on_disk(const key& k, const row& content, const key_list& list,
                   time_point fetched);
  void flush_disk_link();

  [[nodiscard]] time_point now() const { return shared_->time.now(); }
  [[nodiscard]] bool planted(planted_bug b) const {
    return shared_->config.planted.has(b);
  }
  void later(milliseconds delay, cache_tick what);

  /// Whether this is the cache that may hold what stands under the key.
  [[nodiscard]] bool owns(const key& k) const {
    return shared_->caches.owner_of(k) == id_;
  }

  entity_cache_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  cache_id id_ = 0;
  const entity_type* type_ = nullptr;
  entity_counters* count_ = nullptr;
  std::shared_ptr<partition> memory_;
  std::optional<residents> residents_;
  std::optional<disk_link> disk_;
  write_gate gate_;
  tombstones tombstones_;
  own_writes own_;
  /// When changes of the log were last missed: a ticket opened before may have
  /// its echo among them.
  time_point missed_at_ = time_point::min();
  /// When each open ticket was opened: what its write installs is no younger.
  std::unordered_map<transaction_id, time_point> opened_;
  flights flights_;
  /// Installs nothing before DB POOL's barrier has passed.
  bool installing_ = false;
  uint64_t barriers_ = 0; ///< only the newest barrier opens
  std::vector<caf::typed_response_promise<enabled_set>> enabling_;
  /// Who told the share that is not reached yet.
  std::vector<caf::typed_response_promise<share_held>> telling_;

  std::vector<flights::flight_id> to_load_;
  std::deque<flights::flight_id> to_fetch_;
  /// To be fetched alone: keys that a collation may find under other bytes.
  std::deque<flights::flight_id> to_fetch_alone_;
  uint64_t group_ = 0; ///< of the newest miss, for DB POOL's fairness
  bool dispatch_sent_ = false;
  bool overdue_sent_ = false;
  bool sweeping_ = false;
  bool shrinking_ = false;
  std::optional<time_point> expiry_armed_; ///< the next timer of expiry
  size_t fetches_ = 0;                     ///< under way
  int64_t scanned_ = 0; ///< the disk is known up to this place
  std::deque<key> to_revalidate_;
  bool clean_start_ = true; ///< as the last scan said
  /// Rows that the earlier run left, until it is known whether the feed goes on
  /// from its checkpoint.
  std::deque<key> followed_;
  std::optional<bool> replayed_; ///< that it did
};
static_assert(!std::is_aggregate_v<entity_cache_state>);

entity_cache_self::behavior_type
entity_cache(entity_cache_self::stateful_pointer<entity_cache_state> self,
             shared_ptr_state shared, cache_id id, uint64_t incarnation);

} // namespace toadcache
