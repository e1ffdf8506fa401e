// When memory that readers may still be looking at can be freed: interval-based
// reclamation (Wen et al., "Interval-Based Memory Reclamation", PPoPP 2018,
// 2GE-IBR) for structures with one writer and readers on any thread.
//
// Every node is stamped with the epoch of its birth and of its retirement. A
// reader publishes the interval of epochs in which it has looked at things; a
// retired node is freed once no published interval meets its life. So a reader
// that is parked inside a read keeps only what was alive then, not what comes
// after: what it can hold up is bounded by the content of that moment.
//
// Readers pay two plain stores and no barrier: the writer makes all threads of
// the process execute one when it collects (membarrier(2)); where the kernel
// forbids that, and under the thread sanitizer, readers use a full fence. Any
// thread may read; places for threads grow with their number.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace toadcache::epochs {

/// The place in which one thread publishes its interval. 0: not reading.
struct alignas(64) place {
  std::atomic<uint64_t> lower{0};
  std::atomic<uint64_t> upper{0};
  std::atomic<bool> taken{false};
  uint32_t depth = 0; ///< of nested readers; its thread's alone
};

/// Grows with retirements. Never 0.
inline std::atomic<uint64_t> now{1};

/// This thread's place; found on first use, given back at the thread's end.
[[nodiscard]] place& own_place();

/// Whether readers must fence by themselves.
[[nodiscard]] bool fences_readers() noexcept;
/// For tests and benchmarks, while no other thread reads.
void set_fences_readers(bool on) noexcept;

namespace reading {
inline std::atomic<bool> fenced{true};
inline thread_local place* mine = nullptr;
void fence() noexcept;
} // namespace reading

/// Marks the calling thread as reading while it exists. Nests. Nothing loaded
/// before a check of `settled` may be dereferenced:
///
///   reader r;
///   do
///     p = head.load(std::memory_order_acquire);
///   while (!r.settled());
///   ... *p ...
///
/// Requires for every pointer loaded: it was reachable for new readers at some
/// moment since the reader began. Never held across a wait or a co_await: it
/// would hold up the freeing of what was alive.
class reader {
public:
  reader() : at_(reading::mine ? *reading::mine : own_place()) {
    if (at_.depth++ != 0)
      return;
    upper_ = now.load(std::memory_order_acquire);
    at_.upper.store(upper_, std::memory_order_relaxed);
    at_.lower.store(upper_, std::memory_order_release);
    publish();
  }
  ~reader() {
    if (--at_.depth == 0)
      at_.lower.store(0, std::memory_order_release);
  }
  reader(const reader&) = delete;
  reader& operator=(const reader&) = delete;

  /// True when all that was loaded since the last `false` is protected until
  /// the reader ends. False: load it again. O(1).
  [[nodiscard]] bool settled() {
    auto e = now.load(std::memory_order_acquire);
    if (e == upper_) [[likely]]
      return true;
    upper_ = e;
    at_.upper.store(e, std::memory_order_release);
    publish();
    return false;
  }

private:
  static void publish() noexcept {
    if (reading::fenced.load(std::memory_order_relaxed)) [[unlikely]]
      reading::fence();
    else
      std::atomic_signal_fence(std::memory_order_seq_cst);
  }

  place& at_;
  uint64_t upper_ = 0; // a nested reader publishes anew
};

/// What a structure has unlinked and not freed. Owned and called by the
/// structure's writer alone.
class retired {
public:
  /// Frees one: `drop(what)`.
  using deleter = void (*)(void* what);

  /// Frees everything. Requires: no reader of the structure exists any more.
  ~retired();

  /// Requires: unlinked, so that new readers cannot reach it. `birth`: `now`
  /// when it was linked. Collects from time to time. Amortised O(threads /
  /// batch).
  void add(void* what, deleter drop, uint64_t birth, size_t bytes);
  /// Frees what no reader can be looking at. O(waiting + threads).
  void collect();

  [[nodiscard]] size_t count() const noexcept { return waiting_.size(); }
  [[nodiscard]] size_t bytes() const noexcept { return bytes_; }
  /// Of `bytes`, what the last collection could not free: readers hold it.
  [[nodiscard]] size_t held_bytes() const noexcept { return held_bytes_; }

private:
  struct item {
    void* what = nullptr;
    deleter drop = nullptr;
    uint64_t birth = 0;
    uint64_t death = 0;
    size_t bytes = 0;
  };
  std::vector<item> waiting_;
  size_t bytes_ = 0;
  size_t held_bytes_ = 0;
  size_t held_count_ = 0;
};

} // namespace toadcache::epochs
