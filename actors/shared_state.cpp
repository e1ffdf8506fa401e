#include "actors/shared_state.hpp"

#include <algorithm>
#include <mutex>
#include <numeric>

#include <spdlog/sinks/null_sink.h>

namespace toadcache {

namespace {

template <class Handle>
Handle get(std::shared_mutex& lock, const Handle& h) {
  std::shared_lock guard{lock};
  return h;
}

template <class Handle>
void set(std::shared_mutex& lock, Handle& slot, Handle h) {
  std::unique_lock guard{lock};
  std::swap(slot, h); // the old handle is released after the lock
}

} // namespace

std::vector<double> weights_of(const catalog& types) {
  std::vector<double> all;
  for (auto& t : types.types())
    all.push_back(t.weight);
  return all;
}

share_rules rules_of(const memory_options& o) {
  return {o.min_share_ratio, o.max_share_ratio, o.share_step_ratio};
}

entity_cache_actor directory::cache(cache_id id) const {
  return get(lock_, caches_[id]);
}
db_pool_actor directory::pool() const {
  return get(lock_, pool_);
}
persistence_actor directory::persistence() const {
  return get(lock_, persistence_);
}
invalidation_actor directory::invalidation() const {
  return get(lock_, invalidation_);
}
dispatcher_actor directory::dispatcher() const {
  return get(lock_, dispatcher_);
}
monitor_actor directory::monitor() const {
  return get(lock_, monitor_);
}
budget_actor directory::budget() const {
  return get(lock_, budget_);
}

void directory::set_cache(cache_id id, entity_cache_actor a) {
  set(lock_, caches_[id], std::move(a));
}
void directory::set_pool(db_pool_actor a) {
  set(lock_, pool_, std::move(a));
}
void directory::set_persistence(persistence_actor a) {
  set(lock_, persistence_, std::move(a));
}
void directory::set_invalidation(invalidation_actor a) {
  set(lock_, invalidation_, std::move(a));
}
void directory::set_dispatcher(dispatcher_actor a) {
  set(lock_, dispatcher_, std::move(a));
}
void directory::set_monitor(monitor_actor a) {
  set(lock_, monitor_, std::move(a));
}
void directory::set_budget(budget_actor a) {
  set(lock_, budget_, std::move(a));
}

void directory::clear() {
  for (size_t i = 0; i < caches_.size(); ++i)
    set_cache(static_cast<cache_id>(i), {});
  set_pool({});
  set_persistence({});
  set_invalidation({});
  set_dispatcher({});
  set_monitor({});
  set_budget({});
}

cache_map::cache_map(const catalog& types, size_t partitions_count) {
  first_.push_back(0);
  for (auto& type : types.types()) {
    auto count = type.folds(primary_index) ? 1 : partitions_count;
    types_.resize(types_.size() + count, type.id);
    first_.push_back(static_cast<cache_id>(types_.size()));
  }
  ids_.resize(types_.size());
  std::iota(ids_.begin(), ids_.end(), cache_id{0});
}

shared_state::shared_state(catalog_ptr c, options o, const clock& t)
    : types(std::move(c)), config(std::move(o)), time(t),
      log(std::make_shared<spdlog::logger>(
          "toadcache", std::make_shared<spdlog::sinks::null_sink_mt>())),
      feed(config.feed), wall_now([] {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now());
      }),
      count(types->size()), caches(*types, config.memory.partitions_count),
      actors(caches.size()), type_enabled(types->size()), shares(types->size()),
      budget_wanted(config.memory.budget_bytes) {
  budget_shares by_weight{config.memory.budget_bytes, weights_of(*types),
                          rules_of(config.memory)};
  count.budget_bytes.store(by_weight.budget(), std::memory_order_relaxed);
  for (cache_id i = 0; i < caches.size(); ++i) {
    auto& type = (*types)[caches.type_of(i)];
    partitions.push_back(std::make_shared<partition>(
        type.id, lifetimes{type.ttl, config.memory.ttl_jitter_ratio}));
  }
  for (size_t i = 0; i < shares.size(); ++i)
    shares[i].store(by_weight.share_of(i), std::memory_order_relaxed);
  for (auto& on : type_enabled)
    on.store(true, std::memory_order_relaxed);
}

} // namespace toadcache
