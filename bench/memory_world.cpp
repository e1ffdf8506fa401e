#include "bench/memory_world.hpp"

namespace toadcache::bench {

memory_world::memory_world()
    : types_(catalog::load("").value()),
      core_(std::make_shared<client_core>(
          std::make_shared<shared_state>(types_, options{}, coarse_clock()),
          make_thread_executor())) {
  for (auto& p : core_->shared->partitions)
    p->open();
}

void memory_world::put(new_entry e) const {
  const auto now = core_->shared->time.now();
  const auto then = now + std::chrono::hours{24};
  e->times = {now, then, then, then};
  core_->shared->partitions[e->id.type()]->put(std::move(e));
}

void memory_world::put(const key& id, row content) const {
  auto e = make_entry();
  e->id = id;
  e->content = std::move(content);
  put(std::move(e));
}

void memory_world::put_list(const key& id, key_list list) const {
  auto e = make_entry();
  e->id = id;
  e->list = std::move(list);
  put(std::move(e));
}

} // namespace toadcache::bench
