#include "model/block_memory.hpp"

#include <bit>
#include <new>

#include <sys/mman.h>

namespace toadcache {

namespace {

constexpr size_t span_bytes = size_t{128} << 10;
constexpr size_t reserve_bytes = size_t{16} << 20;
constexpr size_t page_bytes = 4096;
constexpr size_t alignment = 16;
// Classes of 16 bytes each up to here, then eight for each doubling.
constexpr size_t fine_bytes = 1024;
constexpr size_t fine_count = fine_bytes / alignment;
constexpr auto relaxed = std::memory_order_relaxed;

// The address sanitizer sees what is touched after it was freed only in the
// heap that it replaces.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool on_heap = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr bool on_heap = true;
#else
constexpr bool on_heap = false;
#endif
#else
constexpr bool on_heap = false;
#endif

size_t pages_of(size_t size) {
  return (size + page_bytes - 1) / page_bytes * page_bytes;
}

char* map(size_t bytes) {
  auto* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    throw std::bad_alloc{};
  return static_cast<char*>(p);
}

} // namespace

/// The head of a span; the blocks follow.
struct block_memory::span {
  struct free_block {
    free_block* next;
  };

  size_t block_bytes = 0;
  size_t used_count = 0;
  size_t fresh_count = 0; ///< of the blocks at the end, never used
  char* fresh = nullptr;
  free_block* freed = nullptr;

  [[nodiscard]] bool full() const {
    return freed == nullptr && fresh_count == 0;
  }
  void* take() {
    ++used_count;
    if (freed != nullptr) {
      auto* b = freed;
      freed = b->next;
      return b;
    }
    auto* b = fresh;
    fresh += block_bytes;
    --fresh_count;
    return b;
  }
  void give(void* block) {
    freed = new (block) free_block{freed};
    --used_count;
  }
  static span* of(void* block) {
    return reinterpret_cast<span*>(reinterpret_cast<uintptr_t>(block)
                                   & ~(span_bytes - 1));
  }
};

/// The head of a mapping of its own. The block behind it is not aligned to 16
/// bytes, as all those in spans are.
struct block_memory::large_block {
  size_t bytes; ///< of the mapping

  static bool is(void* block) {
    return reinterpret_cast<uintptr_t>(block) % alignment != 0;
  }
  static large_block* of(void* block) {
    return static_cast<large_block*>(block) - 1;
  }
};

block_memory& block_memory::instance() {
  static auto* memory = new block_memory; // never destroyed
  return *memory;
}

block_memory::block_memory() = default;

block_memory::~block_memory() {
  static_assert(sizeof(large_block) % alignment != 0);
  for (auto* r : reserved_)
    munmap(r, reserve_bytes);
}

void* block_memory::allocate(size_t size) {
  allocation_count_.fetch_add(1, relaxed);
  if (size > max_slab_block)
    return allocate_large(size);
  auto c = class_of(size);
  auto& own = classes_[c];
  std::unique_lock guard{own.lock};
  if (own.with_room.empty())
    own.with_room.insert(new_span(class_bytes(c)));
  auto* s = *own.with_room.begin();
  auto* block = s->take();
  if (s->full())
    own.with_room.erase(own.with_room.begin());
  used_bytes_.fetch_add(s->block_bytes, relaxed);
  return block;
}

void block_memory::free(void* block) noexcept {
  if (large_block::is(block)) {
    free_large(large_block::of(block));
    return;
  }
  auto* s = span::of(block);
  auto& own = classes_[class_of(s->block_bytes)];
  std::unique_lock guard{own.lock};
  used_bytes_.fetch_sub(s->block_bytes, relaxed);
  if (s->full())
    own.with_room.insert(s);
  s->give(block);
  // One that empties and fills all the time stays.
  if (s->used_count == 0 && own.with_room.size() > 1) {
    own.with_room.erase(s);
    drop_span(s);
  }
}

void* block_memory::allocate_large(size_t size) {
  auto bytes = pages_of(sizeof(large_block) + size);
  auto* b = new (map(bytes)) large_block{bytes};
  used_bytes_.fetch_add(bytes, relaxed);
  held_bytes_.fetch_add(bytes, relaxed);
  return b + 1;
}

void block_memory::free_large(large_block* b) noexcept {
  auto bytes = b->bytes;
  munmap(b, bytes);
  used_bytes_.fetch_sub(bytes, relaxed);
  held_bytes_.fetch_sub(bytes, relaxed);
}

size_t block_memory::bytes_of(size_t size) noexcept {
  return size > max_slab_block ? pages_of(sizeof(large_block) + size)
                               : class_bytes(class_of(size));
}

size_t block_memory::class_of(size_t size) noexcept {
  if (size <= fine_bytes)
    return size == 0 ? 0 : (size - 1) / alignment;
  // The doubling it lies in, and the eighth of that.
  auto doubling = static_cast<size_t>(std::bit_width(size - 1))
                  - std::bit_width(fine_bytes);
  auto step = (fine_bytes << doubling) / 8;
  auto above = size - 1 - (fine_bytes << doubling);
  return fine_count + 8 * doubling + above / step;
}

size_t block_memory::class_bytes(size_t c) noexcept {
  if (c < fine_count)
    return (c + 1) * alignment;
  auto doubling = (c - fine_count) / 8;
  auto step = (fine_bytes << doubling) / 8;
  return (fine_bytes << doubling) + ((c - fine_count) % 8 + 1) * step;
}

block_memory::span* block_memory::new_span(size_t block_bytes) {
  std::unique_lock guard{spans_lock_};
  if (free_spans_.empty())
    reserve();
  auto* start = *free_spans_.begin();
  free_spans_.erase(free_spans_.begin());
  held_bytes_.fetch_add(span_bytes, relaxed);
  auto* s = new (start) span;
  constexpr auto head = (sizeof(span) + alignment - 1) / alignment * alignment;
  s->block_bytes = block_bytes;
  s->fresh = start + head;
  s->fresh_count = (span_bytes - head) / block_bytes;
  return s;
}

void block_memory::drop_span(span* s) noexcept {
  std::unique_lock guard{spans_lock_};
  auto* start = reinterpret_cast<char*>(s);
  madvise(start, span_bytes, MADV_DONTNEED);
  free_spans_.insert(start);
  held_bytes_.fetch_sub(span_bytes, relaxed);
}

// Address space only: what is not touched occupies nothing.
void block_memory::reserve() {
  auto* mapped = map(reserve_bytes + span_bytes);
  auto at = reinterpret_cast<uintptr_t>(mapped);
  auto first = (at + span_bytes - 1) & ~(span_bytes - 1);
  auto before = first - at;
  if (before > 0)
    munmap(mapped, before);
  munmap(mapped + before + reserve_bytes, span_bytes - before);
  auto* start = mapped + before;
  reserved_.insert(start);
  for (size_t i = 0; i < reserve_bytes; i += span_bytes)
    free_spans_.insert(start + i);
}

void* take_block(size_t size) {
  if constexpr (on_heap)
    return ::operator new(size);
  else
    return block_memory::instance().allocate(size);
}

void give_block(void* block) noexcept {
  if constexpr (on_heap)
    ::operator delete(block);
  else
    block_memory::instance().free(block);
}

} // namespace toadcache
