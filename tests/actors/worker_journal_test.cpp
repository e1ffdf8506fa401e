#include "actors/worker_journal.hpp"

#include "tests/catch.hpp"

using namespace toadcache;

namespace {

struct journal_fixture {
  std::atomic<size_t> orphans{0};
  worker_journal journal{orphans};
  journal_fixture() { journal.join(); }
};

} // namespace

TEST_CASE_METHOD(journal_fixture, "a write given up before COMMIT is not done",
                 "[worker_journal]") {
  journal.start();
  CHECK_FALSE(journal.cancel());
  CHECK(journal.cancelled());
  CHECK_FALSE(journal.may_commit({}));
}

TEST_CASE_METHOD(journal_fixture, "a write given up in COMMIT may be done",
                 "[worker_journal]") {
  journal.start();
  REQUIRE(journal.may_commit({}));
  CHECK(journal.cancel());
}

// The pool may end with the worker's reply unread in its mailbox.
TEST_CASE_METHOD(journal_fixture, "a finished write given up may be done",
                 "[worker_journal]") {
  journal.start();
  REQUIRE(journal.may_commit({}));
  journal.finish();
  CHECK(journal.cancel());
  journal.start();
  CHECK_FALSE(journal.cancel());
}

TEST_CASE_METHOD(journal_fixture, "orphans are counted until they end",
                 "[worker_journal]") {
  journal.orphan();
  CHECK(orphans == 0);
  journal.start();
  journal.orphan();
  CHECK(orphans == 1);
  journal.finish();
  CHECK(orphans == 0);
  journal.start();
  journal.orphan();
  journal.leave();
  CHECK(orphans == 0);
}
