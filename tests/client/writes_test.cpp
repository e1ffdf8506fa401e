#include "client/administration.hpp"
#include "client/transaction_state.hpp"
#include "client/writer.hpp"
#include "tests/catch.hpp"
#include "tests/client/scripted_actors.hpp"

using namespace toadcache;
using namespace std::chrono_literals;
using toadcache::tests::scripted_fixture;

namespace {

transaction_done done_with(row r) {
  operation_result one;
  one.rows = {std::move(r)};
  one.matched = one.changed = 1;
  return {{one}, {}};
}

// What a create answers when DB POOL answers so.
failure create_error(scripted_fixture& f, failure from_pool) {
  f.pool->on_run = [from_pool](const run_transaction&) {
    return result<transaction_done>{fail(from_pool)};
  };
  return f.finish(f.handle("guild").create({{"id", 1}})).error();
}

} // namespace

TEST_CASE("a write carries its operation, group and deadline to the pool") {
  scripted_fixture f;
  f.pool->on_run = [&](const run_transaction&) {
    return done_with(f.make_row("channel", {2, 9, "c"}));
  };
  write_options how;
  how.timeout = 700ms;
  auto r
      = f.finish(f.handle("channel").create({{"id", 2}, {"guild_id", 9}}, how));
  CHECK(r.value().from() == tier::database);
  REQUIRE(f.pool->runs.size() == 1);
  auto& run = f.pool->runs[0];
  CHECK(run.header.group == 9);
  CHECK(run.header.remaining == 700ms);
  REQUIRE(run.operations.size() == 1);
  CHECK(run.operations[0].kind == operation::kind_type::insert);
  CHECK(f.core->permits->used() == 0);
}

TEST_CASE("errors that say nothing was written are passed on") {
  scripted_fixture f;
  for (auto code : {errc::duplicate, errc::foreign_key, errc::deadlock,
                    errc::unavailable, errc::timeout, errc::overloaded,
                    errc::outcome_unknown, errc::shutting_down})
    CHECK(create_error(f, {code, "x"}).code == code);
}

TEST_CASE("a pool that breaks leaves the outcome unknown") {
  scripted_fixture f;
  CHECK(create_error(f, {errc::internal, "x"}).code == errc::outcome_unknown);
  CHECK(create_error(f, {errc::tier_closed, "x"}).code
        == errc::outcome_unknown);
  f.pool->on_run = [](const run_transaction&) -> result<transaction_done> {
    throw std::runtime_error("crash");
  };
  auto crashed = f.finish(f.handle("guild").create({{"id", 1}}));
  CHECK(crashed.error().code == errc::outcome_unknown);
  // Its handle is dead but still known: the request bounces.
  auto bounced = f.finish(f.handle("guild").create({{"id", 1}}));
  CHECK(bounced.error().code == errc::outcome_unknown);
}

TEST_CASE("a pool that never answers leaves the outcome unknown") {
  scripted_fixture f;
  f.pool->silent = true;
  write_options how;
  how.timeout = 100ms;
  auto a = f.handle("guild").create({{"id", 1}}, how);
  f.advance(500ms);
  CHECK_FALSE(a.ready());
  f.advance(200ms);
  REQUIRE(a.ready());
  CHECK(a.get().error().code == errc::outcome_unknown);
}

TEST_CASE("while the pool restarts a write waits unsent, then fails") {
  scripted_fixture f;
  f.pool->on_run = [&](const run_transaction&) {
    return done_with(f.make_row("guild", {1, "a"}));
  };
  f.shared->actors.set_pool({});
  auto late = f.handle("guild").create({{"id", 1}});
  f.advance(100ms);
  CHECK_FALSE(late.ready());
  f.start_pool();
  f.advance(20ms);
  REQUIRE(late.ready());
  CHECK(late.get().value().found());
  CHECK(f.pool->runs.size() == 1);

  f.shared->actors.set_pool({});
  auto never = f.handle("guild").create({{"id", 1}});
  f.advance(6000ms);
  REQUIRE(never.ready());
  CHECK(never.get().error().code == errc::unavailable); // surely not written
}

TEST_CASE("a dispatcher that dies answers what it held") {
  scripted_fixture f;
  f.pool->silent = true;
  f.caches->silent = true;
  auto write = f.handle("guild").create({{"id", 1}});
  auto read = f.handle("guild").find_by_pk(1);
  f.run();
  caf::anon_send_exit(f.shared->actors.dispatcher(), caf::exit_reason::kill);
  f.run();
  REQUIRE(write.ready());
  CHECK(write.get().error().code == errc::outcome_unknown);
  REQUIRE(read.ready());
  CHECK(read.get().error().code == errc::unavailable);
  CHECK(f.core->permits->used() == 0);
}

TEST_CASE("steps of a transaction: which errors end it") {
  scripted_fixture f;
  f.pool->on_begin = [](const begin_transaction&) -> result<transaction_begun> {
    return transaction_begun{5};
  };
  f.pool->on_end = [](const end_transaction&) -> result<transaction_done> {
    return transaction_done{};
  };
  for (auto [code, seen, still_open] :
       {std::tuple{errc::duplicate, errc::duplicate, true},
        std::tuple{errc::deadlock, errc::deadlock, false},
        std::tuple{errc::unavailable, errc::unavailable, false},
        std::tuple{errc::tier_closed, errc::unavailable, false}}) {
    auto t = f.finish(begin_transaction_on(*f.core)).value();
    f.pool->on_step = [code = code](const transaction_step&) {
      return result<step_done>{fail(code, "x")};
    };
    auto r = f.finish(t.entity("guild").create({{"id", 1}}));
    CHECK(r.error().code == seen);
    CHECK(t.open() == still_open);
    CHECK(f.pool->steps.back().id == 5);
  }
  f.settle();
  REQUIRE(f.pool->ends.size() == 1); // the one still open, when dropped
  CHECK_FALSE(f.pool->ends[0].commit);
}

TEST_CASE("a commit whose pool breaks has an unknown outcome") {
  scripted_fixture f;
  f.pool->on_begin = [](const begin_transaction&) -> result<transaction_begun> {
    return transaction_begun{5};
  };
  f.pool->on_end = [](const end_transaction&) -> result<transaction_done> {
    return fail(errc::internal, "broken");
  };
  auto t = f.finish(begin_transaction_on(*f.core)).value();
  CHECK(f.finish(t.commit()).error().code == errc::outcome_unknown);
  auto u = f.finish(begin_transaction_on(*f.core)).value();
  f.shared->actors.set_pool({});
  CHECK(f.finish(u.commit()).error().code == errc::unavailable);
}

TEST_CASE("explicit invalidations say how far they reach") {
  scripted_fixture f;
  auto guilds = f.handle("guild");
  CHECK(f.finish(guilds.invalidate(1)).has_value());
  CHECK(f.finish(guilds.invalidate_dependents(1)).has_value());
  CHECK(f.finish(guilds.invalidate_all()).has_value());
  CHECK(f.finish(invalidate_everything(*f.core)).has_value());
  auto& all = f.invalidation->all;
  REQUIRE(all.size() == 4);
  CHECK(all[0].scope == invalidation_scope::key);
  CHECK(all[1].scope == invalidation_scope::dependents);
  CHECK(all[2].scope == invalidation_scope::type);
  CHECK(all[2].type == f.type("guild").id);
  CHECK(all[3].scope == invalidation_scope::all);
  for (auto& c : all)
    CHECK(c.source == change_source::admin);
}

TEST_CASE("an invalidation waits for INVALIDATION to come back") {
  scripted_fixture f;
  f.shared->actors.set_invalidation({});
  auto a = f.handle("guild").invalidate(1);
  f.advance(50ms);
  CHECK_FALSE(a.ready());
  f.start_invalidation();
  f.advance(20ms);
  REQUIRE(a.ready());
  CHECK(a.get().has_value());
}

TEST_CASE("off is at once, on is behind the cache actors' answers") {
  scripted_fixture f;
  std::vector<entity_id> all;
  for (auto& t : f.shared->types->types())
    all.push_back(t.id);
  auto off = switch_cache(*f.core, all, true, false);
  CHECK_FALSE(f.shared->enabled.load());
  CHECK(f.finish(std::move(off)).has_value());
  auto on = switch_cache(*f.core, all, true, true);
  CHECK_FALSE(f.shared->enabled.load());
  CHECK(f.finish(std::move(on)).has_value());
  CHECK(f.shared->enabled.load());
  CHECK(f.caches->switches.size() == 2 * all.size());

  // A cache actor that stays away keeps it off.
  f.shared->enabled = false;
  f.shared->actors.set_cache(all.front(), {});
  auto never = switch_cache(*f.core, all, true, true);
  f.advance(6000ms);
  REQUIRE(never.ready());
  CHECK(never.get().error().code == errc::unavailable);
  CHECK_FALSE(f.shared->enabled.load());
}
