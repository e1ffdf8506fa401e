// DB POOL: the queue in front of the database and the workers behind it. One
// request per worker at a time; the waiting ones are bounded, served in turn by
// group, and leave at their deadlines. Scheduled, never blocks. Spawned by
// NODE; its callers' permits bound the mailbox. On failure every open request
// is answered, and what its workers still run is counted in
// `shared_state::orphans`, for which the next pool's barrier waits.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include <caf/response_promise.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include "actors/ask.hpp"
#include "actors/shared_state.hpp"
#include "actors/worker_journal.hpp"
#include "policy/circuit_breaker.hpp"
#include "policy/fair_queue.hpp"

namespace toadcache {

/// The tick carries the number of the timer; only the latest counts.
using db_pool_self
    = db_pool_actor::extend<caf::reacts_to<worker_idle>,
                            caf::reacts_to<caf::tick_atom, uint64_t>>;

/// A request that waits for a worker.
struct waiting_request {
  uint64_t serial = 0; ///< in the order of acceptance
  bool probe = false;  ///< its outcome decides over the circuit breaker
  time_point deadline;
  std::variant<fetch, run_transaction, begin_transaction> message;
  caf::response_promise promise;
};

/// A request or step that a worker runs.
struct running_request {
  caf::response_promise promise;
  uint32_t slot = 0;
  transaction_id pinned = 0; ///< of a step or end
  bool writes = false;
};

/// A place for a worker. The journal outlives the worker.
struct worker_slot {
  db_worker_actor worker; ///< empty: not spawned
  std::shared_ptr<worker_journal> journal;
  bool busy = false;
  bool connected = false;
  uint64_t serial = 0; ///< of its request while busy; 0: none, a check
  bool probe = false;
  bool interactive = false;
  time_point idle_since;
};

struct pinned_transaction {
  uint32_t slot = 0;
  time_point idle_deadline; ///< counts while no step is under way
  time_point total_deadline;
  size_t steps_count = 0; ///< under way
  bool ending = false;
};

class db_pool_state {
public:
  static constexpr const char* name = "db-pool";
  explicit db_pool_state(db_pool_self::pointer self);
  ~db_pool_state();
  db_pool_state(const db_pool_state&) = delete;
  db_pool_state& operator=(const db_pool_state&) = delete;
  db_pool_self::behavior_type start(shared_ptr_state shared);

private:
  struct waiting_barrier {
    uint64_t serial = 0; ///< passes when no open request is older
    caf::response_promise promise;
  };

  // -- requests (db_pool.cpp) -----------------------------------------------
  template <class Reply, class Message>
  caf::result<Reply> accept(Message& msg);
  caf::result<barrier_passed> on_barrier();
  caf::result<stopped> on_drain();
  /// Gives waiting requests to free workers.
  void dispatch();
  void assign(uint32_t slot, waiting_request request);
  /// Sends and routes the answer back by `serial`.
  template <class Reply, class Message>
  void ask_worker(uint32_t slot, uint64_t serial, milliseconds timeout,
                  Message msg);
  void on_reply(const running_request& request, const transaction_begun& x);
  void on_reply(const running_request& request, const step_done&);
  template <class Reply>
  void on_reply(const running_request&, const Reply&) {}
  void on_error(uint64_t serial, const caf::error& why);
  /// What a caller must be told whose worker is late or dead.
  [[nodiscard]] failure given_up(const running_request& request, errc code,
                                 std::string why);
  void refuse(waiting_request& request, const failure& why);
  void refuse_all(const failure& why);

  // -- interactive transactions (db_pool_pinned.cpp) ------------------------
  caf::result<step_done> on_step(transaction_step& msg);
  caf::result<transaction_done> on_end(end_transaction& msg);
  /// The open transaction, or why there is none.
  [[nodiscard]] result<pinned_transaction*> find_pinned(transaction_id id);
  /// The worker is late with a step or begin: it is to roll back when it can.
  void cancel_pinned(const running_request& request, const failure& why);
  /// Rolls it back and remembers why for later steps.
  void give_up_pinned(transaction_id id, failure why);
  void forget_pinned(transaction_id id, failure why);
  [[nodiscard]] size_t max_pinned_count() const;
  void expire_pinned();

  // -- workers (db_pool_workers.cpp) ----------------------------------------
  void on_idle(const worker_idle& msg);
  void on_worker_down(const caf::actor_addr& who);
  void spawn_worker(uint32_t slot);
  /// An idle worker, a connected and recently used one if there is any; spawns
  /// within max_count.
  [[nodiscard]] std::optional<uint32_t> free_slot();
  void check_worker(uint32_t slot, bool close);
  void close_idle();
  void slot_free(uint32_t slot);
  void check_barriers();
  void check_drained();
  void end_drain();
  void on_tick(uint64_t number);
  /// Sets the timer to the earliest deadline of all.
  void arm();
  [[nodiscard]] time_point now() const;
  [[nodiscard]] milliseconds remaining(const request_header& header) const;
  /// At least 1 ms.
  [[nodiscard]] milliseconds left(time_point deadline) const;

  db_pool_self::pointer self_; // not owning: the state lives inside it
  shared_ptr_state shared_;
  std::vector<worker_slot> slots_;
  std::optional<fair_queue<waiting_request>> queue_;
  std::optional<fair_queue<waiting_request>> begins_;
  bool begin_last_ = false; ///< the two queues take turns
  std::optional<circuit_breaker> breaker_;
  std::string why_down_; ///< the last failure of a connection
  uint64_t serial_ = 0;
  std::set<uint64_t> open_; ///< accepted and not ended
  std::map<uint64_t, running_request> running_;
  std::map<transaction_id, pinned_transaction> pinned_;
  /// Why recent interactive transactions ended, oldest first in the order.
  std::unordered_map<transaction_id, failure> ended_;
  std::deque<transaction_id> ended_order_;
  std::vector<waiting_barrier> barriers_;
  std::optional<caf::response_promise> drain_;
  time_point drain_deadline_;
  bool drained_ = false; ///< only the workers' ends are still awaited
  uint64_t tick_ = 0;
  std::optional<time_point> armed_;
};
static_assert(!std::is_aggregate_v<db_pool_state>);

template <class Reply, class Message>
void db_pool_state::ask_worker(uint32_t slot, uint64_t serial,
                               milliseconds timeout, Message msg) {
  ask(self_, slots_[slot].worker, timeout, std::move(msg))
      .then(
          [this, serial](Reply& x) {
            if (auto found = running_.extract(serial)) {
              breaker_->succeeded();
              on_reply(found.mapped(), x);
              found.mapped().promise.deliver(std::move(x));
              check_drained();
            }
          },
          [this, serial](caf::error& why) {
            on_error(serial, why);
            check_drained();
          });
}

db_pool_self::behavior_type
db_pool(db_pool_self::stateful_pointer<db_pool_state> self,
        shared_ptr_state shared);

} // namespace toadcache
