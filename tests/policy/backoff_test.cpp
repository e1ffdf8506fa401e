#include "policy/backoff.hpp"

#include <vector>

#include "tests/catch.hpp"

using namespace toadcache;
using std::chrono::milliseconds;

TEST_CASE("delays double within jitter up to the bound, and start again") {
  backoff b{milliseconds{10}, milliseconds{65}, 7};
  for (int round = 0; round < 2; ++round) {
    for (auto bound : {10, 20, 40, 65, 65}) {
      auto delay = b.next();
      CHECK(delay <= milliseconds{bound});
      CHECK(delay >= milliseconds{bound / 2});
    }
    b.reset();
  }
}

TEST_CASE("the seed decides the jitter") {
  auto delays = [](uint64_t seed) {
    backoff b{milliseconds{1000}, milliseconds{100000}, seed};
    std::vector<milliseconds> all;
    for (int i = 0; i < 8; ++i)
      all.push_back(b.next());
    return all;
  };
  CHECK(delays(1) == delays(1));
  CHECK(delays(1) != delays(2));
}

TEST_CASE("bounds out of order are mended") {
  backoff b{milliseconds{0}, milliseconds{0}, 1};
  CHECK(b.next() == milliseconds{1});
}
