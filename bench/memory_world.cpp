#include "bench/memory_world.hpp"

namespace toadcache::bench {

memory_world::memory_world()
    : types_(catalog::load("").value()),
      core_(std::make_shared<client_core>(
          std::make_shared<shared_state>(types_, options{}, coarse_clock()),
          make_thread_executor())) {
  ttl_options a_day;
  a_day.fresh = std::chrono::hours{24};
  for (auto& t : types_->types()) {
    auto& p = core_->shared->partitions[core_->shared->caches.of(t.id).front()];
    p = std::make_shared<partition>(t.id, lifetimes{a_day, 0});
    p->open();
  }
}

void memory_world::put(const key& id, row content, key_list list) const {
  core_->shared->partition_of(id).put(
      {id, std::move(content), std::move(list), core_->shared->time.now()});
}

} // namespace toadcache::bench
