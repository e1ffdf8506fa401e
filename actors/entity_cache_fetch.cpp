// ENTITY CACHE: flights from miss to answer.
#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include <caf/sec.hpp>

#include "actors/ask.hpp"
#include "actors/entity_cache.hpp"
#include "messages/errors.hpp"

namespace toadcache {

namespace {

// A flight asks for at most this long; each caller's own deadline is kept by
// whoever asks on its behalf.
milliseconds fetch_timeout(const shared_state& s) {
  return std::max(s.config.client.request_timeout,
                  s.config.database.statement_timeout);
}

} // namespace

void entity_cache_state::start_flight(const key& k, uint64_t group,
                                      std::vector<waiter> waiters,
                                      bool disk_allowed) {
  // Entries born before it were installed before this flight began.
  auto epoch = epochs::now.fetch_add(1, std::memory_order_relaxed) + 1;
  auto id
      = flights_.start(k, gate_.open_fill(), epoch, now(), std::move(waiters));
  group_ = group;
  // While a ticket is open the disk may be older than what was answered.
  if (disk_allowed && installing_ && !gate_.under_ticket(k)
      && disk_->may_load(k)) {
    flights_.lands_older(id);
    to_load_.push_back(id);
  } else {
    to_fetch_.push_back(id);
  }
  if (!dispatch_sent_) {
    dispatch_sent_ = true;
    later(milliseconds{0}, cache_tick::dispatch);
  }
}

void entity_cache_state::dispatch() {
  if (!to_load_.empty())
    load_from_disk(std::exchange(to_load_, {}));
  pump(false);
}

void entity_cache_state::load_from_disk(std::vector<flights::flight_id> ids) {
  flush_disk_link();
  load_entries msg;
  std::vector<uint64_t> beliefs;
  for (auto id : ids) {
    msg.ids.push_back(flights_.find(id)->id);
    beliefs.push_back(disk_->belief_in(msg.ids.back()));
  }
  auto to_database = [this, ids,
                      beliefs](const std::vector<disk_entry>& found) {
    std::unordered_map<key, const disk_entry*> by_key;
    for (auto& e : found)
      by_key.emplace(e.id, &e);
    auto at = now();
    auto wall = shared_->wall_now();
    for (size_t i = 0; i < ids.size(); ++i) {
      auto id = ids[i];
      auto f = flights_.find(id);
      auto e = by_key.find(f->id);
      auto usable = e != by_key.end() && installing_ && beliefs[i] != 0
                    && disk_->belief_in(f->id) == beliefs[i]
                    && may_install(f->id, f->stamp) && e->second->current_run
                    && wall >= e->second->fetched;
      if (usable) {
        auto fetched = at - (wall - e->second->fetched);
        auto times = residents_->times_of(f->id, fetched);
        usable = at < times.fresh_until && at < memory_->trusted_until()
                 && settled(f->id, e->second->content);
        if (usable) {
          count_->disk_hits.fetch_add(1, std::memory_order_relaxed);
          install(f->id, e->second->content, e->second->list, fetched,
                  tier::disk);
          landing what;
          what.content = e->second->content;
          what.list = e->second->list;
          what.from = tier::disk;
          what.age = age_of(times, at);
          finish(id, what);
        }
      }
      if (!usable)
        to_fetch_.push_back(id);
    }
    pump(false);
  };
  auto target = disk_->target();
  if (!target) {
    to_database({});
    return;
  }
  ask(self_, target, fetch_timeout(*shared_), std::move(msg))
      .then([to_database](
                const loaded_entries& reply) { to_database(reply.entries); },
            [this, to_database](caf::error&) {
              disk_->distrust();
              to_database({});
            });
}

// Sends what may be sent now: everything while nothing is under way, else full
// batches, or all that has waited too long.
void entity_cache_state::pump(bool overdue) {
  auto& options = shared_->config.batch;
  while (!to_fetch_alone_.empty()) {
    send_fetch({to_fetch_alone_.front()});
    to_fetch_alone_.pop_front();
  }
  while (!to_fetch_.empty()) {
    if (fetches_ > 0 && !overdue && to_fetch_.size() < options.eager_count) {
      if (!overdue_sent_) {
        overdue_sent_ = true;
        later(options.max_delay, cache_tick::overdue);
      }
      return;
    }
    // One statement asks one index; keys that a collation may find under other
    // bytes go alone, so that the answer needs no attribution.
    auto index = flights_.find(to_fetch_.front())->id.index();
    std::vector<flights::flight_id> batch;
    std::deque<flights::flight_id> rest;
    for (auto id : to_fetch_) {
      auto& k = flights_.find(id)->id;
      if (!type_->may_cache_absence(k))
        send_fetch({id});
      else if (k.index() == index && batch.size() < options.max_count)
        batch.push_back(id);
      else
        rest.push_back(id);
    }
    to_fetch_ = std::move(rest);
    if (!batch.empty())
      send_fetch(std::move(batch));
  }
}

void entity_cache_state::send_fetch(std::vector<flights::flight_id> ids) {
  fetch msg;
  msg.type = type_->id;
  msg.index = flights_.find(ids.front())->id.index();
  for (auto id : ids)
    msg.keys.push_back(flights_.find(id)->id);
  msg.header.group = group_;
  msg.header.remaining = fetch_timeout(*shared_);
  auto pool = shared_->actors.pool();
  if (!pool) {
    on_fetch_failed(ids, {errc::unavailable, "the database pool restarts"});
    return;
  }
  ++fetches_;
  ask(self_, pool, fetch_timeout(*shared_), std::move(msg))
      .then(
          [this, ids](const fetched& reply) {
            --fetches_;
            on_fetched(ids, reply.rows);
            flush_disk_link();
            pump(false);
          },
          [this, ids](caf::error& e) {
            --fetches_;
            auto why = to_failure(e);
            if (why.code == errc::tier_closed)
              why = {errc::unavailable, "the database pool restarts"};
            on_fetch_failed(ids, why);
            pump(false);
          });
}

void entity_cache_state::on_fetched(const std::vector<flights::flight_id>& ids,
                                    const std::vector<row>& found) {
  auto index = flights_.find(ids.front())->id.index();
  if (index != primary_index) {
    std::unordered_map<key, std::vector<row>> by_tuple;
    for (auto& r : found)
      by_tuple[type_->key_of(r, index)].push_back(r);
    if (ids.size() == 1) { // whatever came was found for this tuple
      land_list(ids.front(), found);
      return;
    }
    auto all = attributed(ids, found, index);
    for (auto id : ids) {
      if (!all)
        to_fetch_alone_.push_back(id);
      else
        land_list(id, by_tuple[flights_.find(id)->id]);
    }
    return;
  }
  std::unordered_map<key, const row*> by_key;
  for (auto& r : found)
    by_key.emplace(type_->key_of(r), &r);
  if (ids.size() == 1) {
    auto& asked = flights_.find(ids.front())->id;
    auto i = by_key.find(asked);
    if (i != by_key.end())
      land_row(ids.front(), *i->second, false);
    else if (found.empty())
      land_row(ids.front(), {}, false);
    else
      land_row(ids.front(), found.front(), true);
    return;
  }
  auto all = attributed(ids, found, index);
  for (auto id : ids) {
    auto i = by_key.find(flights_.find(id)->id);
    if (i != by_key.end())
      land_row(id, *i->second, false);
    else if (all)
      land_row(id, {}, false);
    else
      to_fetch_alone_.push_back(id);
  }
}

// True when every row came under the bytes of a key that was asked for. If not,
// a collation found other bytes: the keys without a row are asked for alone.
bool entity_cache_state::attributed(const std::vector<flights::flight_id>& ids,
                                    const std::vector<row>& found,
                                    index_id index) const {
  std::unordered_set<key> asked;
  for (auto id : ids)
    asked.insert(flights_.find(id)->id);
  return std::all_of(found.begin(), found.end(), [&](const row& r) {
    return asked.contains(type_->key_of(r, index));
  });
}

void entity_cache_state::land_row(flights::flight_id id, const row& content,
                                  bool alias) {
  auto& f = *flights_.find(id);
  auto cacheable = !alias || planted(planted_bug::collation_alias);
  if (!content)
    cacheable = type_->may_cache_absence(f.id)
                || planted(planted_bug::collation_alias);
  if (!alias) {
    consider(f.id, content, {}, f, cacheable);
  } else if (cacheable) {
    residents_->install(f.id, content, {}, f.begun, tier::database);
  } else { // the row stands under its own key; there it may be outdated
    consider(type_->key_of(content), content, {}, f, false);
    gate_.on_read(f.id);
    // Nothing stands under this one.
    if (residents_->visible(f.id) || disk_->may_load(f.id))
      drop_changed(f.id, removal_cause::invalidated);
  }
  landing what;
  what.content = content;
  finish(id, what);
}

void entity_cache_state::land_list(flights::flight_id id,
                                   std::vector<row> found) {
  std::map<cache_id, apply_changes> elsewhere;
  for (auto& r : found)
    if (auto primary = type_->key_of(r); !owns(primary))
      elsewhere[shared_->caches.owner_of(primary)].drop.push_back(primary);
  // Beside a row as another cache held it earlier, the list would say what
  // never was; so they drop it first. One that restarts holds nothing.
  struct pending {
    std::vector<row> found;
    size_t open = 1;
    bool failed = false;
  };
  auto p = std::make_shared<pending>();
  p->found = std::move(found);
  auto step = [this, id, p] {
    if (--p->open > 0)
      return;
    if (p->failed)
      on_fetch_failed({id},
                      {errc::unavailable,
                       "another cache of " + type_->name + " did not answer"});
    else
      install_list(id, std::move(p->found));
    flush_disk_link(); // the handler of the fetch may have ended long ago
  };
  for (auto& [cache, dropped] : elsewhere) {
    auto target = shared_->actors.cache(cache);
    if (!target)
      continue;
    ++p->open;
    ask(self_, target, fetch_timeout(*shared_), std::move(dropped))
        .then([step](const applied&) { step(); },
              [step, p](caf::error& e) {
                p->failed = p->failed || e == caf::sec::request_timeout;
                step();
              });
  }
  step();
}

void entity_cache_state::install_list(flights::flight_id id,
                                      std::vector<row> found) {
  auto& f = *flights_.find(id);
  landing what;
  auto exact = type_->may_cache_absence(f.id);
  auto all_owned = true;
  for (auto& r : found) {
    auto primary = type_->key_of(r);
    exact = exact && type_->key_of(r, f.id.index()) == f.id;
    if (owns(primary))
      consider(primary, r, {}, f, true);
    else
      all_owned = false;
    what.list.push_back(std::move(primary));
  }
  // What another cache owns is answered by it alone: it would not know that
  // somebody has seen this row.
  if (all_owned)
    what.rows = std::move(found);
  consider(f.id, {}, what.list, f, exact);
  finish(id, what);
}

void entity_cache_state::consider(const key& k, const row& content,
                                  const key_list& list,
                                  const flights::flight& f, bool cacheable) {
  auto form = type_->common_form(k);
  gate_.on_read(k);
  if (form && *form != k)
    gate_.on_read(*form);
  cacheable = cacheable && form; // else no change could name it
  auto installs = installing_ && may_install(k, f.stamp);
  if (installs && !settled(k, content)) {
    installs = false;
    count_->unsettled_fills.fetch_add(1, std::memory_order_relaxed);
  }
  auto resident = residents_->visible(k);
  auto same = resident && resident->content() == content
              && resident->list(type_->id) == list;
  if (resident && !same
      && !planted(planted_bug::resident_kept_against_newer_read)) {
    // Only a fill begun after the entry was installed is surely the newer one.
    installs = installs && resident->born_before(f.epoch);
    count_->differing_reads.fetch_add(1, std::memory_order_relaxed);
    drop_changed(k, removal_cause::invalidated);
  } else if (resident && !same) {
    installs = false;
  }
  // What is answered now ends what the disk alone may still hold of it.
  if ((!cacheable || !installs) && disk_->may_load(k))
    disk_->erase(k);
  if (!cacheable) {
    count_->fills_rejected.fetch_add(1, std::memory_order_relaxed);
  } else if (!installs) {
    count_->fills_stale.fetch_add(1, std::memory_order_relaxed);
  } else if (install(k, content, list, f.begun, tier::database)) {
    count_->fills_cached.fetch_add(1, std::memory_order_relaxed);
    if (content || !list.empty())
      put_on_disk(k, content, list, f.begun);
    else
      disk_->erase(k);
  } else {
    count_->fills_rejected.fetch_add(1, std::memory_order_relaxed);
    disk_->erase(k);
  }
}

bool entity_cache_state::may_install(const key& k, write_gate::stamp s) const {
  if (!gate_.may_install(k, s))
    return false;
  if (!type_->folds(k.index()))
    return true;
  auto form = type_->common_form(k);
  return form && gate_.may_install(*form, s);
}

void entity_cache_state::put_on_disk(const key& k, const row& content,
                                     const key_list& list, time_point fetched) {
  if (!shared_->config.persistence.enabled)
    return;
  disk_entry e;
  e.id = k;
  e.content = content;
  e.list = list;
  auto age = std::chrono::duration_cast<milliseconds>(now() - fetched);
  e.fetched = shared_->wall_now() - age;
  e.current_run = true;
  disk_->put(std::move(e));
}

void entity_cache_state::on_fetch_failed(
    const std::vector<flights::flight_id>& ids, const failure& why) {
  auto outage = why.code == errc::unavailable || why.code == errc::timeout;
  load_entries rescue;
  std::vector<flights::flight_id> waiting;
  for (auto id : ids) {
    auto& k = flights_.find(id)->id;
    if (outage && !residents_->visible(k) && disk_->may_rescue(k)) {
      rescue.ids.push_back(k);
      waiting.push_back(id);
    } else {
      land_stale(id, nullptr, why);
    }
  }
  if (waiting.empty())
    return;
  flush_disk_link();
  auto land_all = [this, waiting, why](const std::vector<disk_entry>& found) {
    for (auto id : waiting) {
      auto& k = flights_.find(id)->id;
      auto e = std::find_if(found.begin(), found.end(),
                            [&](const disk_entry& d) { return d.id == k; });
      land_stale(id, e == found.end() ? nullptr : &*e, why);
    }
  };
  auto target = disk_->target();
  if (!target) {
    land_all({});
    return;
  }
  ask(self_, target, fetch_timeout(*shared_), std::move(rescue))
      .then([land_all](const loaded_entries& r) { land_all(r.entries); },
            [land_all](caf::error&) { land_all({}); });
}

// The database could not answer: what is known may be served, marked stale.
void entity_cache_state::land_stale(flights::flight_id id,
                                    const disk_entry* from_disk,
                                    const failure& why) {
  auto& f = *flights_.find(id);
  auto at = now();
  landing known;
  known.state = freshness::stale;
  entry_times times;
  auto outage = why.code == errc::unavailable || why.code == errc::timeout;
  auto found = false;
  if (auto e = residents_->visible(f.id); outage && e) {
    times = residents_->times_of(*e);
    known.content = e->content();
    known.list = e->list(type_->id);
    known.from = tier::memory;
    found = true;
  } else if (auto wall = shared_->wall_now();
             outage && from_disk && wall >= from_disk->fetched) {
    times = residents_->times_of(f.id, at - (wall - from_disk->fetched));
    known.content = from_disk->content;
    known.list = from_disk->list;
    known.from = tier::disk;
    found = true;
  }
  known.age = found ? age_of(times, at) : milliseconds{0};
  landing failed;
  failed.error = why;
  auto ended = flights_.land(id);
  gate_.close_fill(ended->stamp);
  for (auto& w : ended->waiters)
    w.deliver(
        found && may_serve_on_error(times, at, std::nullopt, w.accept_stale)
            ? known
            : failed);
}

void entity_cache_state::finish(flights::flight_id id, const landing& what) {
  auto ended = flights_.land(id);
  gate_.close_fill(ended->stamp);
  for (auto& w : ended->waiters)
    w.deliver(what);
}

} // namespace toadcache
