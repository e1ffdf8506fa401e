#include "storage/entry_table.hpp"

#include <algorithm>
#include <new>

#include "model/block_memory.hpp"

namespace toadcache {

namespace {

constexpr size_t smallest = 8;
constexpr size_t nowhere = ~size_t{0};

// At most four words of five are in use, so that a search is short: about three
// words for what is there.
bool is_full(size_t used, size_t capacity) {
  return used * 5 > capacity * 4;
}
size_t roomy(size_t size) {
  return size * 25 / 16; // 0.64 full
}

} // namespace

size_t entry_table::words::bytes_needed(size_t capacity) noexcept {
  return sizeof(words) + capacity * sizeof(std::atomic<word>);
}
size_t entry_table::words::bytes_of(size_t capacity) noexcept {
  return block_memory::bytes_of(bytes_needed(capacity));
}

entry_table::words* entry_table::words::make(size_t capacity) {
  auto w = new (take_block(bytes_needed(capacity))) words;
  w->capacity = capacity;
  w->birth = epochs::now.load(std::memory_order_seq_cst);
  for (size_t i = 0; i < capacity; ++i)
    new (&w->at(i)) std::atomic<word>{empty};
  return w;
}

void entry_table::words::destroy(void* w) {
  give_block(w);
}

entry_table::entry_table() : words_(words::make(smallest)) {
  static_assert(sizeof(void*) == 8, "addresses and tags share 64 bits");
}

entry_table::~entry_table() {
  for_each([](const entry& e) { intrusive_ptr_release(&e); });
  words::destroy(words_.load(std::memory_order_relaxed));
}

size_t entry_table::bytes() const noexcept {
  return words::bytes_of(words_.load(std::memory_order_relaxed)->capacity);
}

size_t entry_table::place_of(const key& id) const {
  auto t = words_.load(std::memory_order_relaxed);
  for (auto i = t->home_of(id.hash());; i = t->after(i)) {
    auto w = t->at(i).load(std::memory_order_relaxed);
    if (w == empty)
      return nowhere;
    if (w >> tag_shift == tag_of(id) && entry_in(w)->is(id))
      return i;
  }
}

const entry* entry_table::find(const key& id) const {
  auto i = place_of(id);
  if (i == nowhere)
    return nullptr;
  auto t = words_.load(std::memory_order_relaxed);
  return entry_in(t->at(i).load(std::memory_order_relaxed));
}

entry_ptr entry_table::put(const key& id, entry_ptr e, epochs::retired& out) {
  auto t = words_.load(std::memory_order_relaxed);
  auto fresh = word_of(e.detach(), tag_of(id)); // the table's reference
  if (auto i = place_of(id); i != nowhere) {
    auto old = entry_in(t->at(i).load(std::memory_order_relaxed));
    t->at(i).store(fresh, std::memory_order_release);
    entry_ptr replaced{old};
    retire(old, out);
    return replaced;
  }
  if (is_full(used_ + 1, t->capacity)) {
    rebuild(roomy(size_ + 1), id.type(), out);
    t = words_.load(std::memory_order_relaxed);
  }
  auto i = t->home_of(id.hash());
  while (t->at(i).load(std::memory_order_relaxed) > gone)
    i = t->after(i);
  used_ += t->at(i).load(std::memory_order_relaxed) == empty;
  ++size_;
  t->at(i).store(fresh, std::memory_order_release);
  return nullptr;
}

entry_ptr entry_table::erase(const key& id, epochs::retired& out) {
  auto i = place_of(id);
  if (i == nowhere)
    return nullptr;
  auto t = words_.load(std::memory_order_relaxed);
  auto old = entry_in(t->at(i).load(std::memory_order_relaxed));
  t->at(i).store(gone, std::memory_order_release);
  --size_;
  // At the end of a run nobody needs to look further.
  if (t->at(t->after(i)).load(std::memory_order_relaxed) == empty)
    for (; t->at(i).load(std::memory_order_relaxed) == gone; i = t->before(i)) {
      t->at(i).store(empty, std::memory_order_release);
      --used_;
    }
  entry_ptr removed{old};
  retire(old, out);
  if (t->capacity > smallest && roomy(size_) * 2 < t->capacity)
    rebuild(roomy(size_), id.type(), out);
  return removed;
}

void entry_table::rebuild(size_t capacity, entity_id type,
                          epochs::retired& out) {
  auto old = words_.load(std::memory_order_relaxed);
  auto fresh = words::make(std::max(capacity, smallest));
  for (size_t i = 0; i < old->capacity; ++i) {
    auto w = old->at(i).load(std::memory_order_relaxed);
    if (w <= gone)
      continue;
    auto to = fresh->home_of(entry_in(w)->hash(type));
    while (fresh->at(to).load(std::memory_order_relaxed) != empty)
      to = fresh->after(to);
    fresh->at(to).store(w, std::memory_order_relaxed);
  }
  used_ = size_;
  words_.store(fresh, std::memory_order_release);
  out.add(old, words::destroy, old->birth, words::bytes_of(old->capacity));
}

void entry_table::retire(const entry* e, epochs::retired& out) {
  out.add(
      const_cast<entry*>(e),
      [](void* what) { intrusive_ptr_release(static_cast<entry*>(what)); },
      e->birth(epochs::now.load(std::memory_order_relaxed)), e->bytes());
}

} // namespace toadcache
