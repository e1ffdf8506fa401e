#include "actors/frugal_clock.hpp"

#include <limits>
#include <utility>

#include <caf/abstract_actor.hpp>

namespace toadcache {

namespace {

constexpr auto max_id = std::numeric_limits<uint64_t>::max();

caf::strong_actor_ptr strong(caf::abstract_actor* self) {
  return caf::strong_actor_ptr{self->ctrl()};
}

} // namespace

void frugal_clock::run() {
  std::unique_lock guard{mutex_};
  while (!stopped_) {
    if (schedule_.empty()) {
      sleeps_until_ = time_point::max();
      changed_.wait(guard);
      continue;
    }
    auto first = schedule_.begin();
    if (now() < first->first) {
      sleeps_until_ = first->first;
      // A copy: while this waits the event may be cancelled.
      changed_.wait_until(guard, time_point{sleeps_until_});
      continue;
    }
    sleeps_until_ = time_point::min();
    auto due = std::move(first->second);
    auto [begin, end] = timeouts_.equal_range(id_of(*due));
    for (auto i = begin; i != end; ++i)
      if (i->second == first) {
        timeouts_.erase(i);
        break;
      }
    schedule_.erase(first);
    guard.unlock();
    ship(*due);
    due.reset(); // as what is taken out: without the lock
    guard.lock();
  }
}

void frugal_clock::stop() {
  {
    std::unique_lock guard{mutex_};
    stopped_ = true;
  }
  changed_.notify_one();
  cancel_all();
}

void frugal_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self,
                                        caf::atom_value type, uint64_t id) {
  cancel_ordinary_timeout(self, type);
  add_timeout({self->id(), ordinary_timeout_type, static_cast<uint64_t>(type)},
              std::make_unique<ordinary_timeout>(t, strong(self), type, id));
}

void frugal_clock::set_multi_timeout(time_point t, caf::abstract_actor* self,
                                     caf::atom_value type, uint64_t id) {
  add_timeout({self->id(), multi_timeout_type, id},
              std::make_unique<multi_timeout>(t, strong(self), type, id));
}

void frugal_clock::set_request_timeout(time_point t, caf::abstract_actor* self,
                                       caf::message_id id) {
  add_timeout({self->id(), request_timeout_type, id.integer_value()},
              std::make_unique<request_timeout>(t, strong(self), id));
}

void frugal_clock::cancel_ordinary_timeout(caf::abstract_actor* self,
                                           caf::atom_value type) {
  timeout_id id{self->id(), ordinary_timeout_type, static_cast<uint64_t>(type)};
  std::ignore = take(id, id);
}

void frugal_clock::cancel_request_timeout(caf::abstract_actor* self,
                                          caf::message_id id) {
  timeout_id of_request{self->id(), request_timeout_type, id.integer_value()};
  std::ignore = take(of_request, of_request);
}

void frugal_clock::cancel_timeouts(caf::abstract_actor* self) {
  std::ignore = take({self->id(), event_type{}, 0},
                     {self->id(), shutdown_type, max_id});
}

void frugal_clock::schedule_message(time_point t,
                                    caf::strong_actor_ptr receiver,
                                    caf::mailbox_element_ptr content) {
  add(std::make_unique<actor_msg>(t, std::move(receiver), std::move(content)));
}

void frugal_clock::schedule_message(time_point t, caf::group target,
                                    caf::strong_actor_ptr sender,
                                    caf::message content) {
  add(std::make_unique<group_msg>(t, std::move(target), std::move(sender),
                                  std::move(content)));
}

void frugal_clock::cancel_all() {
  schedule_map dropped; // destroyed after the lock, as what is taken out
  std::unique_lock guard{mutex_};
  timeouts_.clear();
  dropped.swap(schedule_);
  guard.unlock();
}

void frugal_clock::add_timeout(timeout_id id, unique_delayed_event_ptr e) {
  auto wakes = false;
  {
    std::unique_lock guard{mutex_};
    timeouts_.emplace(id, insert(std::move(e), wakes));
  }
  if (wakes)
    changed_.notify_one();
}

void frugal_clock::add(unique_delayed_event_ptr e) {
  auto wakes = false;
  {
    std::unique_lock guard{mutex_};
    insert(std::move(e), wakes);
  }
  if (wakes)
    changed_.notify_one();
}

frugal_clock::schedule_map::iterator
frugal_clock::insert(unique_delayed_event_ptr e, bool& wakes) {
  auto due = e->due;
  wakes = due < sleeps_until_;
  if (wakes)
    sleeps_until_ = due; // as soon as it has woken
  return schedule_.emplace(due, std::move(e));
}

frugal_clock::taken_events frugal_clock::take(const timeout_id& first,
                                              const timeout_id& last) {
  taken_events taken;
  std::unique_lock guard{mutex_};
  auto end = timeouts_.upper_bound(last);
  for (auto i = timeouts_.lower_bound(first); i != end;) {
    taken.push_back(std::move(i->second->second));
    schedule_.erase(i->second);
    i = timeouts_.erase(i);
  }
  guard.unlock();
  return taken;
}

frugal_clock::timeout_id frugal_clock::id_of(const delayed_event& e) {
  switch (e.subtype) {
  case ordinary_timeout_type: {
    auto& x = static_cast<const ordinary_timeout&>(e);
    return {x.self->id(), e.subtype, static_cast<uint64_t>(x.type)};
  }
  case multi_timeout_type: {
    auto& x = static_cast<const multi_timeout&>(e);
    return {x.self->id(), e.subtype, x.id};
  }
  case request_timeout_type: {
    auto& x = static_cast<const request_timeout&>(e);
    return {x.self->id(), e.subtype, x.id.integer_value()};
  }
  default: // a message: none
    return {0, e.subtype, 0};
  }
}

} // namespace toadcache
