// DISPATCHER: requests on behalf of threads that are no actors.
#include "actors/dispatcher.hpp"

#include <stdexcept>

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/fake_caches.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using std::chrono::milliseconds;

namespace {

struct dispatcher_fixture : actor_fixture {
  std::shared_ptr<ticket_recorder> tickets
      = std::make_shared<ticket_recorder>();
  entity_cache_actor cache = own(system.spawn(fake_cache, tickets));
  dispatcher_actor target = own(system.spawn(dispatcher, shared));
  std::string log;

  void work(std::function<void(dispatcher_context&)> f) {
    send(target,
         dispatch{std::make_shared<std::function<void(dispatcher_context&)>>(
             std::move(f))});
  }
  /// Asks the cache for a ticket and logs how it went.
  void ask_ticket(entity_cache_actor whom, milliseconds timeout) {
    work([this, whom, timeout](dispatcher_context& context) {
      context.ask<ticket_opened>(
          whom, timeout, open_ticket{},
          [this](ticket_opened&) { log += "opened "; },
          [this](const failure& why) {
            log += std::string{to_string(why.code)} + " ";
          });
    });
  }
};

} // namespace

TEST_CASE("each request gets exactly one answer, within its time") {
  dispatcher_fixture f;
  f.ask_ticket(f.cache, milliseconds{100});
  f.run();
  CHECK(f.log == "opened ");
  f.ask_ticket(entity_cache_actor{}, milliseconds{100});
  f.run();
  CHECK(f.log == "opened tier_closed ");
  f.tickets->hold = true;
  f.ask_ticket(f.cache, milliseconds{100});
  f.advance(milliseconds{200});
  CHECK(f.log == "opened tier_closed timeout ");
  f.tickets->answer_held();
  f.run();
  CHECK(f.log == "opened tier_closed timeout ");
}

TEST_CASE("a drain waits for what is outstanding") {
  dispatcher_fixture f;
  auto idle = f.ask<stopped>(f.target, drain{});
  f.run();
  CHECK(idle.ready());
  f.tickets->hold = true;
  f.ask_ticket(f.cache, milliseconds{10000});
  f.work([&](dispatcher_context& context) {
    context.after(milliseconds{50}, [&](dispatcher_context& later) {
      f.log += "first ";
      later.after(milliseconds{50},
                  [&](dispatcher_context&) { f.log += "second "; });
    });
  });
  auto drained = f.ask<stopped>(f.target, drain{});
  f.advance(milliseconds{60});
  CHECK(f.log == "first ");
  f.advance(milliseconds{60});
  CHECK(f.log == "first second ");
  CHECK_FALSE(drained.ready());
  f.tickets->answer_held();
  f.run();
  CHECK(drained.ready());
}

TEST_CASE("work that throws harms nobody") {
  dispatcher_fixture f;
  f.work([](dispatcher_context&) { throw std::runtime_error("scripted"); });
  f.work([](dispatcher_context&) { throw 1; });
  f.work([&](dispatcher_context& context) {
    context.ask<ticket_opened>(
        f.cache, milliseconds{100}, open_ticket{},
        [](ticket_opened&) { throw std::runtime_error("scripted"); },
        [](const failure&) {});
    context.after(milliseconds{10}, [](dispatcher_context&) {
      throw std::runtime_error("scripted");
    });
  });
  f.send(f.target, dispatch{});
  f.advance(milliseconds{50});
  f.ask_ticket(f.cache, milliseconds{100});
  auto drained = f.ask<stopped>(f.target, drain{});
  f.run();
  CHECK(f.log == "opened ");
  CHECK(drained.ready());
}

TEST_CASE("dropped work destroys what it holds") {
  auto held = std::make_shared<int>(1);
  dispatcher_fixture f;
  f.work([held](dispatcher_context& context) {
    context.after(milliseconds{1000}, [held](dispatcher_context&) {});
  });
  f.run();
  CHECK(held.use_count() > 1);
  caf::anon_send_exit(caf::actor_cast<caf::actor>(f.target),
                      caf::exit_reason::user_shutdown);
  f.work([held](dispatcher_context&) {});
  f.advance(milliseconds{2000});
  CHECK(held.use_count() == 1);
}
