// Which row leaves when space is needed. One instance per partition, called by
// its owner alone; readers leave marks, which the owner hands in as a question.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "model/error.hpp"
#include "model/key.hpp"

namespace toadcache {

class eviction_policy {
public:
  virtual ~eviction_policy() = default;

  /// A key became resident, or was replaced.
  virtual void on_put(const key& k, size_t weight_bytes) = 0;
  virtual void on_erase(const key& k) = 0;
  /// The key to evict next; absent when nothing is resident. `test_and_clear`
  /// tells whether readers marked the key since it was last asked.
  virtual std::optional<key>
  victim(const std::function<bool(const key&)>& test_and_clear) = 0;
  [[nodiscard]] virtual size_t size() const = 0;
};

/// By its name in the catalog ("lru"). errc::invalid lists the known names.
[[nodiscard]] result<std::unique_ptr<eviction_policy>>
make_eviction_policy(std::string_view name);

} // namespace toadcache
