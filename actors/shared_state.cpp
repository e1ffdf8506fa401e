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

entity_cache_actor directory::cache_of(entity_id type) const {
  return get(lock_, caches_[type]);
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

void directory::set_cache(entity_id type, entity_cache_actor a) {
  set(lock_, caches_[type], std::move(a));
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
    set_cache(static_cast<entity_id>(i), {});
  set_pool({});
  set_persistence({});
  set_invalidation({});
  set_dispatcher({});
  set_monitor({});
}

shared_state::shared_state(catalog_ptr c, options o, const clock& t)
    : types(std::move(c)), config(std::move(o)), time(t),
      log(std::make_shared<spdlog::logger>(
          "toadcache", std::make_shared<spdlog::sinks::null_sink_mt>())),
      wall_now([] {
        return std::chrono::time_point_cast<std::chrono::milliseconds>(
            std::chrono::system_clock::now());
      }),
      count(types->size()), actors(types->size()), type_enabled(types->size()) {
  for (size_t i = 0; i < types->size(); ++i) {
    auto type = static_cast<entity_id>(i);
    partitions.push_back(std::make_shared<partition>(
        type, lifetimes{(*types)[type].ttl, config.memory.ttl_jitter_ratio}));
    type_enabled[i].store(true, std::memory_order_relaxed);
  }
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
