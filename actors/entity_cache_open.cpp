// ENTITY CACHE: opening after a start, and the disk entries of earlier runs.
#include "actors/entity_cache.hpp"

#include <unordered_map>
#include <utility>

#include "actors/ask.hpp"
#include "messages/errors.hpp"

namespace toadcache {

namespace {

// Entries that are revalidated together, and the pause between two slices, so
// that the start delays no traffic.
constexpr size_t revalidation_count = 256;
constexpr milliseconds revalidation_pause{5};
constexpr milliseconds retry_pause{10};

} // namespace

// Until every request that DB POOL accepted earlier has ended, a write of an
// earlier incarnation may commit unseen (rule 9).
void entity_cache_state::request_barrier() {
  if (planted(planted_bug::restart_without_barrier)) {
    open_partition();
    return;
  }
  auto pool = shared_->actors.pool();
  if (!pool) {
    later(retry_pause, cache_tick::barrier);
    return;
  }
  auto mine = ++barriers_;
  auto limit
      = shared_->config.pool.transaction_timeout + shared_->config.pool.acquire;
  ask(self_, pool, limit, barrier{})
      .then(
          [this, mine](const barrier_passed&) {
            if (mine == barriers_)
              open_partition();
          },
          [this, mine](caf::error&) {
            if (mine == barriers_)
              later(retry_pause, cache_tick::barrier);
          });
}

void entity_cache_state::open_partition() {
  installing_ = true;
  memory_->open();
  for (auto& p : enabling_)
    p.deliver(enabled_set{});
  enabling_.clear();
}

// A tier that is closed now may open later.
void entity_cache_state::scan_disk() {
  if (!shared_->make_store)
    return;
  auto again = [this] {
    later(shared_->config.memory.check_period, cache_tick::scan);
  };
  auto target = disk_->target();
  if (!target) {
    again();
    return;
  }
  ask(self_, target, shared_->config.client.request_timeout,
      scan_keys{type_->id, scanned_})
      .then(
          [this](const scanned_keys& slice) {
            clean_start_ = slice.clean_start;
            for (auto& [k, followed] : slice.keys) {
              if (!owns(k) || disk_->may_load(k))
                continue; // another cache's, or put meanwhile
              disk_->on_found(k);
              // Of lists, and of rows that other bytes may find, a run knows
              // more than it has written down.
              if (followed && k.is_row() && !type_->folds(primary_index))
                followed_.push_back(k);
              else if (!clean_start_)
                to_revalidate_.push_back(k);
            }
            scanned_ = slice.last;
            judge_followed();
            if (!slice.keys.empty())
              scan_disk();
            else if (!to_revalidate_.empty())
              revalidate();
          },
          [this, again](caf::error& e) {
            shared_->log->debug("{}: the disk tier was not scanned: {}",
                                type_->name, to_failure(e).what);
            again();
          });
}

// The feed's erases of this run were sent before it said so, and belief is only
// in what is still there.
void entity_cache_state::judge_followed() {
  if (!replayed_)
    return;
  if (!*replayed_ && !clean_start_ && !followed_.empty()) {
    if (to_revalidate_.empty())
      later(revalidation_pause, cache_tick::revalidate);
    to_revalidate_.insert(to_revalidate_.end(), followed_.begin(),
                          followed_.end());
  }
  for (auto& k : std::exchange(followed_, {}))
    if (*replayed_)
      disk_->believe(k);
}

// After an unclean stop: compares what is on disk with the database, a slice at
// a time. What is equal may be served again, the rest is erased (rule 12).
void entity_cache_state::revalidate() {
  if (!installing_) {
    later(retry_pause, cache_tick::revalidate);
    return;
  }
  std::vector<key> rows;
  while (!to_revalidate_.empty() && rows.size() < revalidation_count) {
    auto k = std::move(to_revalidate_.front());
    to_revalidate_.pop_front();
    if (disk_->may_load(k))
      continue; // put again meanwhile
    if (k.is_row())
      rows.push_back(std::move(k));
    else
      disk_->erase(k); // lists are fetched anew
  }
  flush_disk_link();
  auto target = disk_->target();
  auto pool = shared_->actors.pool();
  if (rows.empty() || !target || !pool)
    return;
  auto stamp = gate_.open_fill();
  auto begun = now();
  auto limit = shared_->config.client.request_timeout;
  ask(self_, target, limit, load_entries{rows})
      .then(
          [=, this](const loaded_entries& on_disk) {
            fetch msg;
            msg.type = type_->id;
            msg.keys = rows;
            msg.header.remaining = limit;
            ask(self_, pool, limit, std::move(msg))
                .then(
                    [this, rows, stamp, begun,
                     disk = on_disk.entries](const fetched& reply) {
                      on_revalidated(rows, stamp, begun, disk, reply.rows);
                    },
                    [this, stamp](caf::error&) { gate_.close_fill(stamp); });
          },
          [this, stamp](caf::error&) { gate_.close_fill(stamp); });
}

void entity_cache_state::on_revalidated(const std::vector<key>& ids,
                                        write_gate::stamp stamp,
                                        time_point begun,
                                        const std::vector<disk_entry>& on_disk,
                                        const std::vector<row>& in_database) {
  std::unordered_map<key, row> stored;
  for (auto& e : on_disk)
    stored.emplace(e.id, e.content);
  std::unordered_map<key, row> current;
  for (auto& r : in_database)
    current.emplace(type_->key_of(r), r);
  for (auto& k : ids) {
    if (disk_->may_load(k))
      continue;
    auto here = current.find(k);
    auto there = stored.find(k);
    if (here != current.end() && there != stored.end()
        && here->second == there->second && installing_ && may_install(k, stamp)
        && settled(k, here->second))
      put_on_disk(k, here->second, {}, begun);
    else
      disk_->erase(k);
  }
  gate_.close_fill(stamp);
  flush_disk_link();
  if (!to_revalidate_.empty())
    later(revalidation_pause, cache_tick::revalidate);
}

} // namespace toadcache
