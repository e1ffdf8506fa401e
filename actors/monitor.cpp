#include "actors/monitor.hpp"

namespace toadcache {

std::vector<counter> collect_counters(const shared_state& shared) {
  std::vector<counter> all;
  auto add = [&](const char* name, const std::string& entity, auto amount) {
    all.push_back({name, entity, static_cast<double>(amount)});
  };
  for (auto& t : shared.types->types()) {
    auto& c = shared.count.entities[t.id];
    add("lookups", t.name, c.lookups());
    add("hits", t.name, c.hits.load());
    add("stale_hits", t.name, c.stale_hits.load());
    add("negative_hits", t.name, c.negative_hits.load());
    add("misses", t.name, c.misses.load());
    add("bypassed", t.name, c.bypassed.load());
    add("disk_hits", t.name, c.disk_hits.load());
    add("fills_cached", t.name, c.fills_cached.load());
    add("fills_stale", t.name, c.fills_stale.load());
    add("fills_rejected", t.name, c.fills_rejected.load());
    add("waiters", t.name, c.waiters.load());
    add("expirations", t.name, c.expirations.load());
    add("evictions", t.name, c.evictions.load());
    add("group_evictions", t.name, c.group_evictions.load());
    add("shrink_evictions", t.name, c.shrink_evictions.load());
    add("refused_oversize", t.name, c.refused_oversize.load());
    add("refused_group", t.name, c.refused_group.load());
    add("regained", t.name, c.regained.load());
    add("invalidations", t.name, c.invalidations.load());
    add("removals", t.name, c.removals.load());
    add("writes_installed", t.name, c.writes_installed.load());
    add("writes_dropped", t.name, c.writes_dropped.load());
    add("quarantined", t.name, c.quarantined.load());
    add("differing_reads", t.name, c.differing_reads.load());
    add("parts_applied", t.name, c.parts_applied.load());
    add("logged_changes", t.name, c.logged_changes.load());
    add("echoes", t.name, c.echoes.load());
    add("unsettled_fills", t.name, c.unsettled_fills.load());
    add("restarts", t.name, c.restarts.load());
    size_t rows = 0;
    size_t bytes = c.bookkeeping_bytes.load();
    for (auto id : shared.caches.of(t.id)) {
      rows += shared.partitions[id]->row_count();
      bytes += shared.partitions[id]->used_bytes();
    }
    add("resident_rows", t.name, rows);
    add("resident_bytes", t.name, bytes);
    add("share_bytes", t.name, shared.share_of(t.id));
  }
  auto& c = shared.count;
  add("statements", "", c.statements.load());
  add("transactions", "", c.transactions.load());
  add("rollbacks", "", c.rollbacks.load());
  add("retries", "", c.retries.load());
  add("unknown_outcomes", "", c.unknown_outcomes.load());
  add("connects", "", c.connects.load());
  add("connect_failures", "", c.connect_failures.load());
  add("breaker_opened", "", c.breaker_opened.load());
  add("pool_queue", "", c.pool_queue.load());
  add("pool_connections", "", c.pool_connections.load());
  add("database_seconds", "",
      static_cast<double>(c.database_nanoseconds.load()) / 1e9);
  add("disk_puts", "", c.disk_puts.load());
  add("disk_erases", "", c.disk_erases.load());
  add("disk_shed", "", c.disk_shed.load());
  add("disk_commits", "", c.disk_commits.load());
  add("disk_seconds", "", static_cast<double>(c.disk_nanoseconds.load()) / 1e9);
  add("disk_closed", "", c.disk_closed.load());
  add("requests_shed", "", c.requests_shed.load());
  add("requests_timed_out", "", c.requests_timed_out.load());
  add("changes_applied", "", c.changes_applied.load());
  add("parts_acknowledged", "", c.parts_acknowledged.load());
  add("feed_commits", "", c.feed_commits.load());
  add("feed_connects", "", c.feed_connects.load());
  add("feed_rewinds", "", c.feed_rewinds.load());
  add("feed_losses", "", c.feed_losses.load());
  add("feed_lag_seconds", "",
      static_cast<double>(c.feed_lag_nanoseconds.load()) / 1e9);
  add("feed_wanted", "", shared.make_stream ? 1 : 0);
  add("feed_followed", "", c.feed_followed.load());
  add("actor_restarts", "", c.actor_restarts.load());
  add("budget_bytes", "", c.budget_bytes.load());
  add("shares_moved", "", c.shares_moved.load());
  add("budget_shrinks", "", c.budget_shrinks.load());
  add("pressure", "", c.pressure.load());
  return all;
}

monitor_actor::behavior_type monitor_state::start(shared_ptr_state shared) {
  shared_ = std::move(shared);
  return {
      [this](const get_counters&) {
        return counters_now{collect_counters(*shared_)};
      },
  };
}

monitor_actor::behavior_type
monitor(monitor_actor::stateful_pointer<monitor_state> self,
        shared_ptr_state shared) {
  return self->state.start(std::move(shared));
}

} // namespace toadcache
