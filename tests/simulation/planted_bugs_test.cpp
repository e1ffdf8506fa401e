// Each planted bug must be noticed within 100 seeds. The plans put the load
// where the bug lives; the seeds do the rest.
#include "tests/catch.hpp"
#include "tests/simulation/planted.hpp"

using namespace toadcache;
using namespace toadcache::simulation;

namespace {

template <class F>
void must_be_noticed(planted_bug bug, F shape) {
  check_noticed([bug](run_plan& plan) { plan.bug = bug; }, shape);
}

void nothing_else(run_plan&) {}

// Races that are rare: longer runs.
void more_operations(run_plan& plan) {
  plan.operations = 400;
}

// Invalidations that meet fetches under way.
void many_invalidations(run_plan& plan) {
  plan.operations = 300;
  plan.notified_foreign = 100;
  plan.foreign_between = 100;
}

void crashes(run_plan& plan) {
  plan.crashes = 12;
}

} // namespace

TEST_CASE("no seal on invalidation is noticed", "[planted]") {
  must_be_noticed(planted_bug::no_seal_on_invalidation, many_invalidations);
}

TEST_CASE("acknowledge before install is noticed", "[planted]") {
  must_be_noticed(planted_bug::acknowledge_before_install, nothing_else);
}

TEST_CASE("a negative that survives a create is noticed", "[planted]") {
  must_be_noticed(planted_bug::negative_survives_create, nothing_else);
}

TEST_CASE("a fill installed under a ticket is noticed", "[planted]") {
  must_be_noticed(planted_bug::fill_installs_under_ticket, more_operations);
}

TEST_CASE("a late reply over a foreign commit is noticed", "[planted]") {
  must_be_noticed(planted_bug::late_reply_overwrites_foreign,
                  [](run_plan& plan) {
                    many_invalidations(plan);
                    plan.writes = 700;
                    plan.hot = 700;
                  });
}

TEST_CASE("a disk put that overtakes an erase is noticed", "[planted]") {
  must_be_noticed(planted_bug::disk_put_overtakes_erase, many_invalidations);
}

TEST_CASE("an install without read-back is noticed", "[planted]") {
  must_be_noticed(planted_bug::install_without_read_back, nothing_else);
}

TEST_CASE("a write rerun after a lost connection is noticed", "[planted]") {
  must_be_noticed(planted_bug::write_rerun_after_lost_connection,
                  [](run_plan& plan) {
                    plan.database.lost_after_commit = 60;
                    plan.database.lost_in_commit = 60;
                  });
}

TEST_CASE("a restart without barrier is noticed", "[planted]") {
  must_be_noticed(planted_bug::restart_without_barrier, [](run_plan& plan) {
    plan.operations = 600;
    plan.clients = 16;
    plan.hot = 900;
    plan.writes = 300;
    plan.crashes = 20;
    plan.crash_role = "entity-cache:owner";
  });
}

TEST_CASE("an acknowledgement past a dead incarnation is noticed",
          "[planted]") {
  must_be_noticed(planted_bug::acknowledged_past_dead_incarnation, crashes);
}

TEST_CASE("a statement retried inside a transaction is noticed", "[planted]") {
  must_be_noticed(planted_bug::statement_retried_inside_transaction,
                  [](run_plan& plan) {
                    plan.writes = 800;
                    plan.database.deadlock = 100;
                  });
}

TEST_CASE("a duplicate read in the same snapshot is noticed", "[planted]") {
  must_be_noticed(planted_bug::duplicate_read_in_same_snapshot,
                  [](run_plan& plan) {
                    plan.writes = 800;
                    plan.database.repeatable_read = true;
                    plan.foreign_between = 200;
                  });
}

TEST_CASE("a resident row kept against a newer read is noticed", "[planted]") {
  must_be_noticed(planted_bug::resident_kept_against_newer_read,
                  [](run_plan& plan) { plan.silent_foreign = 40; });
}

TEST_CASE("a collation's alias is noticed", "[planted]") {
  must_be_noticed(planted_bug::collation_alias, more_operations);
}

TEST_CASE("a second process on the cache file is noticed", "[planted]") {
  must_be_noticed(planted_bug::second_process_on_cache_file,
                  [](run_plan& plan) {
                    plan.second_process = true;
                    plan.memory_bytes = 2000; // most reads come from disk
                    plan.operations = 600;
                    plan.hot = 300;
                  });
}
