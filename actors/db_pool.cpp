#include "actors/db_pool.hpp"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include <caf/sec.hpp>

#include "messages/errors.hpp"

namespace toadcache {

db_pool_state::db_pool_state(db_pool_self::pointer self) : self_(self) {}

db_pool_state::~db_pool_state() {
  if (!shared_)
    return;
  auto stopping = shared_->stopping.load();
  auto code = stopping ? errc::shutting_down : errc::unavailable;
  std::string why = stopping ? "the runtime is stopping"
                             : "the database pool is restarting";
  refuse_all({code, why});
  for (auto& [serial, request] : running_)
    request.promise.deliver(to_caf(given_up(request, code, why)));
  for (auto& b : barriers_)
    b.promise.deliver(to_caf({code, why}));
  if (drain_)
    drain_->deliver(to_caf({code, why}));
  for (auto& slot : slots_) {
    if (slot.journal)
      slot.journal->orphan();
    // Each closes its connection on its own thread; those that run a write end
    // by themselves when it is settled.
    if (slot.worker && (!slot.busy || slot.interactive))
      self_->send_exit(slot.worker, caf::exit_reason::user_shutdown);
  }
}

db_pool_self::behavior_type db_pool_state::start(shared_ptr_state shared) {
  shared_ = std::move(shared);
  auto& o = shared_->config.pool;
  slots_.resize(std::max<size_t>(o.max_count, 1));
  queue_.emplace(o.queue_count);
  begins_.emplace(o.queue_count);
  breaker_.emplace(o.breaker_failures_count, o.breaker_open_time,
                   o.reconnect_backoff_max);
  self_->set_exception_handler([this](std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      shared_->log->error("db pool: {}", e.what());
    } catch (...) {
      shared_->log->error("db pool: threw something unknown");
    }
    return caf::make_error(caf::sec::runtime_error);
  });
  self_->set_down_handler(
      [this](caf::down_msg& msg) { on_worker_down(msg.source); });
  for (uint32_t i = 0; i < std::min(o.min_count, slots_.size()); ++i) {
    spawn_worker(i);
    check_worker(i, false);
  }
  return {
      [this](fetch& msg) { return accept<fetched>(msg); },
      [this](run_transaction& msg) { return accept<transaction_done>(msg); },
      [this](begin_transaction& msg) { return accept<transaction_begun>(msg); },
      [this](transaction_step& msg) { return on_step(msg); },
      [this](end_transaction& msg) { return on_end(msg); },
      [this](barrier) { return on_barrier(); },
      [this](drain) { return on_drain(); },
      [](fail_now) { throw std::runtime_error("asked to fail"); },
      [this](const worker_idle& msg) { on_idle(msg); },
      [this](caf::tick_atom, uint64_t number) { on_tick(number); },
  };
}

// -- requests -----------------------------------------------------------------

template <class Reply, class Message>
caf::result<Reply> db_pool_state::accept(Message& msg) {
  if (drain_)
    return to_caf({errc::shutting_down, "the database pool is stopping"});
  auto time = now();
  auto admission = breaker_->admit(time);
  if (admission == circuit_breaker::admission::refuse)
    return to_caf(
        {errc::unavailable, "the database cannot be reached: " + why_down_});
  auto probe = admission == circuit_breaker::admission::probe;
  auto promise = self_->make_response_promise<Reply>();
  auto time_left = remaining(msg.header);
  auto group = msg.header.group;
  waiting_request request{++serial_, probe, time + time_left, std::move(msg),
                          promise};
  auto expires = time + std::min(time_left, shared_->config.pool.acquire);
  auto& queue = std::is_same_v<Message, begin_transaction> ? *begins_ : *queue_;
  auto full
      = queue_->size() + begins_->size() >= shared_->config.pool.queue_count;
  open_.insert(request.serial);
  if (full || !queue.push(group, expires, std::move(request))) {
    refuse(request, {errc::overloaded,
                     "the database pool's queue is full ("
                         + std::to_string(shared_->config.pool.queue_count)
                         + " requests)"});
    return promise;
  }
  dispatch();
  return promise;
}

void db_pool_state::refuse(waiting_request& request, const failure& why) {
  request.promise.deliver(to_caf(why));
  open_.erase(request.serial);
  if (request.probe)
    breaker_->abandoned();
}

void db_pool_state::refuse_all(const failure& why) {
  for (auto* queue : {&*queue_, &*begins_})
    for (auto& request : queue->clear())
      refuse(request, why);
  shared_->count.pool_queue.store(0, std::memory_order_relaxed);
}

caf::result<barrier_passed> db_pool_state::on_barrier() {
  if (drain_)
    return to_caf({errc::shutting_down, "the database pool is stopping"});
  if (barriers_.size() >= shared_->config.pool.queue_count)
    return to_caf({errc::overloaded, "too many barriers wait"});
  auto promise = self_->make_response_promise<barrier_passed>();
  barriers_.push_back({serial_, promise});
  check_barriers();
  arm();
  return promise;
}

caf::result<stopped> db_pool_state::on_drain() {
  if (drain_)
    return to_caf({errc::shutting_down, "the database pool is stopping"});
  auto promise = self_->make_response_promise<stopped>();
  drain_ = promise;
  // Ends before the one who asked gives up.
  drain_deadline_ = now() + shared_->config.node.shutdown_grace * 4 / 5;
  refuse_all({errc::shutting_down, "the database pool is stopping"});
  std::vector<transaction_id> open;
  for (auto& [id, t] : pinned_)
    if (!t.ending)
      open.push_back(id);
  for (auto id : open)
    give_up_pinned(id, {errc::shutting_down,
                        "transaction " + std::to_string(id)
                            + " was rolled back: the runtime is stopping"});
  check_drained();
  arm();
  return promise;
}

void db_pool_state::dispatch() {
  auto time = now();
  for (auto* queue : {&*queue_, &*begins_})
    for (auto& late : queue->expire(time))
      refuse(late, {errc::timeout, "no database connection was free in time"});
  for (;;) {
    auto pinned = static_cast<size_t>(
        std::count_if(slots_.begin(), slots_.end(),
                      [](auto& s) { return s.busy && s.interactive; }));
    auto may_begin = !begins_->empty() && pinned < max_pinned_count();
    if (queue_->empty() && !may_begin)
      break;
    auto slot = free_slot();
    if (!slot)
      break;
    begin_last_ = may_begin && (queue_->empty() || !begin_last_);
    auto request = begin_last_ ? begins_->pop() : queue_->pop();
    assign(*slot, std::move(*request));
  }
  shared_->count.pool_queue.store(queue_->size() + begins_->size(),
                                  std::memory_order_relaxed);
  check_barriers();
  arm();
}

void db_pool_state::assign(uint32_t place, waiting_request request) {
  auto& slot = slots_[place];
  auto serial = request.serial;
  slot.busy = true;
  slot.connected = true; // unless `worker_idle` says otherwise
  slot.serial = serial;
  slot.probe = request.probe;
  slot.interactive = std::holds_alternative<begin_transaction>(request.message);
  slot.journal->start();
  auto writes = std::holds_alternative<run_transaction>(request.message);
  running_[serial] = {std::move(request.promise), place, 0, writes};
  auto timeout = left(request.deadline);
  std::visit(
      [&](auto& msg) {
        using message = std::decay_t<decltype(msg)>;
        msg.header.remaining = timeout;
        if constexpr (std::is_same_v<message, fetch>)
          ask_worker<fetched>(place, serial, timeout, std::move(msg));
        else if constexpr (std::is_same_v<message, run_transaction>)
          ask_worker<transaction_done>(place, serial, timeout, std::move(msg));
        else
          ask_worker<transaction_begun>(place, serial, timeout, std::move(msg));
      },
      request.message);
}

void db_pool_state::on_error(uint64_t serial, const caf::error& why) {
  auto found = running_.extract(serial);
  if (!found)
    return;
  auto& request = found.mapped();
  failure answer;
  if (why == caf::sec::request_timeout) {
    answer = given_up(request, errc::timeout,
                      "the database has not answered in time");
  } else if (why.category() == caf::atom("system")) {
    answer = given_up(request, errc::unavailable,
                      "the database connection's worker has ended");
  } else {
    answer = to_failure(why);
    if (answer.code == errc::not_found || answer.code == errc::duplicate
        || answer.code == errc::foreign_key || answer.code == errc::deadlock)
      breaker_->succeeded(); // the database has answered
  }
  request.promise.deliver(to_caf(answer));
  if (why == caf::sec::request_timeout)
    cancel_pinned(request, answer);
  else if (request.pinned != 0)
    on_reply(request, step_done{});
}

failure db_pool_state::given_up(const running_request& request, errc code,
                                std::string why) {
  auto may_be_done = slots_[request.slot].journal->cancel();
  if (request.writes && may_be_done)
    return {errc::outcome_unknown,
            why + " after COMMIT; the write may or may not have been done"};
  return {code, std::move(why)};
}

time_point db_pool_state::now() const {
  return self_->clock().now();
}

milliseconds db_pool_state::remaining(const request_header& header) const {
  return header.remaining.count() == 0 ? shared_->config.client.request_timeout
                                       : header.remaining;
}

milliseconds db_pool_state::left(time_point deadline) const {
  auto time = std::chrono::ceil<milliseconds>(deadline - now());
  return std::max(time, milliseconds{1});
}

db_pool_self::behavior_type
db_pool(db_pool_self::stateful_pointer<db_pool_state> self,
        shared_ptr_state shared) {
  return self->state.start(std::move(shared));
}

} // namespace toadcache
