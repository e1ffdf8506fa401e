// Blocks that one thread allocates and another frees.
#include "model/block_memory.hpp"

#include <cstring>
#include <deque>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "tests/catch.hpp"

using toadcache::block_memory;

namespace {

struct block {
  unsigned char* at;
  size_t size;
};

/// Hands blocks from every thread to every other.
class exchange {
public:
  void give(block b) {
    std::unique_lock guard{lock_};
    waiting_.push_back(b);
  }
  bool take(block& b) {
    std::unique_lock guard{lock_};
    if (waiting_.empty())
      return false;
    b = waiting_.front();
    waiting_.pop_front();
    return true;
  }

private:
  std::mutex lock_;
  std::deque<block> waiting_;
};

unsigned char mark_of(const block& b) {
  return static_cast<unsigned char>(b.size);
}

} // namespace

TEST_CASE("blocks go from thread to thread and none is lost or shared") {
  block_memory memory;
  exchange passed;
  std::atomic<int> broken{0};
  auto free = [&](const block& b) {
    for (size_t i = 0; i < b.size; ++i)
      if (b.at[i] != mark_of(b)) {
        ++broken;
        break;
      }
    memory.free(b.at);
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        std::minstd_rand random{t + 1};
        for (int i = 0; i < 5'000; ++i) {
          auto size
              = size_t{1} + random() % (random() % 50 == 0 ? 40'000 : 600);
          block b{static_cast<unsigned char*>(memory.allocate(size)), size};
          std::memset(b.at, mark_of(b), b.size);
          passed.give(b);
          for (int k = 0; k < 2 && random() % 2 == 0; ++k)
            if (block other{}; passed.take(other))
              free(other);
        }
      });
  }
  for (block b{}; passed.take(b);)
    free(b);
  CHECK(broken == 0);
  CHECK(memory.used_bytes() == 0);
}
