// Two queues and ghosts.
#include "policy/s3_fifo.hpp"

#include <algorithm>
#include <deque>

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "tests/policy/owner.hpp"

using namespace toadcache;

namespace {

/// S3-FIFO as the paper writes it, for entries of equal size.
class plain_s3_fifo {
public:
  explicit plain_s3_fifo(size_t capacity) : capacity_(capacity) {}

  bool read(int key) {
    for (auto* q : {&small_, &main_})
      for (auto& e : *q)
        if (e.key == key) {
          e.uses = std::min(e.uses + 1, 3);
          return true;
        }
    while (small_.size() + main_.size() == capacity_)
      evict();
    // Ghosts count from the newest, also those that came back since.
    auto g = std::find(ghosts_.begin(), ghosts_.end(), key);
    auto known
        = g != ghosts_.end()
          && static_cast<size_t>(ghosts_.end() - g) <= ghost_capacity() + 1;
    if (g != ghosts_.end())
      *g = -1;
    (known ? main_ : small_).push_back({key, 0});
    return false;
  }

private:
  struct entry {
    int key;
    int uses;
  };
  [[nodiscard]] size_t ghost_capacity() const {
    return capacity_ - capacity_ / 10;
  }
  void evict() {
    if (main_.empty() || small_.size() * 10 >= capacity_) {
      auto e = small_.front();
      small_.pop_front();
      if (e.uses > 1)
        main_.push_back({e.key, 0});
      else
        ghosts_.push_back(e.key);
      return;
    }
    auto e = main_.front();
    main_.pop_front();
    if (e.uses > 0)
      main_.push_back({e.key, e.uses - 1});
  }
  size_t capacity_;
  std::deque<entry> small_, main_; // front: oldest
  std::vector<int> ghosts_;
};

} // namespace

TEST_CASE("used twice in the small queue: on to main; else out") {
  s3_fifo policy;
  owner cache{policy, 3};
  cache.read(1);
  cache.read(2);
  cache.read(3);
  cache.read(1);
  cache.read(1);
  cache.read(2);             // once is not enough
  CHECK(cache.evict() == 2); // 1 has gone to main
  cache.read(4);
  CHECK(cache.evict() == 3);
  CHECK(cache.evict() == 4);
  CHECK(cache.evict() == 1);
}

TEST_CASE("what comes back soon after it left goes to main") {
  s3_fifo policy;
  owner cache{policy, 10};
  for (uint64_t i = 0; i < 11; ++i)
    cache.read(i);
  CHECK_FALSE(cache.contains(0));
  cache.read(0); // a ghost: main
  for (uint64_t i = 20; i < 60; ++i)
    cache.read(i);
  CHECK(cache.contains(0));
  CHECK_FALSE(cache.contains(1));
}

TEST_CASE("an entry that expired in use comes back to main") {
  for (auto why : {removal_cause::expired, removal_cause::invalidated,
                   removal_cause::removed}) {
    s3_fifo policy;
    owner cache{policy, 10};
    for (uint64_t i = 0; i < 9; ++i)
      cache.read(i);
    cache.read(3);
    cache.read(3);
    cache.erase(3, why);
    cache.read(3);
    for (uint64_t i = 20; i < 60; ++i)
      cache.read(i);
    CHECK(cache.contains(3) == (why != removal_cause::removed));
  }
}

TEST_CASE("s3_fifo decides as the paper's queues do") {
  CHECK(rc::check([](const std::vector<uint8_t>& reads) {
    s3_fifo policy;
    owner cache{policy, 10};
    plain_s3_fifo plain{10};
    for (auto r : reads) { // at most 8 keys outside: no ghost is lost
      auto key = r % 18;
      RC_ASSERT(cache.read(static_cast<uint64_t>(key)) == plain.read(key));
    }
  }));
}
