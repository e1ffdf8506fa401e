// The workers of DB POOL: spawning, idleness, death, and what is due by time.
#include "actors/db_pool.hpp"

#include <algorithm>
#include <random>
#include <utility>

#include "actors/db_worker.hpp"
#include "actors/frugal_scheduler.hpp"
#include "actors/spawn_blocking.hpp"
#include "messages/errors.hpp"

namespace toadcache {

void db_pool_state::spawn_worker(uint32_t place) {
  auto& slot = slots_[place];
  if (!slot.journal)
    slot.journal = std::make_shared<worker_journal>(shared_->orphans);
  slot.journal->join();
  auto seed = is_simulated(self_->system()) ? uint64_t{place}
                                            : uint64_t{std::random_device{}()};
  db_worker_arguments arguments{shared_, self_->address(), place, slot.journal,
                                seed};
  // The scheduler has a thread for so many; those of an earlier pool may still
  // use them.
  auto& system = self_->system();
  if (place < may_block_count(system) && shared_->orphans.load() == 0)
    slot.worker = system.spawn(db_worker, std::move(arguments));
  else
    slot.worker = spawn_blocking(system, db_worker, std::move(arguments));
  slot.connected = false;
  self_->monitor(slot.worker);
}

std::optional<uint32_t> db_pool_state::free_slot() {
  std::optional<uint32_t> best;
  std::optional<uint32_t> empty;
  auto better = [&](const worker_slot& a, const worker_slot& b) {
    if (a.connected != b.connected)
      return a.connected;
    return a.idle_since > b.idle_since;
  };
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    auto& slot = slots_[i];
    if (slot.busy)
      continue;
    if (!slot.worker)
      empty = empty.value_or(i);
    else if (!best || better(slot, slots_[*best]))
      best = i;
  }
  if (best)
    return best;
  if (empty)
    spawn_worker(*empty);
  return empty;
}

void db_pool_state::check_worker(uint32_t place, bool close) {
  auto& slot = slots_[place];
  slot.busy = true;
  slot.connected = !close;
  self_->send(slot.worker, check_connection{close});
}

void db_pool_state::on_idle(const worker_idle& msg) {
  if (msg.worker >= slots_.size() || !slots_[msg.worker].busy)
    return;
  auto& slot = slots_[msg.worker];
  if (msg.gone) {
    slot.connected = false;
    why_down_ = msg.why;
    if (breaker_->failed(now())) {
      shared_->count.breaker_opened.fetch_add(1, std::memory_order_relaxed);
      shared_->log->error("db pool: the database cannot be reached: {}",
                          msg.why);
      refuse_all(
          {errc::unavailable, "the database cannot be reached: " + msg.why});
    }
  }
  if (slot.probe)
    breaker_->abandoned(); // unless it has been judged
  for (auto& [id, t] : pinned_)
    if (t.slot == msg.worker) {
      forget_pinned(id, {errc::invalid,
                         "transaction " + std::to_string(id) + " has ended"});
      break;
    }
  slot_free(msg.worker);
}

void db_pool_state::slot_free(uint32_t place) {
  auto& slot = slots_[place];
  slot.busy = false;
  slot.interactive = false;
  slot.probe = false;
  slot.idle_since = now();
  open_.erase(std::exchange(slot.serial, 0));
  dispatch();
  check_drained();
}

void db_pool_state::on_worker_down(const caf::actor_addr& who) {
  auto found = std::find_if(slots_.begin(), slots_.end(), [&](auto& s) {
    return s.worker && s.worker.address() == who;
  });
  if (found == slots_.end())
    return;
  auto place = static_cast<uint32_t>(found - slots_.begin());
  auto& slot = *found;
  slot.worker = db_worker_actor{};
  slot.connected = false;
  if (drained_) {
    check_drained();
    return;
  }
  shared_->log->error("db pool: worker {} has ended", place);
  shared_->count.actor_restarts.fetch_add(1, std::memory_order_relaxed);
  std::vector<uint64_t> lost;
  for (auto& [serial, request] : running_)
    if (request.slot == place)
      lost.push_back(serial);
  for (auto serial : lost) {
    auto request = running_.extract(serial);
    request.mapped().promise.deliver(
        to_caf(given_up(request.mapped(), errc::unavailable,
                        "the database connection's worker has ended")));
  }
  for (auto& [id, t] : pinned_)
    if (t.slot == place) {
      forget_pinned(id, {errc::unavailable,
                         "transaction " + std::to_string(id)
                             + " was rolled back: its worker has ended"});
      break;
    }
  if (slot.probe)
    breaker_->abandoned();
  if (slot.journal->unsettled()) {
    slot.probe = false;
    spawn_worker(place); // settles it, then reports to be idle
    return;
  }
  slot.journal->finish();
  slot_free(place);
}

void db_pool_state::close_idle() {
  auto& o = shared_->config.pool;
  auto time = now();
  std::vector<uint32_t> idle;
  size_t connected = 0;
  for (uint32_t i = 0; i < slots_.size(); ++i) {
    auto& slot = slots_[i];
    connected += slot.connected ? 1 : 0;
    if (slot.connected && !slot.busy && slot.idle_since + o.idle <= time)
      idle.push_back(i);
  }
  for (auto place : idle) {
    if (connected <= o.min_count)
      return;
    --connected;
    check_worker(place, true);
  }
}

void db_pool_state::check_barriers() {
  if (barriers_.empty() || shared_->orphans.load() > 0)
    return;
  auto passed = [&](const waiting_barrier& b) {
    return open_.empty() || *open_.begin() > b.serial;
  };
  for (auto& b : barriers_)
    if (passed(b))
      b.promise.deliver(barrier_passed{});
  std::erase_if(barriers_, passed);
}

// -- the end ------------------------------------------------------------------

void db_pool_state::check_drained() {
  if (!drain_)
    return;
  auto forced = now() >= drain_deadline_;
  auto waits_for = [&](uint32_t place) {
    auto& slot = slots_[place];
    if (!slot.worker || !slot.busy)
      return false;
    for (auto& [serial, request] : running_)
      if (request.slot == place)
        return true;
    // A lost COMMIT may take for ever to be resolved; nobody waits for it.
    auto left_over = slot.journal->unsettled();
    return !left_over || left_over->message.how == outcome::committed;
  };
  if (!drained_ && !forced)
    for (uint32_t i = 0; i < slots_.size(); ++i)
      if (waits_for(i))
        return;
  auto alive = false;
  for (auto& slot : slots_) {
    if (!slot.worker)
      continue;
    alive = true;
    if (!drained_ || forced)
      self_->send_exit(slot.worker, caf::exit_reason::user_shutdown);
  }
  drained_ = true;
  if (!alive || forced)
    end_drain();
}

void db_pool_state::end_drain() {
  failure why{errc::shutting_down, "the database pool is stopping"};
  for (auto& [serial, request] : running_)
    request.promise.deliver(to_caf(given_up(request, why.code, why.what)));
  running_.clear();
  for (auto& b : barriers_)
    b.promise.deliver(to_caf(why));
  barriers_.clear();
  drain_->deliver(stopped{});
  self_->quit();
}

// -- time ---------------------------------------------------------------------

void db_pool_state::on_tick(uint64_t number) {
  if (number != tick_)
    return; // an earlier timer has replaced it
  armed_.reset();
  expire_pinned();
  close_idle();
  dispatch();
  check_drained();
}

void db_pool_state::arm() {
  std::optional<time_point> next;
  auto consider = [&](std::optional<time_point> t) {
    if (t && (!next || *t < *next))
      next = t;
  };
  consider(queue_->next_deadline());
  consider(begins_->next_deadline());
  for (auto& [id, t] : pinned_) {
    if (t.ending)
      continue;
    consider(t.total_deadline);
    if (t.steps_count == 0)
      consider(t.idle_deadline);
  }
  size_t connected = 0;
  std::optional<time_point> first_idle;
  for (auto& slot : slots_) {
    if (!slot.connected)
      continue;
    ++connected;
    if (!slot.busy && (!first_idle || slot.idle_since < *first_idle))
      first_idle = slot.idle_since;
  }
  if (first_idle && connected > shared_->config.pool.min_count)
    consider(*first_idle + shared_->config.pool.idle);
  if (!barriers_.empty() && shared_->orphans.load() > 0)
    consider(now() + defaults::ask_again_min);
  if (drain_)
    consider(drain_deadline_);
  if (!next || (armed_ && *armed_ <= *next))
    return;
  armed_ = next;
  self_->delayed_send(self_, left(*next), caf::tick_atom::value, ++tick_);
}

} // namespace toadcache
