#include "actors/entity_cache.hpp"

#include <stdexcept>

#include "messages/errors.hpp"

namespace toadcache {

entity_cache_state::~entity_cache_state() {
  // Nobody keeps the partition up to date from here on.
  if (memory_)
    memory_->close();
  landing gone;
  gone.error = failure{errc::tier_closed, "the cache actor has ended"};
  for (auto& f : flights_.land_all())
    for (auto& w : f.waiters)
      w.deliver(gone);
  for (auto& p : enabling_)
    p.deliver(to_caf(*gone.error));
  for (auto& p : telling_)
    p.deliver(to_caf(*gone.error));
}

entity_cache_self::behavior_type
entity_cache_state::start(shared_ptr_state shared, cache_id id,
                          uint64_t incarnation) {
  shared_ = std::move(shared);
  id_ = id;
  type_ = &(*shared_->types)[shared_->caches.type_of(id)];
  count_ = &shared_->count.entities[type_->id];
  memory_ = shared_->partitions[id];
  self_->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  memory_->close();
  gate_ = write_gate{shared_->config.planted};
  tombstones_ = tombstones{shared_->feed.settle_time};
  if (shared_->make_stream) {
    // What an earlier incarnation heard of the log, this one does not know;
    // nor whether the feed follows the log at all.
    tombstones_.on_flush(now());
    memory_->set_trusted_until(time_point::min());
  }
  residents_.emplace(shared_, id);
  disk_.emplace(shared_, id);
  if (incarnation > 0) {
    residents_->flush();
    sweeping_ = true;
    later(milliseconds{0}, cache_tick::sweep_on);
  }
  arm_expiry(); // what an earlier incarnation has left
  request_barrier();
  scan_disk();
  later(shared_->config.memory.check_period, cache_tick::sweep);
  return {
      [this](const get_rows& msg) { return on_get_rows(msg); },
      [this](const get_lists& msg) { return on_get_lists(msg); },
      [this](const refresh& msg) { on_refresh(msg); },
      [this](const open_ticket& msg) { return on_open_ticket(msg); },
      [this](const apply_changes& msg) { return on_apply(msg); },
      [this](const extend_trust& msg) { on_extend_trust(msg); },
      [this](const erase_entries& msg) { on_entries_lost(msg); },
      [this](const set_enabled& msg) { return on_set_enabled(msg); },
      [this](const set_share& msg) { return on_set_share(msg); },
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
      [this](caf::tick_atom, uint8_t what) {
        on_tick(static_cast<cache_tick>(what));
      },
  };
}

// -- reads --------------------------------------------------------------------

bool entity_cache_state::accepts_stale(const read_options& options) const {
  return options.accept_stale.value_or(true);
}

std::optional<entity_cache_state::landing>
entity_cache_state::look_up(const key& k, const read_options& options) const {
  auto e = memory_->find(k);
  auto at = now();
  // What may be served stale, the reader has served already.
  if (!e
      || judge(residents_->times_of(*e), at, memory_->trusted_until(),
               options.max_age, false)
             != verdict::fresh)
    return std::nullopt;
  landing found;
  found.content = e->content();
  found.list = e->list(type_->id);
  found.from = tier::memory;
  found.age = age_of(residents_->times_of(*e), at);
  return found;
}

template <class Reply, class Fill>
caf::result<Reply> entity_cache_state::gather(const std::vector<key>& keys,
                                              const read_options& options,
                                              const request_header& header,
                                              Fill fill) {
  struct pending {
    caf::typed_response_promise<Reply> promise;
    Reply reply;
    size_t open = 0;
    bool failed = false;
  };
  auto p = std::make_shared<pending>();
  p->reply.replies.resize(keys.size());
  auto stale = accepts_stale(options);
  std::optional<time_point> not_before;
  if (options.max_age)
    not_before = now() - *options.max_age;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].type() != type_->id || !owns(keys[i]))
      return to_caf({errc::invalid,
                     "key of another cache sent to one of " + type_->name});
    if (auto found = look_up(keys[i], options)) {
      fill(p->reply.replies[i], *found);
      continue;
    }
    ++p->open;
    waiter w{stale && !options.max_age, [p, i, fill](const landing& what) {
               --p->open;
               if (what.error) {
                 if (!p->failed)
                   p->promise.deliver(to_caf(*what.error));
                 p->failed = true;
                 return;
               }
               fill(p->reply.replies[i], what);
               if (p->open == 0 && !p->failed)
                 p->promise.deliver(std::move(p->reply));
             }};
    if (flights_.join(keys[i], not_before, w)) {
      count_->waiters.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    residents_->on_miss(keys[i]);
    std::vector<waiter> waiters;
    waiters.push_back(std::move(w));
    start_flight(keys[i], header.group, std::move(waiters),
                 !options.max_age.has_value());
  }
  if (p->open == 0)
    return std::move(p->reply);
  p->promise = self_->make_response_promise<Reply>();
  return p->promise;
}

caf::result<rows> entity_cache_state::on_get_rows(const get_rows& msg) {
  auto generation = shared_->config.profile == profile_kind::development
                        ? memory_->generation()
                        : 0;
  return gather<rows>(msg.keys, msg.options, msg.header,
                      [generation](row_reply& r, const landing& what) {
                        r.content = what.content;
                        r.from = what.from;
                        r.state = what.state;
                        r.age = what.age;
                        r.generation = generation;
                      });
}

caf::result<lists> entity_cache_state::on_get_lists(const get_lists& msg) {
  return gather<lists>(msg.keys, msg.options, msg.header,
                       [](list_reply& r, const landing& what) {
                         r.keys = what.list;
                         r.rows = what.rows;
                         r.from = what.from;
                         r.state = what.state;
                         r.age = what.age;
                       });
}

void entity_cache_state::on_refresh(const refresh& msg) {
  if (!flights_.under_way(msg.id))
    start_flight(msg.id, 0, {}, false);
}

// -- the rest -----------------------------------------------------------------

ticket_opened entity_cache_state::on_open_ticket(const open_ticket& msg) {
  gate_.open(msg.ticket, msg.keys);
  opened_.try_emplace(msg.ticket, now());
  for (auto& k : msg.keys)
    seal(k);
  return {};
}

void entity_cache_state::on_extend_trust(const extend_trust& msg) {
  memory_->set_trusted_until(
      time_point{std::chrono::duration_cast<time_point::duration>(
          std::chrono::nanoseconds{msg.until_nanoseconds})});
  if (!replayed_)
    replayed_ = msg.replayed;
  judge_followed();
}

void entity_cache_state::on_entries_lost(const erase_entries& msg) {
  disk_->on_lost(msg.ids);
}

caf::result<enabled_set>
entity_cache_state::on_set_enabled(const set_enabled& msg) {
  if (!msg.on)
    return enabled_set{};
  // While it was off, readers went past the gate: start anew (rule 9).
  installing_ = false;
  memory_->close();
  flush();
  flush_disk_link();
  enabling_.push_back(self_->make_response_promise<enabled_set>());
  auto promise = enabling_.back();
  request_barrier();
  return promise;
}

void entity_cache_state::on_tick(cache_tick what) {
  switch (what) {
  case cache_tick::dispatch:
    dispatch_sent_ = false;
    dispatch();
    break;
  case cache_tick::overdue:
    overdue_sent_ = false;
    pump(true);
    break;
  case cache_tick::sweep:
    later(shared_->config.memory.check_period, cache_tick::sweep);
    residents_->collect();
    break;
  case cache_tick::sweep_on:
    sweeping_ = residents_->sweep_step();
    if (sweeping_)
      later(milliseconds{0}, cache_tick::sweep_on);
    break;
  case cache_tick::expire:
    expire();
    break;
  case cache_tick::shrink:
    shrinking_ = false;
    shrink();
    break;
  case cache_tick::barrier:
    request_barrier();
    break;
  case cache_tick::revalidate:
    revalidate();
    break;
  case cache_tick::scan:
    scan_disk();
    break;
  }
}

// -- memory -------------------------------------------------------------------

bool entity_cache_state::install(const key& k, row content, key_list list,
                                 time_point fetched, tier from) {
  auto installed = residents_->install(k, std::move(content), std::move(list),
                                       fetched, from);
  arm_expiry();
  return installed;
}

// A timer that is no longer the next one comes all the same, and finds nothing
// to do.
void entity_cache_state::arm_expiry() {
  auto next = residents_->next_expiry();
  if (!next || (expiry_armed_ && *expiry_armed_ <= *next))
    return;
  expiry_armed_ = next;
  auto delay = std::chrono::ceil<milliseconds>(*next - now());
  later(std::max(delay, milliseconds{1}), cache_tick::expire);
}

void entity_cache_state::expire() {
  // The clock may lag behind the timer by a few milliseconds.
  if (expiry_armed_ && now() + milliseconds{10} >= *expiry_armed_)
    expiry_armed_.reset();
  if (residents_->expire_step(now()))
    later(milliseconds{0}, cache_tick::expire);
  else
    arm_expiry();
}

caf::result<share_held> entity_cache_state::on_set_share(const set_share& msg) {
  residents_->set_share(msg.share_bytes, msg.step_bytes);
  telling_.push_back(self_->make_response_promise<share_held>());
  auto promise = telling_.back();
  shrink();
  return promise;
}

void entity_cache_state::shrink() {
  auto more = residents_->shrink_step();
  // Only the newest teller waits for the end.
  auto waiting = more ? telling_.size() - 1 : telling_.size();
  share_held held;
  held.share_bytes = residents_->share_bytes();
  held.used_bytes = residents_->used_bytes();
  held.regained_count = residents_->regained_count();
  for (size_t i = 0; i < waiting; ++i)
    telling_[i].deliver(held);
  telling_.erase(telling_.begin(),
                 telling_.begin() + static_cast<ptrdiff_t>(waiting));
  if (more && !shrinking_) {
    shrinking_ = true;
    later(milliseconds{0}, cache_tick::shrink);
  }
}

void entity_cache_state::later(milliseconds delay, cache_tick what) {
  auto number = static_cast<uint8_t>(what);
  if (delay.count() == 0)
    self_->send(self_, caf::tick_atom::value, number);
  else
    self_->delayed_send(self_, delay, caf::tick_atom::value, number);
}

void entity_cache_state::flush_disk_link() {
  auto messages = disk_->take();
  auto to = disk_->target();
  for (auto& m : messages)
    std::visit([&](auto& content) { self_->send(to, std::move(content)); }, m);
}

entity_cache_self::behavior_type
entity_cache(entity_cache_self::stateful_pointer<entity_cache_state> self,
             shared_ptr_state shared, cache_id id, uint64_t incarnation) {
  return self->state.start(std::move(shared), id, incarnation);
}

} // namespace toadcache
