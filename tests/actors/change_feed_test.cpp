// CHANGE FEED on virtual time, with a log that the test writes: what it tells
// INVALIDATION, what it tells again, and until when it extends trust.
#include "actors/change_feed.hpp"

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/fake_caches.hpp"
#include "tests/support/pool_fixture.hpp"
#include "tests/support/scripted_log.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

using trust_record = std::shared_ptr<std::vector<time_point>>;

entity_cache_actor::behavior_type trusting_cache(entity_cache_actor::pointer,
                                                 trust_record told) {
  return {
      [](const get_rows&) { return rows{}; },
      [](const get_lists&) { return lists{}; },
      [](const refresh&) {},
      [](const open_ticket&) { return ticket_opened{}; },
      [](const apply_changes&) { return applied{}; },
      [told](const extend_trust& m) {
        told->push_back(
            time_point{std::chrono::nanoseconds{m.until_nanoseconds}});
      },
      [](const erase_entries&) {},
      [](const set_enabled&) { return enabled_set{}; },
      [](const set_share& m) {
        return share_held{m.share_bytes, 0, 0};
      },
      [](const fail_now&) {},
  };
}

struct feed_fixture : actor_fixture {
  std::shared_ptr<scripted_log> log = std::make_shared<scripted_log>();
  std::shared_ptr<changes_recorder> told = std::make_shared<changes_recorder>();
  trust_record trusted = std::make_shared<std::vector<time_point>>();
  change_feed_actor feed;

  feed_fixture() : actor_fixture({}, pool_catalog()) {
    shared->actors.set_cache(user_type,
                             own(system.spawn(trusting_cache, trusted)));
    start_invalidation();
  }
  void start_invalidation() {
    shared->actors.set_invalidation(own(system.spawn(fake_invalidation, told)));
  }
  void start() {
    feed = own(change_feed_actor{system.spawn(
        change_feed, shared, std::make_shared<scripted_stream>(log))});
    advance(milliseconds{20});
  }
  [[nodiscard]] const entity_type& user() const {
    return (*shared->types)[user_type];
  }
  [[nodiscard]] row make(int64_t n, int64_t rank) const {
    std::vector<value> v{value{n}, value{"ann"}, value{rank}};
    return *row::encode(user().types, v);
  }
  void commit(int64_t n) { log->append(user(), make(n, 1), make(n, 2)); }
  /// The numbers of the rows told, in order; 0: that changes were missed.
  [[nodiscard]] std::vector<int64_t> told_rows() const {
    std::vector<int64_t> out;
    for (auto& m : told->seen)
      out.push_back(m.scope == invalidation_scope::unseen
                        ? 0
                        : m.rows.at(0).after.int_at(0));
    return out;
  }
  [[nodiscard]] size_t applied_count() const {
    auto place = shared->fed.get();
    return place ? scripted_log::count_of(*place) : SIZE_MAX;
  }
};

using numbers = std::vector<int64_t>;

} // namespace

TEST_CASE_METHOD(feed_fixture, "without a place to go on from, what is kept "
                               "is void, and the log is followed from now") {
  commit(1);
  start();
  CHECK(told_rows() == numbers{0});
  commit(2);
  commit(3);
  advance(milliseconds{10});
  CHECK(told_rows() == numbers{0, 2, 3});
  CHECK(told->seen[1].source == change_source::feed);
  CHECK(told->seen[1].at.gtid == "0-1-2");
  CHECK(applied_count() == 3);
}

TEST_CASE_METHOD(feed_fixture, "commits under way are bounded, and kept until "
                               "they are applied") {
  shared->feed.window_count = 2;
  start();
  told->hold = true;
  for (int64_t n : {1, 2, 3})
    commit(n);
  advance(milliseconds{50});
  CHECK(told_rows() == numbers{0, 1, 2});
  CHECK(applied_count() == 0);
  told->answer(1);
  advance(milliseconds{10});
  CHECK(told_rows() == numbers{0, 1, 2, 3});
  CHECK(applied_count() == 1);
  told->answer_held();
  advance(milliseconds{10});
  CHECK(applied_count() == 3);
}

TEST_CASE_METHOD(feed_fixture, "what INVALIDATION may have lost is told again, "
                               "in order, the oldest alone") {
  start();
  told->hold = true;
  for (int64_t n : {1, 2, 3})
    commit(n);
  advance(milliseconds{10});
  REQUIRE(told_rows() == numbers{0, 1, 2, 3});
  caf::anon_send_exit(shared->actors.invalidation(), caf::exit_reason::kill);
  shared->actors.set_invalidation({});
  told->held.clear();
  told->recording.clear();
  advance(milliseconds{100});
  start_invalidation();
  // The requests to the dead one may end with their time only.
  advance(shared->config.client.request_timeout, milliseconds{100});
  advance(milliseconds{50});
  CHECK(told_rows() == numbers{0, 1, 2, 3, 1});
  CHECK(applied_count() == 0);
  told->answer_held();
  advance(milliseconds{20});
  CHECK(told_rows() == numbers{0, 1, 2, 3, 1, 2, 3});
  CHECK(applied_count() == 3);
}

TEST_CASE_METHOD(feed_fixture, "a commit that says nothing is not told, and "
                               "counts once those before it are applied") {
  start();
  told->hold = true;
  commit(1);
  log->append();
  advance(milliseconds{10});
  CHECK(told_rows() == numbers{0, 1});
  CHECK(applied_count() == 0);
  told->answer_held();
  advance(milliseconds{10});
  CHECK(applied_count() == 2);
}

TEST_CASE_METHOD(feed_fixture, "a window full of commits that say nothing does "
                               "not stop the feed") {
  shared->feed.window_count = 4;
  start();
  auto gone = shared->actors.invalidation();
  shared->actors.set_invalidation({});
  commit(1);
  advance(milliseconds{1}, milliseconds{1});
  for (int i = 0; i < 20; ++i)
    log->append();
  advance(milliseconds{100});
  CHECK(applied_count() == 0);
  shared->actors.set_invalidation(gone);
  advance(milliseconds{100});
  CHECK(applied_count() == 21);
}

TEST_CASE_METHOD(feed_fixture,
                 "a new incarnation goes on where everything is applied") {
  start();
  commit(1);
  advance(milliseconds{10});
  told->hold = true;
  commit(2);
  advance(milliseconds{10});
  CHECK(told_rows() == numbers{0, 1, 2});
  caf::anon_send_exit(feed, caf::exit_reason::kill);
  told->answer_held(); // nobody hears it
  run();
  start();
  REQUIRE(log->connects.size() == 2);
  REQUIRE(log->connects[1]);
  CHECK(scripted_log::count_of(*log->connects[1]) == 1);
  CHECK(told_rows() == numbers{0, 1, 2, 2});
}

TEST_CASE_METHOD(feed_fixture, "a lost connection is made again, and nothing "
                               "is missed") {
  start();
  commit(1);
  advance(milliseconds{10});
  log->next_fails = stream_failure{stream_fault::connection_lost, "cut", {}};
  advance(milliseconds{5});
  commit(2);
  advance(seconds{1});
  CHECK(told_rows() == numbers{0, 1, 2});
}

TEST_CASE_METHOD(feed_fixture, "a lost place voids what is kept") {
  start();
  commit(1);
  advance(milliseconds{10});
  log->next_fails = stream_failure{stream_fault::position_lost, "purged", {}};
  advance(seconds{1});
  CHECK(told_rows() == numbers{0, 1, 0});
  CHECK_FALSE(log->connects.back());
  CHECK(shared->count.feed_losses == 1);
}

TEST_CASE_METHOD(feed_fixture,
                 "trust is extended to a probe whose commits are applied") {
  start();
  REQUIRE_FALSE(trusted->empty());
  told->hold = true;
  commit(1);
  auto before = time.now();
  advance(seconds{1});
  auto last = trusted->back();
  CHECK(last <= before + shared->feed.max_staleness);
  SECTION("and no further while they are not") {
    advance(seconds{3});
    CHECK(trusted->back() == last);
  }
  SECTION("and on, when they are") {
    told->answer_held();
    advance(seconds{1});
    CHECK(trusted->back() > time.now());
    CHECK(trusted->back() <= time.now() + shared->feed.max_staleness);
  }
}

TEST_CASE_METHOD(feed_fixture, "a log that is silent extends nothing") {
  start();
  log->silent_from = 0;
  commit(1);
  auto before = time.now();
  advance(seconds{3});
  CHECK(trusted->back() <= before + shared->feed.max_staleness);
  log->silent_from = SIZE_MAX;
  advance(seconds{1});
  CHECK(trusted->back() > time.now());
}

TEST_CASE_METHOD(feed_fixture, "a log that cannot be followed leaves the times "
                               "to live, and is tried again") {
  log->connect_fails
      = stream_failure{stream_fault::log_off, "no log", "log_bin = binlog"};
  start();
  REQUIRE_FALSE(trusted->empty());
  CHECK(trusted->back() == time_point::max());
  CHECK(shared->count.feed_followed == 0);
  CHECK(told->seen.empty());
  log->connect_fails.reset();
  advance(shared->feed.retry_period, milliseconds{100});
  CHECK(told_rows() == numbers{0});
  CHECK(trusted->back() <= time.now() + shared->feed.max_staleness);
  CHECK(shared->count.feed_followed == 1);
}

TEST_CASE_METHOD(feed_fixture, "where the feed is required nothing is trusted "
                               "while the log cannot be followed") {
  shared->feed.mode = feed_mode::required;
  log->connect_fails
      = stream_failure{stream_fault::log_off, "no log", "log_bin = binlog"};
  start();
  advance(seconds{1});
  CHECK(trusted->empty());
  log->connect_fails.reset();
  advance(shared->feed.retry_period, milliseconds{100});
  REQUIRE_FALSE(trusted->empty());
  CHECK(trusted->back() > time.now());
  CHECK(trusted->back() != time_point::max());
}

TEST_CASE("what a commit means to the caches") {
  auto types = pool_catalog();
  auto& user = (*types)[user_type];
  auto id = [&](int64_t n) {
    return *user.make_key(primary_index, std::vector<value>{n});
  };
  logged_commit c;
  SECTION("a partial image with a new key names both keys") {
    logged_change change;
    change.kind = logged_change::kind_type::update;
    change.rows = {id(1), {}, {}, false};
    change.new_id = id(2);
    c.changes.push_back(change);
    auto news = changes_of(c, *types);
    REQUIRE(news.rows.size() == 2);
    CHECK(news.rows[0].id == id(2));
    CHECK_FALSE(news.rows[0].complete);
    CHECK(news.rows[1].id == id(1));
  }
  SECTION("a flush of everything names every type once") {
    c.flushes.push_back({user_type, "ALTER"});
    c.flushes.push_back({std::nullopt, "gap"});
    CHECK(changes_of(c, *types).flushed
          == std::vector<entity_id>{user_type, item_type});
  }
}
