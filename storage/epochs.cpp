#include "storage/epochs.hpp"

#include <algorithm>
#include <array>

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace toadcache::epochs {

namespace {

// A collection costs microseconds (membarrier interrupts the other threads).
constexpr size_t collect_count = 256;
constexpr size_t collect_bytes = 1u << 20;

#if defined(__SANITIZE_THREAD__)
constexpr bool under_thread_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool under_thread_sanitizer = true;
#else
constexpr bool under_thread_sanitizer = false;
#endif
#else
constexpr bool under_thread_sanitizer = false;
#endif

// Places are never freed: a list of blocks that only grows.
struct block {
  std::array<place, 64> places;
  std::atomic<block*> next{nullptr};
};
constinit block first;

bool try_take(place& p) {
  bool taken = false;
  return !p.taken.load(std::memory_order_relaxed)
         && p.taken.compare_exchange_strong(taken, true,
                                            std::memory_order_acq_rel);
}

place& take_place() {
  for (auto* b = &first;;) {
    for (auto& p : b->places)
      if (try_take(p))
        return p;
    auto next = b->next.load(std::memory_order_acquire);
    if (next == nullptr) {
      auto fresh = new block;
      if (b->next.compare_exchange_strong(next, fresh,
                                          std::memory_order_acq_rel))
        next = fresh;
      else
        delete fresh;
    }
    b = next;
  }
}

// Gives the place back when its thread ends.
struct lease {
  place* p = nullptr;
  ~lease() {
    reading::mine = nullptr;
    if (p == nullptr)
      return;
    p->lower.store(0, std::memory_order_release);
    p->taken.store(false, std::memory_order_release);
  }
};
thread_local lease mine_until_exit;

long membarrier(int command) {
  return ::syscall(SYS_membarrier, command, 0, 0);
}

bool barrier_works() {
  return !under_thread_sanitizer
         && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

// Before main and after: until it has run, readers fence by themselves.
const bool registered = [] {
  reading::fenced.store(!barrier_works(), std::memory_order_seq_cst);
  return true;
}();

struct interval {
  uint64_t lower;
  uint64_t upper;
};

std::vector<interval> readers_now() {
  std::vector<interval> all;
  for (auto* b = &first; b != nullptr;
       b = b->next.load(std::memory_order_acquire))
    for (auto& p : b->places) {
      auto lower = p.lower.load(std::memory_order_seq_cst);
      if (lower != 0)
        all.push_back({lower, p.upper.load(std::memory_order_seq_cst)});
    }
  return all;
}

} // namespace

void reading::fence() noexcept {
  if constexpr (under_thread_sanitizer) // it does not know fences
    now.fetch_add(0, std::memory_order_seq_cst);
  else
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

place& own_place() {
  auto& p = take_place();
  p.depth = 0;
  mine_until_exit.p = &p;
  reading::mine = &p;
  return p;
}

bool fences_readers() noexcept {
  return reading::fenced.load(std::memory_order_relaxed);
}

void set_fences_readers(bool on) noexcept {
  reading::fenced.store(on || !barrier_works(), std::memory_order_seq_cst);
}

retired::~retired() {
  for (auto& i : waiting_)
    i.drop(i.what);
}

void retired::add(void* what, deleter drop, uint64_t birth, size_t bytes) {
  auto death = now.load(std::memory_order_seq_cst);
  waiting_.push_back({what, drop, birth, death, bytes});
  bytes_ += bytes;
  if (waiting_.size() - held_count_ >= collect_count
      || bytes_ - held_bytes_ >= collect_bytes)
    collect();
}

void retired::collect() {
  if (waiting_.empty())
    return;
  // From here on new readers see what is unlinked so far, and we see who began
  // before.
  if (reading::fenced.load(std::memory_order_relaxed)
      || membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0)
    reading::fence();
  auto readers = readers_now();
  now.fetch_add(1, std::memory_order_seq_cst);
  auto held = [&](const item& i) {
    return std::any_of(readers.begin(), readers.end(), [&](interval r) {
      return r.lower <= i.death && r.upper >= i.birth;
    });
  };
  auto kept = std::partition(waiting_.begin(), waiting_.end(), held);
  // Freeing may run destructors that come back here.
  std::vector<item> free{kept, waiting_.end()};
  waiting_.erase(kept, waiting_.end());
  for (auto& i : free) {
    bytes_ -= i.bytes;
    i.drop(i.what);
  }
  held_bytes_ = bytes_;
  held_count_ = waiting_.size();
}

} // namespace toadcache::epochs
