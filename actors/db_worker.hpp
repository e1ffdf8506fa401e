// DB WORKER: owns one connection to the database and runs one request at a
// time on it. Detached (its statements block), but it never blocks on another
// actor: a write is a chain of continuations. Spawned and monitored by DB POOL,
// the only sender, which bounds its mailbox. On failure DB POOL answers for it,
// and a successor settles what its journal names.
//
// A write: statements -> tickets at the caches -> COMMIT -> `changes` until
// INVALIDATION confirms -> reply. The worker is idle again only after that, and
// after a lost COMMIT only when the lost connection can commit nothing more.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_addr.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/db_transaction.hpp"
#include "actors/shared_state.hpp"
#include "actors/worker_journal.hpp"
#include "policy/backoff.hpp"

namespace toadcache {

/// The tick carries the number of a timer.
using db_worker_self
    = db_worker_actor::extend<caf::reacts_to<caf::tick_atom, uint64_t>>;

/// What a worker sends to its pool.
using db_worker_parent = caf::typed_actor<caf::reacts_to<worker_idle>>;

struct db_worker_arguments {
  shared_ptr_state shared;
  caf::actor_addr pool; ///< a db_worker_parent; weak, since it points upwards
  uint32_t number = 0;  ///< names it in `worker_idle` and logs
  std::shared_ptr<worker_journal> journal;
  uint64_t seed = 0; ///< of the jitter between attempts
};

/// The write under way, or the pinned transaction.
struct db_write {
  uint64_t serial = 0; ///< continuations of earlier attempts are ignored
  bool interactive = false;
  bool committing = false; ///< takes no further steps
  bool aborting = false;   ///< rolled back; its tickets are being closed
  std::vector<operation> operations; ///< not of an interactive one
  std::vector<operation_result> results;
  time_point deadline;
  size_t deadlocks = 0;
  size_t duplicates = 0;
  std::optional<db_transaction> transaction;
  /// Absent: answered, or not asked yet.
  std::optional<caf::typed_response_promise<transaction_done>> promise;
  changes message;
  std::map<entity_id, std::vector<key>> keys; ///< of the tickets
  size_t tickets_missing = 0;
  position at;
};

/// What INVALIDATION has to confirm before the worker goes on.
struct db_settlement {
  changes message;
  std::function<void()> then;
};

class db_worker_state {
public:
  static constexpr const char* name = "db-worker";
  explicit db_worker_state(db_worker_self::pointer self);
  ~db_worker_state();
  db_worker_state(const db_worker_state&) = delete;
  db_worker_state& operator=(const db_worker_state&) = delete;
  db_worker_self::behavior_type start(db_worker_arguments arguments);

private:
  // -- requests (db_worker.cpp) ---------------------------------------------
  caf::result<fetched> on_fetch(const fetch& msg);
  caf::result<transaction_done> on_run(run_transaction& msg);
  caf::result<transaction_begun> on_begin(const begin_transaction& msg);
  caf::result<step_done> on_step(const transaction_step& msg);
  caf::result<transaction_done> on_end(const end_transaction& msg);
  void on_check(const check_connection& msg);
  void on_pool_down();
  [[nodiscard]] result<void> check(const fetch& msg) const;
  [[nodiscard]] result<std::vector<row>> read(const fetch& msg,
                                              time_point deadline);
  /// The pinned transaction of that id, able to take another step.
  [[nodiscard]] result<void> check_pinned(transaction_id id) const;
  /// The request has ended: tells DB POOL.
  void finish();

  // -- the connection (db_worker.cpp) ---------------------------------------
  /// Connects unless the session lives. errc of `database::connect`.
  [[nodiscard]] result<void> open_session();
  void drop_session();
  /// What the error of a statement means for the connection.
  void judge(const failure& why);
  /// Opens a transaction; on a connection that proves lost, once anew.
  [[nodiscard]] result<void> begin();
  void roll_back();
  /// Has INVALIDATION flush everything if another process changed the data,
  /// then goes on (at once, if not).
  void flush_foreign(time_point deadline,
                     std::function<void(result<void>)> then);

  // -- writes (db_worker_write.cpp) -----------------------------------------
  void attempt();
  void run_operations();
  void operation_failed(const operation& op, const failure& why);
  /// The transaction has left no trace: runs it again, or answers.
  void rolled_back(const failure& why);
  void prepare_commit();
  void ask_ticket(cache_id cache);
  void ticket_failed(cache_id cache, const caf::error& why);
  void ticket_done();
  void abort_commit(failure why);
  void close_tickets();
  void commit();
  void commit_unchanged();
  void committed(const commit_result& end);
  void commit_lost(const commit_result& end, std::string connection_id);
  void answer(const failure& why);
  void answer_done();
  /// Calls `f` unless the write has moved on meanwhile.
  [[nodiscard]] std::function<void()> for_this_job(std::function<void()> f);

  // -- settling (db_worker_settle.cpp) --------------------------------------
  /// Takes over what a dead predecessor left in the journal.
  void inherit();
  void settle(changes message, std::function<void()> then);
  void ask_invalidation();
  void ask_invalidation_again();
  /// Waits until the lost connection can commit nothing, then ends the
  /// quarantine.
  void resolve(changes message, std::string connection_id);

  void after(milliseconds delay, std::function<void()> f);
  [[nodiscard]] time_point now() const;
  [[nodiscard]] time_point deadline_of(const request_header& header) const;
  /// Time left, at least 1 ms: for timeouts of requests.
  [[nodiscard]] milliseconds left(time_point deadline) const;
  [[nodiscard]] bool busy() const { return job_ || settling_ || resolving_; }

  db_worker_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  caf::actor_addr pool_;
  uint32_t number_ = 0;
  std::shared_ptr<worker_journal> journal_;
  std::unique_ptr<session> session_;
  time_point last_use_{};
  bool connection_failed_ = false; ///< the last request met no database
  std::string why_failed_;
  bool foreign_change_ = false; ///< seen, but not yet flushed
  bool pool_gone_ = false;
  bool resolving_ = false;
  std::optional<db_write> job_;
  std::optional<db_settlement> settling_;
  uint64_t serial_ = 0;
  std::map<uint64_t, std::function<void()>> timers_;
  uint64_t next_timer_ = 0;
  std::optional<backoff> retry_;     ///< between deadlocked attempts
  std::optional<backoff> reconnect_; ///< while an unknown outcome is resolved
  std::optional<backoff> ask_again_; ///< for actors that are restarting
};
static_assert(!std::is_aggregate_v<db_worker_state>);

db_worker_self::behavior_type
db_worker(db_worker_self::stateful_pointer<db_worker_state> self,
          db_worker_arguments arguments);

} // namespace toadcache
