#include <set>

#include "model/error.hpp"
#include "model/reply.hpp"
#include "tests/catch.hpp"

using namespace toadcache;

TEST_CASE("every error has a name of its own") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(errc::internal); ++i)
    names.insert(to_string(static_cast<errc>(i)));
  CHECK(names.size() == static_cast<size_t>(errc::internal) + 1);
  CHECK(names.count("outcome_unknown") == 1);
  CHECK(names.count("unknown error code") == 0);
  CHECK(to_string(static_cast<errc>(200)) == "unknown error code");
}

TEST_CASE("a failure prints its code and its line") {
  CHECK(to_string(failure{errc::invalid, "user.id: expected int64"})
        == "invalid: user.id: expected int64");
  CHECK(to_string(failure{errc::timeout, ""}) == "timeout");
  result<int> failed = fail(errc::duplicate, "twice");
  CHECK(failed.error() == failure{errc::duplicate, "twice"});
  result<int> passed_on = fail(failed.error());
  CHECK(passed_on.error() == failed.error());
}

TEST_CASE("tiers and freshness have names") {
  CHECK(to_string(tier::memory) == "memory");
  CHECK(to_string(tier::disk) == "disk");
  CHECK(to_string(tier::database) == "database");
  CHECK(to_string(static_cast<tier>(9)) == "unknown tier");
  CHECK(to_string(freshness::fresh) == "fresh");
  CHECK(to_string(freshness::stale) == "stale");
  CHECK(to_string(static_cast<freshness>(9)) == "unknown freshness");
}
