#include "client/statistics.hpp"

#include <algorithm>

#include "actors/shared_state.hpp"

namespace toadcache {

double entity_statistics::hit_ratio() const noexcept {
  return lookups == 0
             ? 0.0
             : static_cast<double>(hits) / static_cast<double>(lookups);
}

const entity_statistics* statistics::find(std::string_view name) const {
  auto i = std::ranges::find(entities, name, &entity_statistics::name);
  return i == entities.end() ? nullptr : &*i;
}

entity_statistics statistics::total() const {
  entity_statistics t;
  t.name = "total";
  t.enabled = enabled;
  for (auto& e : entities) {
    t.lookups += e.lookups;
    t.hits += e.hits;
    t.stale_hits += e.stale_hits;
    t.negative_hits += e.negative_hits;
    t.misses += e.misses;
    t.bypassed += e.bypassed;
    t.disk_hits += e.disk_hits;
    t.fills_cached += e.fills_cached;
    t.fills_stale += e.fills_stale;
    t.fills_rejected += e.fills_rejected;
    t.waiters += e.waiters;
    t.expirations += e.expirations;
    t.evictions += e.evictions;
    t.group_evictions += e.group_evictions;
    t.shrink_evictions += e.shrink_evictions;
    t.refused_oversize += e.refused_oversize;
    t.refused_group += e.refused_group;
    t.regained += e.regained;
    t.invalidations += e.invalidations;
    t.removals += e.removals;
    t.writes_installed += e.writes_installed;
    t.writes_dropped += e.writes_dropped;
    t.quarantined += e.quarantined;
    t.differing_reads += e.differing_reads;
    t.logged_changes += e.logged_changes;
    t.echoes += e.echoes;
    t.unsettled_fills += e.unsettled_fills;
    t.restarts += e.restarts;
    t.rows += e.rows;
    t.used_bytes += e.used_bytes;
    t.budget_bytes += e.budget_bytes;
  }
  return t;
}

statistics read_statistics(const shared_state& shared) {
  auto get = [](const std::atomic<uint64_t>& n) {
    return n.load(std::memory_order_relaxed);
  };
  statistics s;
  s.enabled = shared.enabled.load(std::memory_order_acquire);
  for (auto& type : shared.types->types()) {
    auto& c = shared.count.entities[type.id];
    entity_statistics e;
    e.name = type.name;
    e.enabled = shared.type_enabled[type.id].load(std::memory_order_acquire);
    e.lookups = c.lookups();
    e.hits = c.hits.load();
    e.stale_hits = get(c.stale_hits);
    e.negative_hits = get(c.negative_hits);
    e.misses = c.misses.load();
    e.bypassed = get(c.bypassed);
    e.disk_hits = get(c.disk_hits);
    e.fills_cached = get(c.fills_cached);
    e.fills_stale = get(c.fills_stale);
    e.fills_rejected = get(c.fills_rejected);
    e.waiters = get(c.waiters);
    e.expirations = get(c.expirations);
    e.evictions = get(c.evictions);
    e.group_evictions = get(c.group_evictions);
    e.shrink_evictions = get(c.shrink_evictions);
    e.refused_oversize = get(c.refused_oversize);
    e.refused_group = get(c.refused_group);
    e.regained = get(c.regained);
    e.invalidations = get(c.invalidations);
    e.removals = get(c.removals);
    e.writes_installed = get(c.writes_installed);
    e.writes_dropped = get(c.writes_dropped);
    e.quarantined = get(c.quarantined);
    e.differing_reads = get(c.differing_reads);
    e.logged_changes = get(c.logged_changes);
    e.echoes = get(c.echoes);
    e.unsettled_fills = get(c.unsettled_fills);
    e.restarts = get(c.restarts);
    e.used_bytes = get(c.bookkeeping_bytes);
    for (auto id : shared.caches.of(type.id)) {
      e.rows += shared.partitions[id]->row_count();
      e.used_bytes += shared.partitions[id]->used_bytes();
    }
    e.budget_bytes = shared.share_of(type.id);
    s.entities.push_back(std::move(e));
  }
  auto& c = shared.count;
  s.statements = get(c.statements);
  s.transactions = get(c.transactions);
  s.rollbacks = get(c.rollbacks);
  s.retries = get(c.retries);
  s.unknown_outcomes = get(c.unknown_outcomes);
  s.connects = get(c.connects);
  s.connect_failures = get(c.connect_failures);
  s.breaker_opened = get(c.breaker_opened);
  s.pool_queue = get(c.pool_queue);
  s.pool_connections = get(c.pool_connections);
  s.database_nanoseconds = get(c.database_nanoseconds);
  s.disk_puts = get(c.disk_puts);
  s.disk_erases = get(c.disk_erases);
  s.disk_shed = get(c.disk_shed);
  s.disk_commits = get(c.disk_commits);
  s.disk_nanoseconds = get(c.disk_nanoseconds);
  s.disk_closed = get(c.disk_closed) != 0;
  s.requests_shed = get(c.requests_shed);
  s.requests_timed_out = get(c.requests_timed_out);
  s.changes_applied = get(c.changes_applied);
  s.feed_commits = get(c.feed_commits);
  s.feed_connects = get(c.feed_connects);
  s.feed_rewinds = get(c.feed_rewinds);
  s.feed_losses = get(c.feed_losses);
  s.feed_lag_nanoseconds = get(c.feed_lag_nanoseconds);
  s.feed_wanted = static_cast<bool>(shared.make_stream);
  s.feed_followed = get(c.feed_followed) != 0;
  s.actor_restarts = get(c.actor_restarts);
  s.budget_bytes = get(c.budget_bytes);
  s.shares_moved = get(c.shares_moved);
  s.budget_shrinks = get(c.budget_shrinks);
  s.pressure = get(c.pressure) != 0;
  return s;
}

} // namespace toadcache
