// Reclamation under readers: nothing is freed under one, and one that is parked
// holds up no more than what was alive when it stopped.
#include "storage/epochs.hpp"

#include <barrier>
#include <thread>

#include "storage/partition.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

namespace {

// A slot that the writer replaces; freed nodes are poisoned first.
struct node {
  std::atomic<uint64_t> alive{1};
  uint64_t birth = epochs::now.load();
};

struct cell {
  std::atomic<node*> head{new node};
  epochs::retired out;
  size_t freed = 0;

  void replace() {
    auto old = head.exchange(new node, std::memory_order_acq_rel);
    out.add(
        old,
        [](void* what) {
          auto n = static_cast<node*>(what);
          n->alive.store(0);
          delete n;
        },
        old->birth, sizeof(node));
  }
  ~cell() { delete head.load(); }
};

const node* look(const cell& c, epochs::reader& r) {
  const node* n = nullptr;
  do
    n = c.head.load(std::memory_order_acquire);
  while (!r.settled());
  return n;
}

void race(size_t readers) {
  cell c;
  std::atomic<bool> done{false};
  std::atomic<size_t> dead{0};
  std::atomic<size_t> seen{0};
  std::vector<std::thread> all;
  for (size_t i = 0; i < readers; ++i)
    all.emplace_back([&] {
      while (!done.load(std::memory_order_acquire)) {
        epochs::reader r;
        for (int n = 0; n < 3; ++n)
          dead += look(c, r)->alive.load() != 1;
        ++seen;
      }
    });
  for (int i = 0; i < 100'000 || seen.load() == 0; ++i)
    c.replace();
  done = true;
  for (auto& t : all)
    t.join();
  CHECK(dead == 0);
  c.out.collect();
  CHECK(c.out.count() == 0);
}

} // namespace

TEST_CASE("nothing is freed under a reader", "[threads]") {
  SECTION("with the kernel's barrier, where there is one") {
    race(2);
  }
  SECTION("with fences of the readers") {
    epochs::set_fences_readers(true);
    race(2);
    epochs::set_fences_readers(false);
  }
}

TEST_CASE("a parked reader holds up what was alive, and nothing since",
          "[threads]") {
  cell c;
  epochs::reader parked;
  auto held = look(c, parked);
  std::thread writer{[&] {
    for (int i = 0; i < 100'000; ++i)
      c.replace();
    c.out.collect();
  }};
  writer.join();
  CHECK(held->alive == 1);
  // What was born in its epoch, which ends with the next collection.
  CHECK(c.out.count() < 300);
  CHECK(c.out.held_bytes() == c.out.bytes());
}

TEST_CASE("readers nest, and the outer one stays protected", "[threads]") {
  cell c;
  epochs::reader outer;
  auto held = look(c, outer);
  {
    c.replace();
    c.out.collect();
    epochs::reader inner;
    CHECK(look(c, inner) != held);
    c.replace();
    c.out.collect();
  }
  c.replace();
  c.out.collect();
  CHECK(held->alive == 1);
}

TEST_CASE("any number of threads may read at once", "[threads]") {
  constexpr size_t thread_count = 200;
  cell c;
  std::barrier<> all_inside{thread_count + 1};
  std::barrier<> replaced{thread_count + 1};
  std::atomic<size_t> alive{0};
  std::vector<std::thread> all;
  for (size_t i = 0; i < thread_count; ++i)
    all.emplace_back([&] {
      epochs::reader r;
      auto n = look(c, r);
      all_inside.arrive_and_wait();
      replaced.arrive_and_wait();
      alive += n->alive.load();
    });
  all_inside.arrive_and_wait();
  c.replace();
  c.out.collect();
  replaced.arrive_and_wait();
  for (auto& t : all)
    t.join();
  CHECK(alive == thread_count);
  c.out.collect();
  CHECK(c.out.count() == 0);
}
