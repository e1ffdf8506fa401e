#include "actors/budget.hpp"

#include <algorithm>
#include <stdexcept>

#include "actors/ask.hpp"
#include "actors/spawn_blocking.hpp"
#include "messages/errors.hpp"
#include "model/block_memory.hpp"

namespace toadcache {

namespace {

constexpr milliseconds again_pause{100};

double mebibytes(size_t bytes) {
  return static_cast<double>(bytes) / static_cast<double>(1u << 20);
}

} // namespace

budget_state::~budget_state() {
  for (auto& p : waiting_)
    p.deliver(to_caf({errc::tier_closed, "the budget actor has ended"}));
}

budget_self::behavior_type budget_state::start(shared_ptr_state shared) {
  shared_ = std::move(shared);
  self_->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  auto& o = shared_->config.memory;
  caches_.resize(shared_->caches.size());
  types_.resize(shared_->types->size());
  // As an earlier incarnation left it.
  auto now = shared_->count.budget_bytes.load(std::memory_order_relaxed);
  auto wanted = shared_->budget_wanted.load(std::memory_order_relaxed);
  pressure_.emplace(
      pressure_rules{o.pressure_ratio, o.stall_ratio},
      std::min(1.0, static_cast<double>(now) / static_cast<double>(wanted)));
  budget_bytes_ = now;
  shares_.emplace(now, weights_of(*shared_->types), rules_of(o));
  std::vector<size_t> told;
  for (auto& s : shared_->shares)
    told.push_back(s.load(std::memory_order_relaxed));
  shares_->adopt(told);
  // Virtual time has no control group but one that a test has made.
  auto reads = (o.pressure_ratio < 1 || o.stall_ratio < 1)
               && !(is_simulated(self_->system()) && o.control_group.empty());
  if (reads) {
    group_.emplace(o.control_group);
    later(o.pressure_period, budget_tick::pressure);
  }
  tell_changes();
  later(o.budget_period, budget_tick::period);
  return {
      [this](const set_budget& msg) { return on_set_budget(msg); },
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
      [this](caf::tick_atom, uint8_t what) {
        on_tick(static_cast<budget_tick>(what));
      },
  };
}

caf::result<budget_set> budget_state::on_set_budget(const set_budget& msg) {
  auto before = budget_bytes_;
  shared_->budget_wanted.store(msg.budget_bytes, std::memory_order_relaxed);
  apply_budget();
  shared_->log->info("the memory budget is {:.1f} MiB, it was {:.1f} MiB",
                     mebibytes(budget_bytes_), mebibytes(before));
  waiting_.push_back(self_->make_response_promise<budget_set>());
  auto promise = waiting_.back();
  settle();
  return promise;
}

void budget_state::on_tick(budget_tick what) {
  switch (what) {
  case budget_tick::period:
    later(shared_->config.memory.budget_period, budget_tick::period);
    end_period();
    break;
  case budget_tick::pressure:
    later(shared_->config.memory.pressure_period, budget_tick::pressure);
    read_pressure();
    break;
  case budget_tick::again:
    again_sent_ = false;
    for (size_t i = 0; i < caches_.size(); ++i)
      if (caches_[i].missed)
        tell_cache(static_cast<cache_id>(i));
    break;
  }
}

void budget_state::end_period() {
  std::vector<uint64_t> gained;
  for (entity_id type = 0; type < types_.size(); ++type) {
    uint64_t all = 0;
    for (auto cache : shared_->caches.of(type))
      all += caches_[cache].gained;
    gained.push_back(all - std::exchange(types_[type].judged, all));
  }
  share_out();
  if (!is_simulated(self_->system()))
    control_group::give_back(budget_bytes_ / 20);
  auto moved = shares_->on_period(gained);
  shared_->count.shares_moved.fetch_add(moved, std::memory_order_relaxed);
  for (entity_id type = 0; type < types_.size(); ++type)
    tell(type);
}

void budget_state::read_pressure() {
  auto load = group_->read();
  auto before = pressure_->budget_ratio();
  auto step = pressure_->on_period(load);
  if (step == memory_pressure::step::none)
    return;
  apply_budget();
  auto budget = mebibytes(budget_bytes_);
  if (step == memory_pressure::step::shrink) {
    shared_->count.budget_shrinks.fetch_add(1, std::memory_order_relaxed);
    shared_->log->warn(
        "memory pressure: the control group uses {:.0f} % of its "
        "limit and stood still for {:.0f} % of the time; the "
        "cache's budget shrinks to {:.1f} MiB",
        100 * load.used_ratio.value_or(0), 100 * load.stalled_ratio, budget);
  } else if (before < 1 && pressure_->budget_ratio() >= 1) {
    shared_->log->info("memory pressure is over; the cache's budget is {:.1f} "
                       "MiB again",
                       budget);
  }
}

void budget_state::apply_budget() {
  auto wanted = shared_->budget_wanted.load(std::memory_order_relaxed);
  auto ratio = pressure_->budget_ratio();
  auto bytes = static_cast<size_t>(static_cast<double>(wanted) * ratio);
  gives_back_ = gives_back_ || bytes < budget_bytes_;
  budget_bytes_ = bytes;
  auto& count = shared_->count;
  count.budget_bytes.store(bytes, std::memory_order_relaxed);
  count.pressure.store(ratio < 1 ? 1 : 0, std::memory_order_relaxed);
  share_out();
  tell_changes();
}

// Free places in spans belong to the process and are held by it: whoever's
// they are, they count. Virtual time knows no memory but that of its own.
void budget_state::share_out() {
  auto usable = budget_bytes_;
  if (!is_simulated(self_->system())) {
    auto& blocks = block_memory::instance();
    auto used = blocks.used_bytes();
    usable = without_waste(budget_bytes_, blocks.held_bytes(), used);
  }
  shares_->set_budget(usable);
}

void budget_state::tell(entity_id type) {
  auto share = shares_->share_of(type);
  types_[type].told = share;
  // Also what a cache that is being restarted starts with.
  shared_->shares[type].store(share, std::memory_order_release);
  for (auto cache : shared_->caches.of(type))
    tell_cache(cache);
}

void budget_state::tell_cache(cache_id cache) {
  auto& view = caches_[cache];
  view.missed = false;
  auto target = shared_->actors.cache(cache);
  if (!target) {
    on_unreachable(cache);
    return;
  }
  ++view.asked;
  auto step = shares_->step()
              / shared_->caches.count_of(shared_->caches.type_of(cache));
  ask(self_, target, shared_->config.client.request_timeout,
      set_share{shared_->share_of_cache(cache), step})
      .then(
          [this, cache](const share_held& held) {
            --caches_[cache].asked;
            on_held(cache, held);
          },
          [this, cache](caf::error&) {
            --caches_[cache].asked;
            on_unreachable(cache);
          });
}

void budget_state::tell_changes() {
  for (entity_id type = 0; type < types_.size(); ++type)
    if (types_[type].told != shares_->share_of(type))
      tell(type);
}

void budget_state::on_held(cache_id cache, const share_held& held) {
  auto& view = caches_[cache];
  // A new incarnation counts from zero, as BUDGET's does.
  auto known = view.held ? view.held->regained_count : held.regained_count;
  view.gained
      += held.regained_count - (held.regained_count < known ? 0 : known);
  view.held = held;
  auto type = shared_->caches.type_of(cache);
  size_t share = 0;
  size_t used = 0;
  for (auto other : shared_->caches.of(type)) {
    if (!caches_[other].held)
      return; // not all are known yet
    share += caches_[other].held->share_bytes;
    used += caches_[other].held->used_bytes;
  }
  shares_->on_held(type, share, used);
  tell_changes();
  settle();
}

// It counts as holding what it held; it is told again.
void budget_state::on_unreachable(cache_id cache) {
  caches_[cache].missed = true;
  if (!again_sent_) {
    again_sent_ = true;
    later(again_pause, budget_tick::again);
  }
}

void budget_state::settle() {
  if (std::any_of(caches_.begin(), caches_.end(),
                  [](const cache_view& c) { return c.asked != 0 || c.missed; }))
    return;
  for (auto& p : std::exchange(waiting_, {}))
    p.deliver(budget_set{budget_bytes_});
  if (std::exchange(gives_back_, false))
    control_group::give_back(0);
}

void budget_state::later(milliseconds delay, budget_tick what) {
  self_->delayed_send(self_, delay, caf::tick_atom::value,
                      static_cast<uint8_t>(what));
}

budget_self::behavior_type
budget(budget_self::stateful_pointer<budget_state> self,
       shared_ptr_state shared) {
  return self->state.start(std::move(shared));
}

} // namespace toadcache
