#include "actors/shared_state.hpp"

#include <algorithm>
#include <mutex>

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

void directory::clear() {
  for (size_t i = 0; i < caches_.size(); ++i)
    set_cache(static_cast<cache_id>(i), {});
  set_pool({});
  set_persistence({});
  set_invalidation({});
  set_dispatcher({});
  set_monitor({});
}

cache_map::cache_map(const catalog& types, size_t partitions_count) {
  first_.push_back(0);
  for (auto& type : types.types()) {
    auto count = type.folds(primary_index) ? 1 : partitions_count;
    types_.resize(types_.size() + count, type.id);
    first_.push_back(static_cast<cache_id>(types_.size()));
  }
}

shared_state::shared_state(catalog_ptr c, options o, const clock& t)
    : types(std::move(c)), config(std::move(o)), time(t),
      log(std::make_shared<spdlog::logger>(
          "toadcache", std::make_shared<spdlog::sinks::null_sink_mt>())),
      wall_now([] {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now());
      }),
      count(types->size()), caches(*types, config.memory.partitions_count),
      actors(caches.size()), type_enabled(types->size()) {
  for (cache_id i = 0; i < caches.size(); ++i) {
    auto& type = (*types)[caches.type_of(i)];
    partitions.push_back(std::make_shared<partition>(
        type.id, lifetimes{type.ttl, config.memory.ttl_jitter_ratio}));
  }
  for (auto& on : type_enabled)
    on.store(true, std::memory_order_relaxed);
}

size_t shared_state::budget_of(entity_id type) const {
  double sum = 0;
  for (auto& t : types->types())
    sum += t.weight;
  auto share = (*types)[type].weight / std::max(sum, 1e-9);
  return static_cast<size_t>(static_cast<double>(config.memory.budget_bytes)
                             * share);
}

} // namespace toadcache
