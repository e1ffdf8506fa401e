// Requests between actors, on virtual time.
#include "actors/ask.hpp"

#include <caf/event_based_actor.hpp>

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

struct heard {
  int answers = 0;
  int timeouts = 0;
};

void asks(caf::event_based_actor* self, const caf::actor& whom, heard& h) {
  ask(self, whom, 5s, 1)
      .then([&h](int) { ++h.answers; },
            [&h](const caf::error& e) {
              h.timeouts += e == caf::sec::request_timeout ? 1 : 0;
            });
}

} // namespace

TEST_CASE("an answer takes the deadline of its request off the clock") {
  actor_fixture f;
  auto scheduled = f.scheduler.clock().schedule().size();
  auto echo = f.own(
      f.system.spawn([] { return caf::behavior{[](int x) { return x; }}; }));
  heard h;
  for (int i = 0; i < 10; ++i)
    f.system.spawn([&](caf::event_based_actor* self) { asks(self, echo, h); });
  f.run();
  CHECK(h.answers == 10);
  CHECK(f.scheduler.clock().schedule().size() == scheduled);
}

TEST_CASE("a request without an answer ends at its deadline") {
  actor_fixture f;
  auto silent = f.own(f.system.spawn([](caf::event_based_actor* self) {
    self->set_default_handler(caf::skip);
    return caf::behavior{[](const std::string&) {}};
  }));
  heard h;
  f.system.spawn([&](caf::event_based_actor* self) { asks(self, silent, h); });
  f.run();
  f.advance(4999ms);
  CHECK(h.timeouts == 0);
  f.advance(1ms);
  CHECK(h.timeouts == 1);
  CHECK(h.answers == 0);
}
