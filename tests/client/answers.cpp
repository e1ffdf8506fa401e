#include <atomic>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "client/task.hpp"
#include "tests/catch.hpp"
#include "tests/client/manual_executor.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

constexpr patience soon{50ms, errc::timeout};

// A pending answer and its producer's end.
struct pending {
  std::shared_ptr<manual_executor> where = std::make_shared<manual_executor>();
  std::shared_ptr<slot<int>> to = std::make_shared<slot<int>>(where, soon);
  completion_ptr<int> done
      = std::make_shared<completion<int>>(to, permit{}, nullptr);
  answer<int> take() { return answer<int>{to}; }
};

task<int> add_one(answer<int> a) {
  auto r = co_await a;
  co_return r ? *r + 1 : -1;
}

task<int> twice(std::shared_ptr<slot<int>> a, std::shared_ptr<slot<int>> b) {
  auto x = co_await add_one(answer<int>{a});
  auto y = co_await add_one(answer<int>{b});
  co_return x + y;
}

task<result<int>> as_result(std::shared_ptr<slot<int>> a) {
  co_return co_await answer<int>{a};
}

task<result<int>> ready_result() {
  co_return 5;
}

task<result<int>> throwing() {
  throw std::runtime_error("broken");
  co_return 1;
}

task<int> throwing_int() {
  throw std::runtime_error("broken");
  co_return 1;
}

// Says when it is destroyed.
struct witness {
  bool* gone;
  explicit witness(bool* g) : gone(g) {}
  witness(witness&& o) noexcept : gone(std::exchange(o.gone, nullptr)) {}
  ~witness() {
    if (gone)
      *gone = true;
  }
};

// Starts a task without owning it, as a caller's own coroutine type would.
struct runner {
  struct promise_type {
    runner get_return_object() {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  std::coroutine_handle<promise_type> handle;
};

runner run(task<result<int>>& work) {
  co_await work;
}

task<result<int>> waits(std::shared_ptr<slot<int>> a, witness w,
                        bool* resumed) {
  auto r = co_await answer<int>{a};
  *resumed = true;
  (void)w;
  co_return r;
}

} // namespace

TEST_CASE("a ready answer is taken in each of the three ways") {
  answer<int> a{result<int>{7}};
  REQUIRE(a.ready());
  CHECK(a.get().value() == 7);
  CHECK(add_one(answer<int>{result<int>{7}}).get() == 8);
  int got = 0;
  answer<int>{result<int>{9}}.then([&](result<int> r) { got = *r; });
  CHECK(got == 9);
}

TEST_CASE("a callback runs on the executor, once, after the delivery") {
  pending p;
  int calls = 0;
  p.take().then([&](result<int> r) { calls += *r; });
  p.done->deliver(3);
  CHECK(calls == 0); // delivered, but not inside the producer
  CHECK(p.where->run() == 1);
  CHECK(calls == 3);
  p.done->deliver(4);
  CHECK(p.where->run() == 0);
  CHECK(calls == 3);
}

TEST_CASE("a callback set after the delivery runs at once") {
  pending p;
  p.done->deliver(3);
  int got = 0;
  p.take().then([&](result<int> r) { got = *r; });
  CHECK(got == 3);
}

TEST_CASE("a dropped completion answers by itself") {
  pending p;
  auto a = p.take();
  p.done.reset();
  CHECK(a.get().error().code == errc::unavailable);

  pending written;
  auto b = written.take();
  written.done->may_have_effect();
  written.done.reset();
  CHECK(b.get().error().code == errc::outcome_unknown);

  auto flag = std::make_shared<std::atomic<bool>>(true);
  pending stopping;
  auto c = stopping.take();
  stopping.done = nullptr;
  auto to = std::make_shared<slot<int>>(stopping.where, soon);
  { completion<int> dropped{to, permit{}, flag}; }
  CHECK(answer<int>{to}.get().error().code == errc::shutting_down);
}

TEST_CASE("a blocking wait gives up with the operation's own error") {
  pending p;
  CHECK(p.take().get(1ms).error().code == errc::timeout);
  auto to = std::make_shared<slot<int>>(p.where,
                                        patience{1ms, errc::outcome_unknown});
  CHECK(answer<int>{to}.get().error().code == errc::outcome_unknown);
}

TEST_CASE("a blocking wait is woken by a delivery on another thread") {
  pending p;
  auto to = std::make_shared<slot<int>>(p.where, patience{10s, errc::timeout});
  auto done = std::make_shared<completion<int>>(to, permit{}, nullptr);
  std::thread producer{[d = std::move(done)] { d->deliver(11); }};
  CHECK(answer<int>{to}.get().value() == 11);
  producer.join();
}

TEST_CASE("a waiting coroutine resumes on the executor") {
  pending p;
  auto r = start_task<int>(p.where, as_result(p.to), soon);
  CHECK_FALSE(r.ready());
  p.done->deliver(4);
  CHECK_FALSE(r.ready());
  CHECK(p.where->run() == 1);
  REQUIRE(r.ready());
  CHECK(r.get().value() == 4);
}

TEST_CASE("a task that never waits makes a ready answer") {
  auto where = std::make_shared<manual_executor>();
  auto r = start_task<int>(where, ready_result(), soon);
  REQUIRE(r.ready());
  CHECK(r.get().value() == 5);
  CHECK(where->run() == 0);
}

TEST_CASE("what a task throws becomes an error, or is rethrown by get") {
  auto where = std::make_shared<manual_executor>();
  auto r = start_task<int>(where, throwing(), soon).get();
  CHECK(r.error().code == errc::internal);
  CHECK(r.error().what.find("broken") != std::string::npos);
  CHECK_THROWS_AS(throwing_int().get(), std::runtime_error);
}

TEST_CASE("tasks await tasks, some waiting and some not") {
  auto where = make_thread_executor();
  auto a = std::make_shared<slot<int>>(where, soon);
  auto b = std::make_shared<slot<int>>(where, soon);
  CHECK(b->deliver(10)); // ready before it is asked
  std::thread producer{[a] { a->deliver(1); }};
  CHECK(twice(a, b).get() == 13);
  producer.join();
}

TEST_CASE("a waiting coroutine may be destroyed, its answer goes nowhere") {
  pending p;
  bool gone = false;
  bool resumed = false;
  {
    auto t = waits(p.to, witness{&gone}, &resumed);
    auto outer = run(t);
    CHECK_FALSE(gone);
    outer.handle.destroy();
  }
  CHECK(gone);
  p.done->deliver(1);
  p.where->run();
  CHECK_FALSE(resumed);
}

TEST_CASE("destroying a waiting task races with its resumption safely") {
  for (int i = 0; i < 200; ++i) {
    auto where = make_thread_executor();
    auto to = std::make_shared<slot<int>>(where, soon);
    auto done = std::make_shared<completion<int>>(to, permit{}, nullptr);
    bool gone = false;
    bool resumed = false;
    {
      auto t = std::make_unique<task<result<int>>>(
          waits(to, witness{&gone}, &resumed));
      auto outer = run(*t);
      std::thread producer{[d = std::move(done)] { d->deliver(1); }};
      t.reset(); // before, during or after the resumption
      producer.join();
      where.reset(); // waits for what was posted
      outer.handle.destroy();
    }
    CHECK(gone);
  }
}

TEST_CASE("a million ready answers do not deepen the stack") {
  auto count = [](int n) -> task<int> {
    int sum = 0;
    for (int i = 0; i < n; ++i)
      sum += co_await add_one(answer<int>{result<int>{0}});
    co_return sum;
  };
  CHECK(count(100000).get() == 100000);
}

TEST_CASE("the thread executor runs work in order and ends what is queued") {
  std::vector<int> order;
  std::thread::id where;
  {
    auto e = make_thread_executor();
    for (int i = 0; i < 100; ++i)
      e->post([&order, &where, i] {
        order.push_back(i);
        where = std::this_thread::get_id();
      });
  }
  REQUIRE(order.size() == 100);
  CHECK(std::is_sorted(order.begin(), order.end()));
  CHECK(where != std::this_thread::get_id());
}

TEST_CASE("the last reference to an executor may end on its own thread") {
  std::atomic<bool> ended{false};
  auto e = make_thread_executor();
  auto* raw = e.get();
  raw->post([keep = std::move(e), &ended]() mutable {
    keep.reset();
    ended.store(true);
    ended.notify_all();
  });
  ended.wait(false);
  CHECK(ended.load());
}

TEST_CASE("permits are bounded and come back") {
  auto pool = std::make_shared<permit_pool>(2);
  auto a = pool->try_take();
  auto b = pool->try_take();
  REQUIRE(a.has_value());
  REQUIRE(b.has_value());
  CHECK_FALSE(pool->try_take().has_value());
  CHECK(pool->used() == 2);
  a->release();
  a->release(); // once is enough
  CHECK(pool->used() == 1);
  auto c = pool->try_take();
  CHECK(c.has_value());
  *c = std::move(*b);
  CHECK(pool->used() == 1);
}
