// The scheduler and its clock, on real threads: who is woken, who may block,
// and what is sent when.
#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/frugal_scheduler.hpp"
#include "actors/runtime.hpp"
#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;
using caf::tick_atom;

namespace {

constexpr auto patience = 60s;

struct frugal_config : caf::actor_system_config {
  explicit frugal_config(size_t may_block) { configure(*this, may_block); }
};

struct frugal_system {
  explicit frugal_system(size_t may_block) : config(may_block) {}
  frugal_config config;
  caf::actor_system system{config};
};

/// Hands a number on, one lower, and says on which thread; at 0 it ends.
caf::behavior relay(caf::event_based_actor* self, const caf::actor& next,
                    std::promise<std::thread::id>* ran) {
  return {[=](int left) {
    ran[left].set_value(std::this_thread::get_id());
    if (left > 0)
      self->send(next, left - 1);
    self->quit();
  }};
}

/// Runs a function for each tick.
template <class F>
caf::actor runs(caf::actor_system& system, F f) {
  return system.spawn([f](caf::event_based_actor* self) -> caf::behavior {
    return {[=](tick_atom) { f(self); }};
  });
}

template <class T>
bool comes(std::future<T>& f) {
  return f.wait_for(patience) == std::future_status::ready;
}

} // namespace

TEST_CASE("what an actor sends runs next on its own thread, all others asleep",
          "[scheduler]") {
  constexpr int length = 50;
  frugal_system s{4};
  auto threads_of_a_chain = [&] {
    std::promise<std::thread::id> ran[length];
    caf::actor next;
    for (int i = 0; i < length; ++i)
      next = s.system.spawn<caf::lazy_init>(relay, next, &ran[0]);
    caf::anon_send(next, length - 1);
    std::set<std::thread::id> threads;
    for (auto& r : ran) {
      auto id = r.get_future();
      REQUIRE(comes(id));
      threads.insert(id.get());
    }
    return threads.size();
  };
  // Threads that have just started or ended a chain are not asleep yet.
  size_t fewest = length;
  for (int i = 0; i < 100 && fewest > 1; ++i)
    fewest = std::min(fewest, threads_of_a_chain());
  CHECK(fewest == 1);
}

TEST_CASE("two actors that were sent to run at the same time", "[scheduler]") {
  std::promise<void> reached[2];
  std::promise<void> done[2];
  frugal_system s{0};
  auto meets = [&](int own) {
    return runs(s.system, [&, own](auto*) {
      reached[own].set_value();
      auto other = reached[1 - own].get_future();
      if (comes(other))
        done[own].set_value();
    });
  };
  auto sends = runs(s.system, [a = meets(0), b = meets(1)](auto* self) {
    self->send(a, tick_atom::value);
    self->send(b, tick_atom::value);
  });
  caf::anon_send(sends, tick_atom::value);
  for (auto& d : done) {
    auto ended = d.get_future();
    CHECK(comes(ended));
  }
}

TEST_CASE("about_to_block lets others run what the blocked actor has sent",
          "[scheduler]") {
  std::promise<void> answered;
  std::promise<bool> seen;
  frugal_system s{1};
  auto answers = runs(s.system, [&](auto*) { answered.set_value(); });
  auto blocks = runs(s.system, [&](auto* self) {
    self->send(answers, tick_atom::value);
    about_to_block();
    auto answer = answered.get_future();
    seen.set_value(comes(answer));
  });
  caf::anon_send(blocks, tick_atom::value);
  auto saw = seen.get_future();
  REQUIRE(comes(saw));
  CHECK(saw.get());
}

TEST_CASE("as many actors may block as were configured, and others still run",
          "[scheduler]") {
  constexpr size_t count = 10;
  std::promise<void> release;
  auto released = release.get_future().share();
  std::atomic<size_t> blocked{0};
  std::promise<void> all_blocked;
  frugal_system s{count};
  REQUIRE(may_block_count(s.system) == count);
  for (size_t i = 0; i < count; ++i)
    caf::anon_send(runs(s.system,
                        [&, released](auto*) {
                          if (++blocked == count)
                            all_blocked.set_value();
                          about_to_block();
                          released.wait_for(patience);
                        }),
                   tick_atom::value);
  auto all = all_blocked.get_future();
  CHECK(comes(all));
  std::promise<void> ran;
  caf::anon_send(runs(s.system, [&](auto*) { ran.set_value(); }),
                 tick_atom::value);
  auto other = ran.get_future();
  CHECK(comes(other));
  release.set_value();
}

TEST_CASE("an actor whose mailbox never empties does not starve the others",
          "[scheduler]") {
  std::promise<void> ran;
  std::atomic<bool> stop{false};
  frugal_config config{0};
  config.set("scheduler.max-threads", size_t{1});
  caf::actor_system system{config};
  auto other = runs(system, [&](auto*) { ran.set_value(); });
  auto busy = runs(system, [&](auto* self) {
    if (!stop)
      self->send(self, tick_atom::value);
  });
  caf::anon_send(busy, tick_atom::value);
  caf::anon_send(other, tick_atom::value);
  auto came = ran.get_future();
  CHECK(comes(came));
  stop = true;
}

TEST_CASE("another scheduler has no threads for actors that block",
          "[scheduler]") {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  caf::actor_system system{config};
  CHECK(may_block_count(system) == 0);
  about_to_block(); // outside of its threads it does nothing
}

TEST_CASE("delayed messages come in the order in which they are due",
          "[scheduler]") {
  std::vector<int> seen;
  std::promise<void> last;
  frugal_system s{0};
  s.system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    // The later ones first, so that each new one is the next one due.
    for (int i = 20; i > 0; --i)
      self->delayed_send(self, std::chrono::milliseconds{10 * i}, i);
    self->delayed_send(self, std::chrono::milliseconds{205}, 21);
    return {[&, self](int i) {
      seen.push_back(i);
      if (i == 21) {
        last.set_value();
        self->quit();
      }
    }};
  });
  auto ended = last.get_future();
  REQUIRE(comes(ended));
  CHECK(std::ranges::is_sorted(seen));
  CHECK(seen.size() == 21);
}

TEST_CASE("a request that nobody answers ends at its deadline, and only that",
          "[scheduler]") {
  frugal_system s{0};
  std::promise<int> timed_out;
  std::atomic<int> answered{0};
  auto silent = s.system.spawn([](caf::event_based_actor* self) {
    self->set_default_handler(caf::skip);
    return caf::behavior{[](tick_atom) {}};
  });
  auto echo = s.system.spawn(
      [] { return caf::behavior{[](const std::string& x) { return x; }}; });
  s.system.spawn([&](caf::event_based_actor* self) {
    for (int i = 0; i < 100; ++i)
      self->request(echo, patience, std::string{"x"})
          .then([&](const std::string&) { ++answered; });
    self->request(silent, 20ms, 1)
        .then([&](int) { timed_out.set_value(0); },
              [&](const caf::error& e) {
                timed_out.set_value(e == caf::sec::request_timeout ? 1 : 2);
              });
  });
  auto how = timed_out.get_future();
  REQUIRE(comes(how));
  CHECK(how.get() == 1);
  CHECK(answered == 100);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
  caf::anon_send_exit(echo, caf::exit_reason::kill);
}

TEST_CASE("a deadline may be cancelled while the clock waits for it",
          "[scheduler]") { // the address sanitizer sees what is read too late
  frugal_system s{0};
  auto& clock = s.system.clock();
  caf::scoped_actor self{s.system};
  auto* waiting = caf::actor_cast<caf::abstract_actor*>(self);
  for (uint64_t i = 1; i <= 300; ++i) {
    auto id = caf::make_message_id(i).response_id();
    clock.set_request_timeout(clock.now() + 1h, waiting, id);
    // Once this has come, that is what the clock waits for.
    clock.schedule_message(clock.now() + 1ms, self->ctrl(),
                           caf::make_mailbox_element(nullptr,
                                                     caf::make_message_id(), {},
                                                     tick_atom::value));
    self->receive([](tick_atom) {});
    clock.cancel_request_timeout(waiting, id);
  }
}

TEST_CASE("what is due before all that the clock waits for comes first",
          "[scheduler]") {
  frugal_system s{0};
  auto& clock = s.system.clock();
  caf::scoped_actor self{s.system};
  auto* waiting = caf::actor_cast<caf::abstract_actor*>(self);
  auto at = [&](auto delay, int what) {
    clock.schedule_message(
        clock.now() + delay, self->ctrl(),
        caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, what));
  };
  auto id = caf::make_message_id(1).response_id();
  // What the clock waits for is gone; then less and less is waited for.
  clock.set_request_timeout(clock.now() + 1h, waiting, id);
  clock.cancel_request_timeout(waiting, id);
  at(30min, 3);
  at(40ms, 2);
  at(20ms, 1);
  std::vector<int> seen;
  for (int i = 0; i < 2; ++i)
    self->receive([&](int x) { seen.push_back(x); },
                  caf::after(patience) >> [] {});
  CHECK(seen == std::vector{1, 2});
}

TEST_CASE("a system ends although messages are due far in the future",
          "[scheduler]") {
  auto alive = std::make_shared<int>(0);
  {
    frugal_system s{0};
    // Detached: the system waits until nothing refers to such an actor.
    s.system.spawn<caf::detached>(
        [alive](caf::event_based_actor* self) -> caf::behavior {
          self->delayed_send(self, std::chrono::hours{1}, 1);
          self->send(self, tick_atom::value);
          return {[self](tick_atom) { self->quit(); }, [alive](int) {}};
        });
  }
  CHECK(alive.use_count() == 1);
}
