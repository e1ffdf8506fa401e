#include "policy/expiry.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

constexpr entry_times::time_point start{1000s};
constexpr auto trusted = entry_times::time_point::max();

entry_times with_window() {
  return {start, start + 10s, start + 15s, start + 60s};
}

entry_times without_window() {
  return {start, start + 10s, start + 10s, start + 60s};
}

} // namespace

TEST_CASE("an answer is fresh until its fresh time, not at it") {
  auto t = without_window();
  CHECK(judge(t, start + 9999ms, trusted, {}, true) == verdict::fresh);
  CHECK(judge(t, start + 10s, trusted, {}, true) == verdict::expired);
}

TEST_CASE("within the refresh window it is stale, beyond it expired") {
  auto t = with_window();
  CHECK(judge(t, start + 10s, trusted, {}, true) == verdict::stale_refresh);
  CHECK(judge(t, start + 14999ms, trusted, {}, true) == verdict::stale_refresh);
  CHECK(judge(t, start + 15s, trusted, {}, true) == verdict::expired);
}

TEST_CASE("a reader that accepts no stale answer gets none") {
  auto t = with_window();
  CHECK(judge(t, start + 9s, trusted, {}, false) == verdict::fresh);
  CHECK(judge(t, start + 10s, trusted, {}, false) == verdict::expired);
  CHECK(may_serve_on_error(t, start + 20s, {}, true));
  CHECK_FALSE(may_serve_on_error(t, start + 20s, {}, false));
}

TEST_CASE("nothing is fresh after the trust lease has run out") {
  auto lease = start + 5s;
  CHECK(judge(with_window(), start + 4s, lease, {}, true) == verdict::fresh);
  CHECK(judge(with_window(), start + 5s, lease, {}, true)
        == verdict::stale_refresh);
  CHECK(judge(without_window(), start + 5s, lease, {}, true)
        == verdict::expired);
}

TEST_CASE("max_age refuses what was fetched longer ago, stale or not") {
  auto t = with_window();
  CHECK(judge(t, start + 3s, trusted, 3s, true) == verdict::fresh);
  CHECK(judge(t, start + 3001ms, trusted, 3s, true) == verdict::expired);
  CHECK(judge(t, start + 12s, trusted, 11s, true) == verdict::expired);
  CHECK_FALSE(may_serve_on_error(t, start + 12s, 11s, true));
  CHECK(may_serve_on_error(t, start + 12s, 12s, true));
}

TEST_CASE("the window on error ends where the entity's policy says") {
  auto t = without_window();
  CHECK(may_serve_on_error(t, start + 59999ms, {}, true));
  CHECK_FALSE(may_serve_on_error(t, start + 60s, {}, true));
}

TEST_CASE("an age is never negative") {
  auto t = with_window();
  CHECK(age_of(t, start - 4ms) == 0ms);
  CHECK(age_of(t, start + 1500us) == 1ms);
}
