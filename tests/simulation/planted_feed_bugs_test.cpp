// Planted bugs of the change feed, each noticed within 100 seeds: in the
// caches, on the way of the log's news, and in the stream itself.
#include "tests/catch.hpp"
#include "tests/simulation/planted.hpp"

using namespace toadcache;
using namespace toadcache::simulation;

namespace {

auto bug(planted_bug b) {
  return [b](run_plan& plan) { plan.bug = b; };
}

auto bug(stream_bug b) {
  return [b](run_plan& plan) { plan.stream = b; };
}

// Another program writes all the time, and nobody tells but the log.
void followed(run_plan& plan) {
  plan.feed = true;
  plan.max_staleness = milliseconds{200};
  plan.silent_foreign = 40;
  plan.invalidations = 0;
  plan.writes = 200;
  plan.operations = 300;
  plan.starts = 100; // time passes between them
  plan.database.max_log_ahead = milliseconds{50};
}

void nobody_else_writes(run_plan& plan) {
  followed(plan);
  plan.silent_foreign = 0;
  plan.writes = 600;
}

void only_others_write(run_plan& plan) {
  followed(plan);
  plan.writes = 0;
}

// Processes come and go, others write in between, and most that is read again
// comes from disk.
void restarted(run_plan& plan) {
  only_others_write(plan);
  plan.operations = 400;
  plan.restarts = 15;
  plan.away = 700;
  plan.memory_bytes = 2000;
  plan.checkpoint_period = milliseconds{10};
}

} // namespace

TEST_CASE("a fill between log and visibility is noticed", "[planted][feed]") {
  check_noticed([](run_plan& plan) { plan.settle_time = milliseconds{0}; },
                [](run_plan& plan) {
                  only_others_write(plan);
                  plan.log_ahead = 900;
                });
}

TEST_CASE("a fill installed against later news of the log is noticed",
          "[planted][feed]") {
  check_noticed(bug(planted_bug::fill_installs_against_log),
                [](run_plan& plan) {
                  only_others_write(plan);
                  // What the log tells is visible: fills need no settling.
                  plan.settle_time = milliseconds{0};
                  plan.hangs = 20;
                });
}

TEST_CASE("an echo taken for a foreign change is noticed", "[planted][feed]") {
  check_noticed(bug(planted_bug::echo_taken_for_foreign), nobody_else_writes);
}

TEST_CASE("a foreign change taken for an echo is noticed", "[planted][feed]") {
  check_noticed(bug(planted_bug::foreign_taken_for_echo), followed);
}

TEST_CASE("trust extended past a cache that hangs is noticed",
          "[planted][feed]") {
  check_noticed([](run_plan& plan) { plan.trust_past_caches = true; },
                [](run_plan& plan) {
                  only_others_write(plan);
                  plan.hangs = 20;
                });
}

TEST_CASE("trust extended by a probe that is not applied is noticed",
          "[planted][feed]") {
  check_noticed(bug(stream_bug::probe_of_what_is_read), [](run_plan& plan) {
    only_others_write(plan);
    plan.log_faults = 10;
  });
}

TEST_CASE("news lost with an INVALIDATION that restarts is noticed",
          "[planted][feed]") {
  check_noticed(bug(planted_bug::fan_out_lost_at_restart), [](run_plan& plan) {
    only_others_write(plan);
    plan.crashes = 30;
    plan.crash_role = "invalidation";
  });
}

TEST_CASE("a partial image taken for a full one is noticed",
          "[planted][feed]") {
  check_noticed(bug(stream_bug::partial_taken_for_full), [](run_plan& plan) {
    followed(plan);
    plan.log.partial_images = 500;
  });
}

TEST_CASE("a cascade that nobody notices is noticed", "[planted][feed]") {
  check_noticed([](run_plan& plan) { plan.cascades_unknown = true; },
                only_others_write);
}

TEST_CASE("a lost place without a flush is noticed", "[planted][feed]") {
  check_noticed(bug(stream_bug::loss_unnoticed), [](run_plan& plan) {
    only_others_write(plan);
    plan.log_faults = 10;
  });
}

TEST_CASE("a transaction split over a reconnect is noticed",
          "[planted][feed]") {
  check_noticed(bug(stream_bug::split_over_reconnect), [](run_plan& plan) {
    only_others_write(plan);
    plan.log_faults = 20;
    plan.log_only_cut = true;
    plan.silent_foreign = 20;
  });
}

TEST_CASE("a row on disk older than the checkpoint is noticed when served",
          "[planted][feed]") {
  check_noticed(bug(planted_bug::earlier_run_believed), restarted);
}

TEST_CASE("a restored server taken for the old one is noticed",
          "[planted][feed]") {
  check_noticed(bug(stream_bug::restored_taken_for_old), [](run_plan& plan) {
    restarted(plan);
    plan.restores = 10;
  });
}
