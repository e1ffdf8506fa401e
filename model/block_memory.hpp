// The memory of rows and cache entries: slabs. The allocator of the C library
// keeps a heap for each of many threads, and what the threads that install have
// freed in one heap does not serve the next; a cache that evicts and installs
// all day grew to twice its budget. Here blocks of one size share spans of
// memory, whoever allocates them, the lowest span with room is filled first,
// and a span without blocks goes back to the system.
//
// After Bonwick, "The Slab Allocator", USENIX 1994. Thread-safe. Under the
// address sanitizer `take_block` uses the ordinary heap, which it watches.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <set>
#include <vector>

namespace toadcache {

class block_memory {
public:
  /// Blocks larger than this have a mapping of their own.
  static constexpr size_t max_slab_block = size_t{16} << 10;

  /// That of the process; blocks in it may outlive every cache.
  [[nodiscard]] static block_memory& instance();

  block_memory();
  /// Requires: every block has been freed.
  ~block_memory();
  block_memory(const block_memory&) = delete;
  block_memory& operator=(const block_memory&) = delete;

  /// Uninitialised, aligned to 8 bytes. Throws bad_alloc. A lock, and for large
  /// blocks a system call.
  [[nodiscard]] void* allocate(size_t size);
  void free(void* block) noexcept;

  /// What a block of `size` bytes occupies.
  [[nodiscard]] static size_t bytes_of(size_t size) noexcept;
  /// Of all blocks, as they occupy it.
  [[nodiscard]] size_t used_bytes() const noexcept {
    return used_bytes_.load(std::memory_order_relaxed);
  }
  /// Taken from the system and not given back: the blocks, and the free places
  /// in spans that hold some.
  [[nodiscard]] size_t held_bytes() const noexcept {
    return held_bytes_.load(std::memory_order_relaxed);
  }
  /// Allocations so far.
  [[nodiscard]] uint64_t allocation_count() const noexcept {
    return allocation_count_.load(std::memory_order_relaxed);
  }

private:
  struct span;
  struct large_block;
  struct size_class {
    std::mutex lock;
    std::set<span*> with_room; ///< by address
  };
  static constexpr size_t class_count = 64 + 4 * 8;

  [[nodiscard]] static size_t class_of(size_t size) noexcept;
  [[nodiscard]] static size_t class_bytes(size_t c) noexcept;
  [[nodiscard]] span* new_span(size_t block_bytes);
  void drop_span(span* s) noexcept;
  void reserve();
  [[nodiscard]] void* allocate_large(size_t size);
  void free_large(large_block* b) noexcept;

  std::array<size_class, class_count> classes_;
  std::mutex spans_lock_;
  std::set<char*> free_spans_; ///< reserved, not held
  std::set<char*> reserved_;   ///< mappings of reserve()
  std::atomic<size_t> used_bytes_{0};
  std::atomic<size_t> held_bytes_{0};
  std::atomic<uint64_t> allocation_count_{0};
};

/// A block of the process's memory; as `block_memory::allocate`.
[[nodiscard]] void* take_block(size_t size);
void give_block(void* block) noexcept;

/// For the standard containers whose arrays grow with the number of entries.
template <class T>
struct block_allocator {
  using value_type = T;
  static_assert(alignof(T) <= 8);

  block_allocator() = default;
  template <class U>
  block_allocator(const block_allocator<U>&) noexcept {}
  [[nodiscard]] T* allocate(size_t n) {
    return static_cast<T*>(take_block(n * sizeof(T)));
  }
  void deallocate(T* p, size_t) noexcept { give_block(p); }
  friend bool operator==(const block_allocator&, const block_allocator&)
      = default;
};
template <class T>
using block_vector = std::vector<T, block_allocator<T>>;

} // namespace toadcache
