// The clock behind the deadlines of requests and delayed messages. CAF's own
// hands each timeout that is set or cancelled to its thread, which wakes six
// times for one cache miss; the thread of this one sleeps until something is
// due. Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include <caf/detail/thread_safe_actor_clock.hpp>

namespace toadcache {

class frugal_clock final : public caf::detail::thread_safe_actor_clock {
public:
  /// Sends what is due, until `stop`. Blocks; one thread calls it.
  void run();
  /// Ends `run`; what is not due yet is dropped.
  void stop();

  // -- CAF's interface; O(log n) of what is scheduled -------------------------

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self,
                            caf::atom_value type, uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self,
                         caf::atom_value type, uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self,
                           caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self,
                               caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self,
                              caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void schedule_message(time_point t, caf::group target,
                        caf::strong_actor_ptr sender,
                        caf::message content) override;
  void cancel_all() override;

private:
  /// The actor, what kind of timeout, and which: of an ordinary one the type,
  /// of a request's its id.
  using timeout_id = std::tuple<caf::actor_id, event_type, uint64_t>;
  using timeouts = std::multimap<timeout_id, schedule_map::iterator>;
  /// What is taken out is destroyed by the caller, without the lock: it may
  /// hold the last reference to an actor, which then cancels its timeouts.
  using taken_events = std::vector<unique_delayed_event_ptr>;

  void add_timeout(timeout_id id, unique_delayed_event_ptr e);
  void add(unique_delayed_event_ptr e);
  /// Requires the lock. `wakes`: the thread is to be woken, it would sleep on
  /// beyond it.
  schedule_map::iterator insert(unique_delayed_event_ptr e, bool& wakes);
  [[nodiscard]] taken_events take(const timeout_id& first,
                                  const timeout_id& last);
  [[nodiscard]] static timeout_id id_of(const delayed_event& e);

  std::mutex mutex_;
  std::condition_variable changed_;
  timeouts timeouts_;
  /// Until when the thread sleeps; what it waited for may be cancelled by then.
  time_point sleeps_until_ = time_point::min();
  bool stopped_ = false;
};

} // namespace toadcache
