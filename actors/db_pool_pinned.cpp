// The interactive transactions of DB POOL: each pins a worker until it ends.
#include "actors/db_pool.hpp"

#include <algorithm>
#include <utility>

#include <caf/send.hpp>

#include "messages/errors.hpp"

namespace toadcache {

namespace {

/// Ended transactions whose end is still explained to a late step.
constexpr size_t max_ended_count = 1024;
/// Steps of one transaction that may wait behind each other.
constexpr size_t max_steps_count = 1024;

std::string name_of(transaction_id id) {
  return "transaction " + std::to_string(id);
}

/// "5 s" or "1500 ms".
std::string to_text(milliseconds time) {
  if (time.count() % 1000 == 0)
    return std::to_string(time.count() / 1000) + " s";
  return std::to_string(time.count()) + " ms";
}

} // namespace

size_t db_pool_state::max_pinned_count() const {
  return std::max<size_t>(slots_.size() - 1, 1);
}

result<pinned_transaction*> db_pool_state::find_pinned(transaction_id id) {
  if (auto known = pinned_.find(id); known != pinned_.end()) {
    auto& t = known->second;
    if (t.ending)
      return fail(errc::invalid, name_of(id) + " is ending");
    if (t.steps_count >= max_steps_count)
      return fail(errc::overloaded, name_of(id) + ": too many steps wait");
    return &t;
  }
  if (auto known = ended_.find(id); known != ended_.end())
    return fail(known->second);
  return fail(errc::invalid, name_of(id) + " is not open");
}

caf::result<step_done> db_pool_state::on_step(transaction_step& msg) {
  auto t = find_pinned(msg.id);
  if (!t)
    return to_caf(t.error());
  ++(*t)->steps_count;
  auto promise = self_->make_response_promise<step_done>();
  auto timeout = remaining(msg.header);
  auto serial = ++serial_;
  running_[serial] = {promise, (*t)->slot, msg.id, false};
  ask_worker<step_done>((*t)->slot, serial, timeout, std::move(msg));
  return promise;
}

caf::result<transaction_done> db_pool_state::on_end(end_transaction& msg) {
  auto t = find_pinned(msg.id);
  if (!t)
    return to_caf(t.error());
  (*t)->ending = true;
  auto promise = self_->make_response_promise<transaction_done>();
  auto timeout = remaining(msg.header);
  auto serial = ++serial_;
  running_[serial] = {promise, (*t)->slot, msg.id, msg.commit};
  ask_worker<transaction_done>((*t)->slot, serial, timeout, msg);
  return promise;
}

void db_pool_state::on_reply(const running_request& request,
                             const transaction_begun& begun) {
  auto& o = shared_->config.pool;
  auto time = now();
  pinned_[begun.id] = {request.slot, time + o.transaction_idle_timeout,
                       time + o.transaction_timeout, 0, false};
  if (drain_)
    give_up_pinned(begun.id, {errc::shutting_down,
                              name_of(begun.id)
                                  + " was rolled back: the runtime is "
                                    "stopping"});
  arm();
}

void db_pool_state::on_reply(const running_request& request, const step_done&) {
  auto known = pinned_.find(request.pinned);
  if (known == pinned_.end() || known->second.steps_count == 0)
    return;
  --known->second.steps_count;
  known->second.idle_deadline
      = now() + shared_->config.pool.transaction_idle_timeout;
  arm();
}

void db_pool_state::cancel_pinned(const running_request& request,
                                  const failure& why) {
  auto& slot = slots_[request.slot];
  if (request.pinned != 0)
    give_up_pinned(request.pinned, why);
  else if (slot.interactive) // begun too late: its id will never be known
    caf::anon_send(slot.worker, end_transaction{0, false, {}});
}

void db_pool_state::give_up_pinned(transaction_id id, failure why) {
  auto known = pinned_.find(id);
  if (known == pinned_.end())
    return;
  caf::anon_send(slots_[known->second.slot].worker,
                 end_transaction{id, false, {}});
  forget_pinned(id, std::move(why));
}

void db_pool_state::forget_pinned(transaction_id id, failure why) {
  if (pinned_.erase(id) == 0)
    return;
  ended_[id] = std::move(why);
  ended_order_.push_back(id);
  if (ended_order_.size() > max_ended_count) {
    ended_.erase(ended_order_.front());
    ended_order_.pop_front();
  }
}

void db_pool_state::expire_pinned() {
  auto& o = shared_->config.pool;
  auto time = now();
  std::vector<std::pair<transaction_id, failure>> over;
  for (auto& [id, t] : pinned_) {
    if (t.ending)
      continue;
    if (t.total_deadline <= time)
      over.push_back(
          {id,
           {errc::timeout, name_of(id) + " has ended (open for "
                               + to_text(o.transaction_timeout) + ")"}});
    else if (t.steps_count == 0 && t.idle_deadline <= time)
      over.push_back(
          {id,
           {errc::timeout, name_of(id) + " has ended (idle for "
                               + to_text(o.transaction_idle_timeout) + ")"}});
  }
  for (auto& [id, why] : over)
    give_up_pinned(id, std::move(why));
}

} // namespace toadcache
