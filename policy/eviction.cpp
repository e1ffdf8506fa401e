#include "policy/eviction.hpp"

#include "model/eviction_names.hpp"
#include "policy/adaptive_fifo.hpp"
#include "policy/lru.hpp"
#include "policy/s3_fifo.hpp"
#include "policy/sieve.hpp"
#include "policy/w_tiny_lfu.hpp"

namespace toadcache {

namespace {

template <class Policy>
std::unique_ptr<eviction_policy> make() {
  return std::make_unique<Policy>();
}

struct registered {
  std::string_view name; ///< as in model/eviction_names.hpp
  std::unique_ptr<eviction_policy> (*make)();
};

constexpr registered registry[] = {
    {"adaptive_fifo", make<adaptive_fifo>},
    {"lru", make<lru>},
    {"s3_fifo", make<s3_fifo>},
    {"sieve", make<sieve>},
    {"w_tiny_lfu", make<w_tiny_lfu>},
};
static_assert(std::size(registry) == eviction_names.size());

} // namespace

result<std::unique_ptr<eviction_policy>>
make_eviction_policy(std::string_view name) {
  for (const auto& r : registry)
    if (r.name == name)
      return r.make();
  return fail(errc::invalid, "eviction policy '" + std::string{name}
                                 + "' is unknown: expected one of "
                                 + known_evictions());
}

} // namespace toadcache
