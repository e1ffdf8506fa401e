#include "policy/circuit_breaker.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using std::chrono::milliseconds;
using admission = circuit_breaker::admission;
using state = circuit_breaker::state_type;

namespace {

circuit_breaker::time_point at(int ms) {
  return circuit_breaker::time_point{milliseconds{ms}};
}

/// Open since time 0, after three failures.
circuit_breaker opened() {
  circuit_breaker b{3, milliseconds{100}, milliseconds{350}};
  CHECK_FALSE(b.failed(at(0)));
  CHECK_FALSE(b.failed(at(0)));
  CHECK(b.failed(at(0)));
  return b;
}

} // namespace

TEST_CASE("failures in a row open the breaker, a success in between does not") {
  circuit_breaker b{2, milliseconds{100}, milliseconds{350}};
  CHECK_FALSE(b.failed(at(0)));
  b.succeeded();
  CHECK_FALSE(b.failed(at(0)));
  CHECK(b.admit(at(0)) == admission::pass);
  CHECK(b.failed(at(0)));
  CHECK(b.state() == state::open);
  CHECK(b.admit(at(99)) == admission::refuse);
}

TEST_CASE("an open breaker lets one probe through; success closes it") {
  auto b = opened();
  CHECK(b.admit(at(99)) == admission::refuse);
  CHECK(b.admit(at(100)) == admission::probe);
  CHECK(b.admit(at(101)) == admission::refuse);
  b.succeeded();
  CHECK(b.admit(at(102)) == admission::pass);
  CHECK(b.state() == state::closed);
}

TEST_CASE("each failed probe doubles the pause up to its bound") {
  auto b = opened();
  CHECK(b.retry_at() == at(100));
  CHECK(b.admit(at(100)) == admission::probe);
  CHECK_FALSE(b.failed(at(100))); // it was open before
  CHECK(b.retry_at() == at(300));
  CHECK(b.admit(at(300)) == admission::probe);
  CHECK_FALSE(b.failed(at(300)));
  CHECK(b.retry_at() == at(650));
  CHECK(b.admit(at(650)) == admission::probe);
  b.succeeded();
  // And from the start again.
  for (int i = 0; i < 3; ++i)
    (void)b.failed(at(1000));
  CHECK(b.retry_at() == at(1100));
}

TEST_CASE("late failures of an open breaker do not prolong it") {
  auto b = opened();
  CHECK_FALSE(b.failed(at(50)));
  CHECK(b.retry_at() == at(100));
}

TEST_CASE("a probe that never asked gives its place to the next") {
  auto b = opened();
  CHECK(b.admit(at(100)) == admission::probe);
  b.abandoned();
  CHECK(b.state() == state::open);
  CHECK(b.admit(at(101)) == admission::probe);
  b.succeeded();
  b.abandoned(); // judged already
  CHECK(b.state() == state::closed);
}
