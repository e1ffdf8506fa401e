// What may be installed shortly after the log told a change.
#include "policy/tombstones.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

key k(const std::string& bytes, index_id index = primary_index) {
  return key{0, index, bytes};
}

const tombstones::time_point start{std::chrono::hours{1}};

} // namespace

TEST_CASE("within the settle time only the image told may be installed") {
  tombstones t{100ms};
  CHECK(t.may_install(k("a"), 1, start));
  t.on_logged(k("a"), 7, start);
  CHECK(t.may_install(k("a"), 7, start));
  CHECK_FALSE(t.may_install(k("a"), 6, start));
  CHECK_FALSE(t.may_install(k("a"), 0, start)); // nor its absence
  CHECK(t.may_install(k("b"), 6, start));
  CHECK_FALSE(t.may_install(k("a"), 6, start + 99ms));
  CHECK(t.may_install(k("a"), 6, start + 100ms));
}

TEST_CASE("the last image counts, and settles anew") {
  tombstones t{100ms};
  t.on_logged(k("a"), 7, start);
  t.on_logged(k("a"), 8, start + 60ms);
  CHECK_FALSE(t.may_install(k("a"), 7, start + 60ms));
  t.on_logged(k("b"), 1, start + 120ms); // forgets what has settled
  CHECK_FALSE(t.may_install(k("a"), 7, start + 159ms));
  CHECK(t.may_install(k("a"), 7, start + 160ms));
  SECTION("a later write is an image, too") {
    t.on_written(k("a"), 9);
    CHECK(t.may_install(k("a"), 9, start + 120ms));
    CHECK_FALSE(t.may_install(k("a"), 8, start + 120ms));
  }
}

TEST_CASE("what is not known may not be installed at all") {
  tombstones t{100ms};
  t.on_logged(k("a"), std::nullopt, start);
  CHECK_FALSE(t.may_install(k("a"), 0, start));
  t.on_index(1, start);
  CHECK_FALSE(t.may_install(k("x", 1), 0, start));
  CHECK(t.may_install(k("x", 2), 0, start));
  t.on_flush(start + 10ms);
  CHECK_FALSE(t.may_install(k("x", 2), 0, start + 109ms));
  CHECK(t.may_install(k("x", 2), 0, start + 110ms));
}

TEST_CASE("more tombstones than fit settle everything") {
  tombstones t{100ms};
  for (size_t i = 0; i < tombstones::max_count; ++i)
    t.on_logged(k(std::to_string(i)), 1, start);
  CHECK(t.may_install(k("other"), 1, start));
  t.on_logged(k("one more"), 1, start);
  CHECK_FALSE(t.may_install(k("other"), 1, start));
  CHECK(t.count() == 0);
  t.on_logged(k("again"), 1, start + 200ms);
  CHECK(t.count() == 1);
}

TEST_CASE("settled tombstones are forgotten") {
  tombstones t{100ms};
  for (int i = 0; i < 1000; ++i)
    t.on_logged(k(std::to_string(i)), 1, start + i * 1ms);
  CHECK(t.count() == 100);
}

TEST_CASE("a tombstone of one change goes when that is known to be visible") {
  tombstones t{100ms};
  auto first = t.on_logged(k("a"), std::nullopt, start);
  auto other = t.on_logged(k("b"), std::nullopt, start);
  REQUIRE(first != 0);
  t.on_visible(k("a"), other);
  CHECK_FALSE(t.may_install(k("a"), 1, start));
  SECTION("") {
    t.on_visible(k("a"), first);
    CHECK(t.may_install(k("a"), 1, start));
  }
  SECTION("not when it stands for another change, too") {
    auto second = t.on_logged(k("a"), std::nullopt, start + 50ms);
    CHECK(second == 0);
    t.on_visible(k("a"), first);
    t.on_visible(k("a"), second);
    CHECK_FALSE(t.may_install(k("a"), 1, start + 60ms));
  }
  SECTION("a new one after it has settled is of one change again") {
    CHECK(t.on_logged(k("a"), std::nullopt, start + 100ms) != 0);
  }
}
