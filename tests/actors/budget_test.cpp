// BUDGET on virtual time, with caches whose answers the test gives: who is told
// which share, in which order, and what pressure does.
#include "actors/budget.hpp"

#include <map>

#include <spdlog/sinks/ostream_sink.h>

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/pool_fixture.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

constexpr size_t mib = 1u << 20;

/// A cache that says what the test wants.
struct cache_script {
  std::vector<set_share> told;
  bool hold = false; ///< keep the answers back
  uint64_t used = 0; ///< no more than its share is said
  uint64_t regained = 0;
  std::vector<caf::typed_response_promise<share_held>> held;

  [[nodiscard]] share_held answer() const {
    auto share = told.back().share_bytes;
    return {share, std::min(used, share), regained};
  }
};

entity_cache_actor::behavior_type told_cache(entity_cache_actor::pointer self,
                                             std::shared_ptr<cache_script> s) {
  return {
      [](const get_rows&) { return rows{}; },
      [](const get_lists&) { return lists{}; },
      [](const refresh&) {},
      [](const open_ticket&) { return ticket_opened{}; },
      [](const apply_changes&) { return applied{}; },
      [](const extend_trust&) {},
      [](const erase_entries&) {},
      [](const set_enabled&) { return enabled_set{}; },
      [self, s](const set_share& m) -> caf::result<share_held> {
        s->told.push_back(m);
        if (!s->hold)
          return s->answer();
        s->held.push_back(self->make_response_promise<share_held>());
        return s->held.back();
      },
      [s](const fail_now&) { // promises are delivered inside their actor
        s->hold = false;
        for (auto& p : std::exchange(s->held, {}))
          p.deliver(s->answer());
      },
  };
}

options budget_options() {
  options o;
  o.memory.budget_bytes = 100 * mib;
  o.memory.share_step_ratio = 0.02;
  return o;
}

struct budget_fixture : actor_fixture {
  std::vector<std::shared_ptr<cache_script>> caches;
  budget_actor actor;
  std::ostringstream log;

  explicit budget_fixture(const options& o = budget_options())
      : actor_fixture(o, pool_catalog()) {
    shared->log = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
    for (entity_id t = 0; t < shared->types->size(); ++t) {
      caches.push_back(std::make_shared<cache_script>());
      start_cache(t);
    }
    start_budget();
  }
  void start_cache(entity_id t) {
    shared->actors.set_cache(t, own(system.spawn(told_cache, caches[t])));
  }
  void start_budget() {
    actor = own(budget_actor{system.spawn(budget, shared)});
    run();
  }
  void period() { advance(shared->config.memory.budget_period, seconds{1}); }
  void release(entity_id t) {
    send(shared->actors.cache(t), fail_now{});
    run();
  }
  [[nodiscard]] size_t share(entity_id t) const {
    return caches[t]->told.back().share_bytes;
  }
};

} // namespace

TEST_CASE_METHOD(budget_fixture, "budget: everybody is told at the start, and "
                                 "equal types get equal shares") {
  REQUIRE(caches[0]->told.size() == 1);
  CHECK(share(0) == 50 * mib);
  CHECK(share(1) == 50 * mib);
  CHECK(caches[0]->told[0].step_bytes == 2 * mib);
  CHECK(shared->share_of(0) == 50 * mib);
}

TEST_CASE_METHOD(budget_fixture, "budget: bytes move to who gains, after the "
                                 "giver has given them up") {
  caches[0]->used = caches[1]->used = 100 * mib; // full
  period();
  caches[0]->regained = 100;
  period(); // says so
  caches[1]->hold = true;
  period();
  CHECK(share(1) == 48 * mib);
  CHECK(share(0) == 50 * mib);
  CHECK(shared->share_of(0) == 50 * mib);
  release(1);
  CHECK(share(0) == 52 * mib);
  CHECK(shared->share_of(0) == 52 * mib);
  CHECK(shared->count.shares_moved == 2 * mib);
}

TEST_CASE_METHOD(budget_fixture, "budget: nothing moves without a gain") {
  caches[0]->used = caches[1]->used = 100 * mib;
  for (int i = 0; i < 20; ++i) {
    caches[0]->regained += 40;
    caches[1]->regained += 30;
    period();
  }
  CHECK(share(0) == 50 * mib);
  CHECK(shared->count.shares_moved == 0);
}

TEST_CASE_METHOD(budget_fixture, "budget: a new one is acknowledged when the "
                                 "caches have given up what is too much") {
  caches[0]->hold = caches[1]->hold = true;
  auto a = ask<budget_set>(actor, set_budget{40 * mib});
  run();
  CHECK(share(0) == 20 * mib);
  CHECK(share(1) == 20 * mib);
  CHECK_FALSE(a.ready());
  release(0);
  CHECK_FALSE(a.ready());
  release(1);
  REQUIRE(a.ready());
  CHECK(a.value().budget_bytes == 40 * mib);
  CHECK(shared->count.budget_bytes == 40 * mib);
  auto b = ask<budget_set>(actor, set_budget{200 * mib});
  run();
  CHECK(b.value().budget_bytes == 200 * mib);
  CHECK(share(0) == 100 * mib);
}

TEST_CASE_METHOD(budget_fixture,
                 "budget: a cache that restarts is told when it "
                 "is back, and starts with its share before") {
  shared->actors.set_cache(1, {});
  caches[0]->used = caches[1]->used = 100 * mib;
  auto a = ask<budget_set>(actor, set_budget{40 * mib});
  advance(milliseconds{500});
  CHECK_FALSE(a.ready());
  CHECK(shared->share_of(1) == 20 * mib);
  CHECK(share(1) == 50 * mib); // has not heard of it
  start_cache(1);
  advance(milliseconds{200});
  CHECK(share(1) == 20 * mib);
  CHECK(a.ready());
}

TEST_CASE_METHOD(budget_fixture, "budget: a new incarnation goes on with the "
                                 "shares of the earlier one") {
  caches[0]->used = caches[1]->used = 100 * mib;
  for (int i = 0; i < 8; ++i) {
    caches[0]->regained += 100;
    period();
  }
  auto shares = std::pair{share(0), share(1)};
  REQUIRE(shares.first > 55 * mib);
  auto a = ask<budget_set>(actor, set_budget{50 * mib});
  run();
  REQUIRE(a.ready());
  send(actor, fail_now{});
  run();
  start_budget();
  CHECK(share(0) + 2 >= shares.first / 2);
  CHECK(share(0) <= shares.first / 2);
  CHECK(share(0) + share(1) <= 50 * mib);
}

TEST_CASE("budget: the control group's pressure shrinks it in steps, with a "
          "warning, and its end gives it back slowly") {
  temporary_folder folder;
  auto current = [&](size_t bytes) {
    folder.write("memory.current", std::to_string(bytes) + "\n");
  };
  folder.write("memory.max", "1000000000\n");
  current(500'000'000);
  auto o = budget_options();
  o.memory.control_group = folder.path().string();
  budget_fixture f{o};
  auto& count = f.shared->count;
  f.advance(seconds{5});
  CHECK(count.budget_bytes == 100 * mib);
  CHECK(f.log.str().find("pressure") == std::string::npos);

  current(950'000'000);
  f.advance(milliseconds{1050});
  CHECK(count.budget_bytes == 80 * mib);
  CHECK(f.share(0) == 40 * mib);
  CHECK(count.budget_shrinks == 1);
  CHECK(count.pressure == 1);
  CHECK(f.log.str().find("memory pressure: the control group uses 95 %")
        != std::string::npos);
  f.advance(seconds{30});
  CHECK(count.budget_bytes == 10 * mib); // not less
  auto shrinks = count.budget_shrinks.load();
  f.advance(seconds{5});
  CHECK(count.budget_shrinks == shrinks);

  current(500'000'000);
  f.advance(seconds{8});
  CHECK(count.budget_bytes == 10 * mib);
  f.advance(seconds{4});
  CHECK(count.budget_bytes > 10 * mib);
  CHECK(count.budget_bytes <= 25 * mib);
  f.advance(seconds{40});
  CHECK(count.budget_bytes == 100 * mib);
  CHECK(count.pressure == 0);
  CHECK(f.log.str().find("memory pressure is over") != std::string::npos);

  // Under pressure, what is asked for is a wish.
  current(950'000'000);
  f.advance(milliseconds{1050});
  auto a = f.ask<budget_set>(f.actor, set_budget{200 * mib});
  f.run();
  CHECK(a.value().budget_bytes <= 160 * mib);
}
