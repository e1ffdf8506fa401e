// Answers between threads, without actors: a producer's thread, the executor's
// and the caller's meet in a slot.
#include "client/answer.hpp"

#include <future>
#include <thread>

#include "client/task.hpp"
#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

constexpr int round_count = 2'000;
constexpr patience limit{30s, errc::timeout};

struct pending {
  std::shared_ptr<slot<int>> to;
  completion_ptr<int> from;
};

pending make_pending(const executor_ptr& where,
                     const std::shared_ptr<permit_pool>& permits) {
  auto to = std::make_shared<slot<int>>(where, limit);
  return {to,
          std::make_shared<completion<int>>(to, *permits->try_take(), nullptr)};
}

} // namespace

TEST_CASE("an answer crosses threads in each of its three forms", "[threads]") {
  auto where = make_thread_executor();
  auto permits = std::make_shared<permit_pool>(64);
  std::atomic<int> sum{0};
  for (int i = 0; i < round_count; ++i) {
    auto p = make_pending(where, permits);
    std::thread producer{[from = std::move(p.from)] { from->deliver(1); }};
    answer<int> a{p.to};
    if (i % 3 == 0) {
      sum += *a.get();
    } else if (i % 3 == 1) {
      std::move(a).then([&](result<int> r) { sum += *r; });
    } else {
      auto wait = [](answer<int> inner) -> task<int> {
        auto r = co_await std::move(inner);
        co_return *r;
      };
      sum += wait(std::move(a)).get();
    }
    producer.join();
  }
  std::promise<void> queue_done; // after all that was queued before it
  where->post([&] { queue_done.set_value(); });
  queue_done.get_future().wait();
  CHECK(sum == round_count);
  CHECK(permits->used() == 0);
}

TEST_CASE("a producer that goes away answers", "[threads]") {
  auto where = make_thread_executor();
  auto permits = std::make_shared<permit_pool>(64);
  for (int i = 0; i < round_count; ++i) {
    auto p = make_pending(where, permits);
    std::thread producer{[from = std::move(p.from)]() mutable {
      from->may_have_effect();
      from.reset();
    }};
    auto r = answer<int>{p.to}.get();
    REQUIRE_FALSE(r);
    CHECK(r.error().code == errc::outcome_unknown);
    producer.join();
  }
  CHECK(permits->used() == 0);
}

TEST_CASE("a waiting task may be destroyed while its answer arrives",
          "[threads]") {
  auto where = make_thread_executor();
  auto permits = std::make_shared<permit_pool>(64);
  auto wait = [](answer<int> inner) -> task<result<int>> {
    co_return co_await std::move(inner);
  };
  for (int i = 0; i < round_count; ++i) {
    auto p = make_pending(where, permits);
    std::thread producer{[from = std::move(p.from)] { from->deliver(1); }};
    { auto dropped = start_task(where, wait(answer<int>{p.to}), limit); }
    producer.join();
  }
  where.reset();
  CHECK(permits->used() == 0);
}
