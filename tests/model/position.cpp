// Places in the order of commits: a partial order, and a text that reads back.
#include "model/position.hpp"

#include "model/gtid_set.hpp"
#include "tests/catch.hpp"
#include "tests/model/generators.hpp"

using namespace toadcache;
using namespace toadcache::testing;

namespace {

const std::string first_server = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
const std::string second_server = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

gtid_set set(std::string_view text) {
  auto s = gtid_set::parse(text);
  REQUIRE(s);
  return *s;
}

std::string why_not(std::string_view text) {
  auto s = gtid_set::parse(text);
  REQUIRE_FALSE(s);
  CHECK(s.error().code == errc::invalid);
  return s.error().what;
}

/// Few domains, servers and numbers, so that sets often compare.
std::string any_gtid(bool mariadb) {
  auto below = [](int n) { return std::to_string(*rc::gen::inRange(1, n)); };
  if (mariadb)
    return below(3) + "-" + below(3) + "-" + below(6);
  return (*rc::gen::arbitrary<bool>() ? first_server : second_server) + ":"
         + below(9);
}

gtid_set any_set(bool mariadb) {
  gtid_set out;
  auto count = *rc::gen::inRange(0, 6);
  for (int i = 0; i < count; ++i)
    RC_ASSERT(out.add(any_gtid(mariadb)).has_value());
  return out;
}

position any_position() {
  position p;
  p.source = any_bytes();
  auto kind = *rc::gen::inRange(0, 3);
  if (kind != 0)
    p.gtid = any_set(kind == 1).text();
  p.file = any_bytes();
  p.offset = *rc::gen::arbitrary<uint64_t>();
  return p;
}

} // namespace

TEST_CASE("gtid sets read as servers write them") {
  CHECK(set("").empty());
  CHECK(set("1-2-3, 0-1-42").text() == "0-1-42,1-2-3");
  CHECK(set("0-1-5,0-2-7,0-1-6").text() == "0-2-7");
  CHECK(set(first_server + ":1-5:7,\n" + second_server + ":1").text()
        == first_server + ":1-5:7," + second_server + ":1");
  CHECK(set(first_server + ":5-9:1-3:4").text() == first_server + ":1-9");
  CHECK(set("3E11FA47-71CA-11E1-9E33-C80AA9429562:1").text()
        == first_server + ":1");
  CHECK(why_not("0-1") == "gtid '0-1': expected domain-server-number");
  CHECK(why_not("x:1").find("uuid") != std::string::npos);
  CHECK(why_not(first_server + ":tag:1").find("tags") != std::string::npos);
  CHECK(why_not(first_server + ":5-3").find("intervals") != std::string::npos);
  CHECK(why_not("0-1-2," + first_server + ":1").find("MariaDB's form")
        != std::string::npos);
  CHECK(why_not("0-1-99999999999999999999").find("expected")
        != std::string::npos);
}

TEST_CASE("a set grows by the log's next commit") {
  auto s = set("0-1-5");
  REQUIRE(s.add("0-2-6"));
  REQUIRE(s.add("3-1-1"));
  CHECK(s.text() == "0-2-6,3-1-1");
  CHECK_FALSE(s.add("0-2-7,0-2-8"));
  CHECK_FALSE(s.add(first_server + ":1"));
  auto m = set(first_server + ":1-5");
  REQUIRE(m.add(first_server + ":6"));
  CHECK(m.text() == first_server + ":1-6");
}

TEST_CASE("covering is known per domain and per server") {
  CHECK(set("0-1-5").covers(set("0-1-5")));
  CHECK(set("0-1-6,1-1-1").covers(set("0-2-5")));
  CHECK_FALSE(set("0-1-6").covers(set("1-1-1")));
  CHECK_FALSE(set("0-1-5").covers(set("0-2-5")));
  CHECK(set(first_server + ":1-9").covers(set(first_server + ":2-3:5")));
  CHECK_FALSE(set(first_server + ":1-4:6-9").covers(set(first_server + ":5")));
  CHECK_FALSE(set("0-1-9").covers(set(first_server + ":1")));
}

TEST_CASE("covering is a partial order of sets") {
  REQUIRE(rc::check([] {
    auto mariadb = *rc::gen::arbitrary<bool>();
    auto a = any_set(mariadb);
    auto b = any_set(mariadb);
    auto c = any_set(mariadb);
    RC_ASSERT(a.covers(a));
    RC_ASSERT(a.covers(gtid_set{}));
    if (a.covers(b) && b.covers(a))
      RC_ASSERT(a == b);
    if (a.covers(b) && b.covers(c))
      RC_ASSERT(a.covers(c));
    RC_ASSERT(set(a.text()) == a);
  }));
}

TEST_CASE("of two places in one log the later covers the earlier") {
  REQUIRE(rc::check([] {
    auto kind = *rc::gen::inRange(0, 3); // no ids, MariaDB, MySQL
    gtid_set seen;
    std::vector<position> log;
    uint64_t offset = 4;
    unsigned file = 9;
    for (int i = 0; i < 12; ++i) {
      if (*rc::gen::inRange(0, 4) == 0) {
        ++file;
        offset = 4;
      }
      offset += *rc::gen::inRange<uint64_t>(1, 9);
      auto n = std::to_string(i + 1);
      if (kind != 0)
        RC_ASSERT(seen.add(kind == 1 ? "0-1-" + n : first_server + ":" + n)
                      .has_value());
      log.push_back(
          {"here", seen.text(), "log." + std::to_string(file), offset});
    }
    for (size_t i = 0; i < log.size(); ++i)
      for (size_t k = 0; k < log.size(); ++k)
        RC_ASSERT(log[i].covers(log[k]) == (i >= k));
  }));
}

TEST_CASE("places that do not compare cover nothing") {
  position a{"here", "", "log.000002", 10};
  CHECK_FALSE(a.covers({"there", "", "log.000001", 4}));
  CHECK_FALSE(a.covers({"here", "", "other.000001", 4}));
  CHECK_FALSE(a.covers({"here", "0-1-1", "log.000001", 4}));
  CHECK_FALSE(position{"here", "0-1-1", "log.000002", 10}.covers(
      {"here", "", "log.000001", 4}));
  // Another server of the same group has the same ids.
  CHECK(position{"there", "0-1-9", "x.000001", 4}.covers(
      {"here", "0-1-8", "log.000007", 400}));
  CHECK(position{"here", "", "log.1000000", 4}.covers(
      {"here", "", "log.999999", 4}));
}

TEST_CASE("positions and resume points read back from their text") {
  CHECK(to_string(position{"a b", "0-1-42", "binlog.000001", 1234})
        == "p1;a%20b;0-1-42;binlog.000001;1234");
  REQUIRE(rc::check([] {
    auto p = any_position();
    auto again = parse_position(to_string(p));
    RC_ASSERT(again.has_value());
    RC_ASSERT(*again == p);
    resume_point r{p,
                   {any_bytes(), *rc::gen::arbitrary<uint64_t>(),
                    *rc::gen::arbitrary<uint64_t>(),
                    *rc::gen::arbitrary<uint32_t>(),
                    *rc::gen::arbitrary<uint32_t>()}};
    auto point = parse_resume_point(to_string(r));
    RC_ASSERT(point.has_value());
    RC_ASSERT(*point == r);
  }));
}

TEST_CASE("other texts are no position, and say why") {
  auto why = [](std::string_view text) {
    auto p = parse_position(text);
    REQUIRE_FALSE(p);
    CHECK(p.error().code == errc::invalid);
    return p.error().what;
  };
  CHECK(why("") == "position '': expected version 'p1' at its begin");
  CHECK(why("p2;;;;1").find("version 'p1'") != std::string::npos);
  CHECK(why("p1;;;1").find("5 fields") != std::string::npos);
  CHECK(why("p1;;;f;x").find("a number, got 'x'") != std::string::npos);
  CHECK(why("p1;;;f;").find("a number") != std::string::npos);
  CHECK(why("p1;a%2;;f;1").find("%xx") != std::string::npos);
  CHECK(why("p1;a b;;f;1").find("%xx") != std::string::npos);
  CHECK(why("p1;;0-1;f;1").find("domain-server-number") != std::string::npos);
  CHECK_FALSE(parse_resume_point("p1;;;f;1"));
  REQUIRE(rc::check([] { // whatever passes reads back as itself
    auto text = to_string(any_position());
    text[*rc::gen::inRange<size_t>(0, text.size())]
        = *rc::gen::arbitrary<char>();
    if (auto p = parse_position(text)) {
      auto again = parse_position(to_string(*p));
      RC_ASSERT(again.has_value());
      RC_ASSERT(*again == *p);
    }
  }));
}
