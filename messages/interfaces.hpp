// Every actor's typed interface on one page, top-down: an interface names only
// messages; who may hold a handle of whom is written in docs/architecture.md.
#pragma once

#include <caf/typed_actor.hpp>

#include "messages/admin.hpp"
#include "messages/changes.hpp"
#include "messages/database.hpp"
#include "messages/disk.hpp"
#include "messages/local.hpp"
#include "messages/reads.hpp"
#include "messages/type_ids.hpp"

namespace toadcache {

/// NODE spawns, monitors, restarts and stops the others in order of rank.
using node_actor = caf::typed_actor<
    /// Ends everything; idempotent; replies when all actors are gone.
    caf::replies_to<stop_all>::with<stopped>,
    /// Test-only: makes the actor named by the text throw.
    caf::reacts_to<std::string, fail_now>>;

/// DISPATCHER sends requests for threads that are no actors.
using dispatcher_actor = caf::typed_actor<
    /// Runs the work; no reply. Work dropped unrun destroys its captures.
    caf::reacts_to<dispatch>,
    /// Answers when no request of it is outstanding.
    caf::replies_to<drain>::with<stopped>>;

/// MONITOR turns counters into answers.
using monitor_actor
    = caf::typed_actor<caf::replies_to<get_counters>::with<counters_now>>;

/// BUDGET decides how many bytes each entity type may use.
using budget_actor = caf::typed_actor<
    /// Replies when the types occupy no more than that; a newer one overtakes
    /// it: then with the newer one's number. Idempotent.
    caf::replies_to<set_budget>::with<budget_set>, caf::reacts_to<fail_now>>;

/// CHANGE FEED follows the database's log; it asks, and is asked for nothing.
using change_feed_actor = caf::typed_actor<caf::reacts_to<fail_now>>;

/// INVALIDATION turns changes into sequenced messages to every affected cache.
using invalidation_actor = caf::typed_actor<
    /// Replies when every affected cache (its current incarnation) has applied
    /// it; idempotent; applied in the order of arrival.
    caf::replies_to<changes>::with<applied>, caf::reacts_to<fail_now>>;

/// ENTITY CACHE owns the memory partition and all disk traffic of one type.
using entity_cache_actor = caf::typed_actor<
    /// errc::unavailable, timeout, overloaded, invalid. Idempotent.
    caf::replies_to<get_rows>::with<rows>,
    caf::replies_to<get_lists>::with<lists>, caf::reacts_to<refresh>,
    /// Replies when no fill of the keys can be installed any more.
    caf::replies_to<open_ticket>::with<ticket_opened>,
    /// Idempotent; in order of seq from one INVALIDATION.
    caf::replies_to<apply_changes>::with<applied>,
    /// From CHANGE FEED, after every earlier change was applied.
    caf::reacts_to<extend_trust>,
    /// From PERSISTENCE: these keys are not on disk (shed, failed, cleaned up).
    caf::reacts_to<erase_entries>,
    caf::replies_to<set_enabled>::with<enabled_set>,
    /// Evicts what is above the share, in slices, then replies; a newer one
    /// overtakes it: replies with what is held then. Idempotent.
    caf::replies_to<set_share>::with<share_held>, caf::reacts_to<fail_now>>;

/// PERSISTENCE owns the SQLite cache file, alone.
using persistence_actor = caf::typed_actor<
    caf::reacts_to<put_entries>, caf::reacts_to<erase_entries>,
    caf::reacts_to<erase_type>,
    /// errc::tier_closed when the tier is closed.
    caf::replies_to<load_entries>::with<loaded_entries>,
    caf::replies_to<scan_keys>::with<scanned_keys>,
    caf::replies_to<read_checkpoint>::with<checkpoint_found>,
    caf::reacts_to<store_checkpoint>, caf::reacts_to<log_invalidation>,
    caf::replies_to<read_log>::with<log_records>,
    caf::replies_to<flush_disk>::with<flushed_disk>,
    /// Commits, sets the clean marker, closes the file, then ends.
    caf::replies_to<drain>::with<stopped>, caf::reacts_to<fail_now>>;

/// DB POOL owns the queue in front of the database and its workers.
using db_pool_actor = caf::typed_actor<
    /// errc::unavailable, timeout, overloaded, invalid. Idempotent.
    caf::replies_to<fetch>::with<fetched>,
    /// Not idempotent. Any errc; outcome_unknown only after COMMIT was sent.
    caf::replies_to<run_transaction>::with<transaction_done>,
    caf::replies_to<begin_transaction>::with<transaction_begun>,
    caf::replies_to<transaction_step>::with<step_done>,
    caf::replies_to<end_transaction>::with<transaction_done>,
    caf::replies_to<barrier>::with<barrier_passed>,
    /// Refuses new requests, ends the open ones, closes the connections, ends.
    caf::replies_to<drain>::with<stopped>, caf::reacts_to<fail_now>>;

/// DB WORKER owns one connection; one request at a time, sent by DB POOL.
using db_worker_actor = caf::typed_actor<
    caf::replies_to<fetch>::with<fetched>,
    caf::replies_to<run_transaction>::with<transaction_done>,
    caf::replies_to<begin_transaction>::with<transaction_begun>,
    caf::replies_to<transaction_step>::with<step_done>,
    caf::replies_to<end_transaction>::with<transaction_done>,
    /// Pings the connection, drops it when it is gone or (on request) idle.
    caf::reacts_to<check_connection>>;

} // namespace toadcache
