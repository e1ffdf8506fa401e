// The whole runtime on virtual time with a database that others write, whose
// log the change feed follows: whatever fails, no row is served as fresh later
// than the lease allows, and in the end memory serves the newest again.
#include "actors/runtime.hpp"

#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/fake_database.hpp"
#include "tests/support/memory_cache_store.hpp"
#include "tests/support/pool_fixture.hpp"
#include "tests/support/scripted_log.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

struct fed_runtime : actor_fixture {
  std::shared_ptr<scripted_log> log;
  std::shared_ptr<cache_image> image;
  int64_t rank; ///< of row 1 in the log
  std::shared_ptr<fake_database> db;
  std::shared_ptr<runtime> running;
  const entity_type& user;
  /// Since when the database has shown which rank.
  std::vector<std::pair<time_point, int64_t>> shown;

  explicit fed_runtime(uint64_t seed = 1)
      : fed_runtime(seed, std::make_shared<scripted_log>(),
                    std::make_shared<cache_image>()) {}
  /// As the next process on the same log and disk, seconds later.
  explicit fed_runtime(const fed_runtime& earlier, options o)
      : fed_runtime(1, earlier.log, earlier.image, std::move(o)) {}
  fed_runtime(uint64_t seed, std::shared_ptr<scripted_log> on,
              std::shared_ptr<cache_image> left,
              options o = pool_test_options())
      : actor_fixture(std::move(o), pool_catalog(), seed), log(std::move(on)),
        image(std::move(left)),
        rank(static_cast<int64_t>(log->commits.size()) + 1),
        db(std::make_shared<fake_database>(shared->types)),
        user((*shared->types)[user_type]) {
    if (image->existed)
      advance(seconds{20}, seconds{20});
    shared->source = db;
    shared->make_store = [this] {
      return std::make_unique<memory_cache_store>(image,
                                                  shared->config.persistence);
    };
    shared->make_stream
        = [this] { return std::make_shared<scripted_stream>(log); };
    show();
    auto started = runtime::start(system, shared);
    if (!started)
      throw std::runtime_error(started.error().what);
    running = *started;
    run();
    advance(milliseconds{300});
  }
  ~fed_runtime() {
    ask<stopped>(running->node(), stop_all{});
    advance(seconds{1});
  }
  /// What a kill now would leave on disk.
  [[nodiscard]] cache_image killed() const {
    auto left = *image;
    left.clean = left.locked = false;
    return left;
  }

  [[nodiscard]] key id() const {
    return *user.make_key(primary_index, std::vector<value>{int64_t{1}});
  }
  [[nodiscard]] row make(int64_t r) const {
    std::vector<value> v{value{int64_t{1}}, value{"ann"}, value{r}};
    return *row::encode(user.types, v);
  }
  /// What the log says is visible.
  void show() {
    db->put(user_type, {int64_t{1}, "ann", rank});
    shown.emplace_back(time.now(), rank);
  }
  /// Somebody else writes: in the log, but not visible yet.
  void write() {
    log->append(user, make(rank), make(rank + 1));
    ++rank;
  }
  std::optional<row_reply> read() {
    auto target = shared->actors.cache(user_type);
    if (!target)
      return std::nullopt;
    auto a = ask<rows>(target, get_rows{{id()}, {}, {}});
    run();
    if (!a.ready() || !a.get())
      return std::nullopt;
    return a.value().replies[0];
  }
  /// The rank that a fresh answer of now must at least have.
  [[nodiscard]] int64_t oldest_allowed() const {
    auto at = time.now() - shared->feed.max_staleness;
    int64_t oldest = 0;
    for (auto& [since, r] : shown)
      if (since <= at)
        oldest = r;
    return oldest;
  }
  void fail_role(const std::string& role) {
    caf::anon_send(running->node(), role, fail_now{});
  }
};

const char* const roles[]
    = {"change-feed", "invalidation", "entity-cache:user", "persistence"};

} // namespace

TEST_CASE_METHOD(fed_runtime, "what others write is served at once, and then "
                              "from memory") {
  REQUIRE(read());
  CHECK(read()->from == tier::memory);
  write();
  show();
  advance(milliseconds{10});
  CHECK(read()->content == make(2));
  CHECK(read()->from == tier::memory);
}

TEST_CASE("a change that is told while a link fails is not lost") {
  for (auto* role : roles) {
    INFO(role);
    fed_runtime f;
    f.read();
    f.write();
    f.show();
    f.fail_role(role);
    f.advance(seconds{2});
    f.read();
    auto last = f.read();
    REQUIRE(last);
    CHECK(last->content == f.make(2));
    CHECK(last->from == tier::memory);
  }
}

TEST_CASE("a feed that hangs ends fresh service, and memory is served again "
          "when it has caught up") {
  fed_runtime f;
  f.read();
  f.log->silent_from = f.log->commits.size();
  f.write();
  f.show();
  CHECK(f.read()->content == f.make(1)); // nobody has told yet
  f.advance(f.shared->feed.max_staleness);
  CHECK(f.read()->content == f.make(2));
  CHECK(f.read()->from == tier::database);
  f.log->silent_from = SIZE_MAX;
  f.advance(milliseconds{500});
  CHECK(f.read()->from == tier::memory);
}

namespace {

/// A process that has read row 1, and ended; what it left on disk.
struct earlier_run {
  std::shared_ptr<fed_runtime> process;
  bool kills = GENERATE(false, true);

  earlier_run() : process(std::make_shared<fed_runtime>()) {
    process->read();
    process->advance(seconds{2});
  }
  /// The next process, the database showing the end of the log.
  std::unique_ptr<fed_runtime> restart(options o = pool_test_options()) {
    auto left = process->killed();
    if (!kills) {
      auto done = process->ask<stopped>(process->running->node(), stop_all{});
      process->advance(seconds{1});
      REQUIRE(done.ready());
      left = *process->image;
    }
    auto next = process->image = std::make_shared<cache_image>(left);
    return std::make_unique<fed_runtime>(*process, std::move(o));
  }
};

} // namespace

TEST_CASE("after a restart what the disk holds is fresh once the log was read "
          "from the checkpoint on") {
  earlier_run run;
  SECTION("nothing was written since") {
    auto next = run.restart();
    auto first = next->read();
    REQUIRE(first);
    CHECK(first->content == next->make(1));
    CHECK(first->from == tier::disk);
    CHECK(first->state == freshness::fresh);
    CHECK(next->db->count("read_keys") == 0);
  }
  SECTION("the row was written since") {
    run.process->log->silent_from = run.process->log->commits.size();
    run.process->write();
    run.process->log->silent_from = SIZE_MAX;
    auto next = run.restart();
    auto first = next->read();
    REQUIRE(first);
    CHECK(first->content == next->make(2));
    CHECK(first->from == tier::database);
  }
  SECTION("the log has lost the place") {
    run.process->log->connect_loses_place = true;
    auto next = run.restart();
    CHECK(next->read()->from == tier::database);
  }
  SECTION("too much was written since") {
    auto o = pool_test_options();
    o.feed.max_replay_count = 2;
    for (int64_t id = 7; id < 10; ++id) {
      std::vector<value> v{value{id}, value{"bob"}, value{id}};
      auto other = *row::encode(run.process->user.types, v);
      run.process->log->append(run.process->user, {}, other);
    }
    auto next = run.restart(o);
    CHECK(next->read()->from == tier::database);
    CHECK(next->shared->count.feed_losses == 1);
  }
  SECTION("the checkpoint cannot be read") {
    run.process->image->checkpoint->second = "9;of a later version";
    run.kills = true;
    auto next = run.restart();
    CHECK(next->read()->from == tier::database);
  }
  SECTION("the log cannot be followed any more") {
    run.process->log->connect_fails
        = stream_failure{stream_fault::log_off, "off", {}};
    auto next = run.restart();
    CHECK(next->read()->from == tier::database);
    run.process->log->connect_fails.reset();
  }
}

TEST_CASE(
    "after a restart the disk is asked only once the feed has caught up") {
  earlier_run run;
  run.process->log->silent_from = run.process->log->commits.size();
  run.process->write();
  auto next = run.restart();
  CHECK(next->read()->content == next->make(2)); // the log is silent
  CHECK(next->read()->from == tier::database);
}

TEST_CASE("a second restart believes what the first has taken over") {
  earlier_run run;
  auto second = run.restart();
  CHECK(second->read()->from == tier::disk);
  second->advance(seconds{2});
  earlier_run again{std::move(run)};
  again.process.reset(second.release());
  auto third = again.restart();
  CHECK(third->read()->from == tier::disk);
}

TEST_CASE("the feed is interrupted at the end") {
  fed_runtime f;
  auto done = f.ask<stopped>(f.running->node(), stop_all{});
  f.advance(seconds{1});
  CHECK(done.ready());
}

TEST_CASE("whatever fails, nothing older than the lease is fresh") {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    fed_runtime f{seed};
    std::mt19937_64 random{seed};
    auto draw = [&](uint64_t n) { return random() % n; };
    for (int step = 0; step < 300; ++step) {
      switch (draw(12)) {
      case 0:
      case 1:
        f.write();
        f.show();
        break;
      case 2:
        f.write();
        f.advance(milliseconds{1}); // the log is read before it is visible
        f.read();
        f.show();
        break;
      case 3:
        f.advance(milliseconds{static_cast<int64_t>(draw(400))});
        break;
      case 4:
        if (draw(4) == 0)
          f.fail_role(roles[draw(std::size(roles))]);
        break;
      case 5:
        if (draw(4) == 0)
          f.log->next_fails
              = stream_failure{draw(2) == 0 ? stream_fault::connection_lost
                                            : stream_fault::position_lost,
                               "scripted",
                               {}};
        break;
      case 6:
        f.log->silent_from = draw(2) == 0 ? f.log->commits.size() : SIZE_MAX;
        break;
      default:
        f.advance(milliseconds{static_cast<int64_t>(draw(5))}, milliseconds{1});
        if (auto r = f.read(); r && r->state == freshness::fresh) {
          REQUIRE(r->content);
          REQUIRE(r->content.int_at(2) >= f.oldest_allowed());
        }
      }
    }
    f.show();
    f.log->silent_from = SIZE_MAX;
    f.advance(seconds{5});
    f.read();
    auto last = f.read();
    REQUIRE(last);
    CHECK(last->content == f.make(f.rank));
    CHECK(last->from == tier::memory);
  }
}
