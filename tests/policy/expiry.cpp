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

TEST_CASE("fresh times vary by the key, within their share") {
  ttl_options ttl;
  ttl.fresh = 100s;
  ttl.negative = 10s;
  ttl.stale_while_revalidate = 5s;
  ttl.stale_on_error = 50s;
  const lifetimes live{ttl, 0.1};
  auto shortest = 1000s;
  auto longest = 0s;
  for (uint64_t hash = 0; hash < 10'000; ++hash) {
    auto t = live.times_of(hash, false, start);
    auto fresh
        = std::chrono::floor<std::chrono::seconds>(t.fresh_until - t.fetched);
    shortest = std::min(shortest, fresh);
    longest = std::max(longest, fresh);
    CHECK(t.refresh_until == t.fresh_until + 5s);
    CHECK(t.stale_until == t.fresh_until + 50s);
    CHECK(live.times_of(hash, false, start).fresh_until == t.fresh_until);
  }
  CHECK(shortest >= 90s);
  CHECK(shortest <= 91s);
  CHECK(longest >= 109s);
  CHECK(longest <= 110s);
}

TEST_CASE("'no such row' is never served stale") {
  ttl_options ttl;
  ttl.negative = 10s;
  ttl.stale_while_revalidate = 5s;
  ttl.stale_on_error = 50s;
  auto t = lifetimes{ttl, 0}.times_of(1, true, start);
  CHECK(t.fresh_until == start + 10s);
  CHECK(t.refresh_until == t.fresh_until);
  CHECK(t.stale_until == t.fresh_until);
}
