// A cache's memory without its actors: the facade's reads over partitions that
// the benchmark itself owns and fills. What misses here would be unavailable.
#pragma once

#include <memory>

#include "client/client_core.hpp"
#include "client/entity_handle.hpp"

namespace toadcache::bench {

class memory_world {
public:
  memory_world();

  [[nodiscard]] const entity_type& type(std::string_view name) const {
    return *types_->find(name);
  }
  [[nodiscard]] entity_handle handle(std::string_view name) const {
    return {*core_, type(name)};
  }
  [[nodiscard]] partition& memory_of(const entity_type& t) const {
    return *core_->shared->partitions[core_->shared->caches.of(t.id).front()];
  }
  [[nodiscard]] client_core& core() const { return *core_; }

  /// As the owner: installs a row or a list that stays fresh for a day.
  void put(const key& id, row content, key_list list = {}) const;

private:
  catalog_ptr types_;
  client_core_ptr core_;
};

} // namespace toadcache::bench
