#include "tests/simulation/history.hpp"

#include "tests/catch.hpp"

using namespace toadcache;
using namespace toadcache::simulation;

namespace {

const key a{0, 0, "a"};
const key b{0, 0, "b"};
const key list{1, 2, "a"};
constexpr auto second = milliseconds{1000};

struct oracle_fixture {
  sim_time time;
  history past{time};
  process_id p = past.process_begins();
  uint64_t commits = 0;
  std::string asked = "a";

  void pass(milliseconds t) { time.now += t; }
  uint64_t commit(std::vector<register_version> versions,
                  std::vector<uint64_t> writes = {}) {
    past.commit_visible(++commits, writes, std::move(versions));
    return commits;
  }
  // A write of `value` to a, acknowledged.
  void write(const std::string& value) {
    auto w = past.write_begins(p, "update a", second);
    commit({{a, value}}, {w});
    past.write_ends(w, write_end::acknowledged, {{a}});
  }
  uint64_t begin(const key& k = a, std::optional<milliseconds> max_age = {}) {
    return past.read_begins(p, k, asked, second, max_age);
  }
  void read(const std::string& value, const key& k = a) {
    past.read_ends(begin(k), {value});
  }
  bool lawful() { return past.violations().empty(); }
};

} // namespace

TEST_CASE_METHOD(oracle_fixture, "a value that was never committed is refused",
                 "[history]") {
  read("");
  CHECK(lawful());
  read("ghost");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a read before visibility is refused",
                 "[history]") {
  auto r = begin();
  past.read_ends(r, {"v1"});
  CHECK_FALSE(lawful());
  commit({{a, "v1"}});
  CHECK(past.violations().size() == 1);
}

TEST_CASE_METHOD(oracle_fixture, "an acknowledged write must be seen",
                 "[history]") {
  write("v1");
  write("v2");
  read("v2");
  CHECK(lawful());
  read("v1");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a deletion is not taken for another's",
                 "[history]") {
  write("v1");
  auto w = past.write_begins(p, "destroy a", second);
  past.commit_visible(++commits, {}, {{a, ""}, {b, "v2"}}, another_program);
  past.commit_visible(++commits, {}, {{a, "v3"}}, another_program);
  past.commit_visible(++commits, {}, {{a, ""}}, p);
  past.write_ends(w, write_end::acknowledged, {{a, true}});
  read("", b); // what the other one did is not known here
  CHECK(lawful());
  read("v3");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a read that began before may see either",
                 "[history]") {
  auto r = begin();
  auto s = begin();
  write("v1");
  past.read_ends(r, {""});
  past.read_ends(s, {"v1"});
  CHECK(lawful());
}

TEST_CASE_METHOD(oracle_fixture,
                 "what others wrote longer ago than the lease "
                 "allows must be seen as fresh",
                 "[history]") {
  auto read_with_feed = [&](const std::string& value, bool fresh) {
    auto r = past.read_begins(p, a, asked, second, {}, milliseconds{200});
    past.read_ends(r, {value, fresh});
  };
  commit({{a, "v1"}});
  pass(milliseconds{200});
  read_with_feed("", true);
  CHECK(lawful());
  pass(milliseconds{1});
  read_with_feed("", false); // marked
  read("");                  // by a process that makes no such promise
  CHECK(lawful());
  read_with_feed("", true);
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a newer value seen hides the older",
                 "[history]") {
  commit({{a, "v1"}}); // by another writer, not announced
  read("");
  CHECK(lawful());
  read("v1");
  CHECK(lawful());
  read("");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "another spelling is cached apart",
                 "[history]") {
  commit({{a, "v1"}});
  commit({{a, "v2"}});
  SECTION("what one has seen does not bind the other") {
    asked = "A";
    read("v2");
    asked = "a";
    read("v1");
    CHECK(lawful());
  }
  SECTION("unless it has seen the other's row") {
    asked = "A";
    read_answer answer{"v2"};
    answer.own = "a";
    past.read_ends(begin(), answer);
    asked = "a";
    read("v1");
    CHECK_FALSE(lawful());
  }
  SECTION("a write binds all") {
    write("v3");
    asked = "A";
    read("v2");
    CHECK_FALSE(lawful());
  }
}

TEST_CASE_METHOD(oracle_fixture, "reads that overlap may disagree",
                 "[history]") {
  commit({{a, "v1"}});
  auto r = begin();
  auto s = begin();
  past.read_ends(r, {"v1"});
  past.read_ends(s, {""});
  CHECK(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a value that returns is not stale",
                 "[history]") {
  write("v1");
  commit({{a, "v2"}});
  commit({{a, "v1"}});
  read("v2");
  read("v1");
  CHECK(lawful());
  read("v2");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "stale-marked reads need a committed value",
                 "[history]") {
  write("v1");
  write("v2");
  past.read_ends(begin(), {"v1", false});
  CHECK(lawful());
  past.read_ends(begin(), {"ghost", false});
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a read past the cache sees its own time",
                 "[history]") {
  commit({{a, "v1"}});
  past.read_ends(begin(), {"v1", true, true});
  read(""); // gives the cache no bound
  CHECK(lawful());
  past.read_ends(begin(), {"", true, true});
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "an age and max_age name the state",
                 "[history]") {
  pass(second);
  commit({{a, "v1"}});
  pass(second);
  past.read_ends(begin(), {"", true, false, false, milliseconds{1500}});
  CHECK(lawful());
  past.read_ends(begin(), {"", true, false, false, milliseconds{500}});
  CHECK(past.violations().size() == 1);
  past.read_ends(begin(a, milliseconds{2000}), {""});
  CHECK(past.violations().size() == 1);
  past.read_ends(begin(a, milliseconds{200}), {""});
  CHECK(past.violations().size() == 2);
}

TEST_CASE_METHOD(oracle_fixture, "an applied invalidation gives a bound",
                 "[history]") {
  commit({{a, "v1"}, {b, "w1"}});
  auto r = begin();
  auto i = past.invalidation_begins(p, [](const key& k) { return k == a; });
  commit({{a, "v2"}});
  past.invalidation_ends(i);
  past.read_ends(r, {""});
  read("v1");
  read("", b);
  CHECK(lawful());
  read("");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "an invalidation of everything", "[history]") {
  commit({{b, "w1"}});
  past.invalidation_ends(
      past.invalidation_begins(p, [](const key&) { return true; }));
  read("", b);
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a new process sees nothing older than it",
                 "[history]") {
  commit({{a, "v1"}});
  past.process_ends(p);
  p = past.process_begins();
  read("");
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "another process is not bound by a write",
                 "[history]") {
  auto other = past.process_begins();
  write("v1");
  past.read_ends(past.read_begins(other, a, "a", second), {""});
  CHECK(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "the rows of a list are reads, too",
                 "[history]") {
  commit({{list, list_value({a})}, {a, "v1"}});
  write("v2");
  read_answer answer{list_value({a})};
  answer.rows = {{a, "a", "v2"}};
  past.read_ends(begin(list), answer);
  CHECK(lawful());
  answer.rows = {{a, "a", "v1"}};
  past.read_ends(begin(list), answer);
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a list read may miss what has moved",
                 "[history]") {
  auto members = [](std::vector<key> all) { return list_value(all); };
  CHECK(list_members(members({a, b})) == std::vector<std::string>{"a", "b"});
  commit({{list, members({a, b})}});
  auto begin_list = [&] { return begin(list); };
  auto answer = [](std::string v) {
    read_answer out{std::move(v)};
    out.filtered = true;
    return out;
  };
  past.read_ends(begin_list(), answer(members({a, b})));
  auto r = begin_list();
  SECTION("while it was read") {
    commit({{list, members({b})}});
    commit({{list, members({a})}});
    past.read_ends(r, answer("")); // a and b each were out for a moment
    CHECK(lawful());
  }
  SECTION("but not what was there all the time") {
    commit({{list, members({b})}});
    past.read_ends(r, answer(""));
    CHECK_FALSE(lawful());
  }
  SECTION("nor hold what never was") {
    past.read_ends(r, answer(members({a, b, {0, 0, "c"}})));
    CHECK_FALSE(lawful());
  }
  SECTION("and an unfiltered answer is exact") {
    commit({{list, members({b})}});
    commit({{list, members({a})}});
    past.read_ends(r, {""});
    CHECK_FALSE(lawful());
  }
}

TEST_CASE_METHOD(oracle_fixture, "all keys of a commit are bound",
                 "[history]") {
  auto w = past.write_begins(p, "create a", second);
  commit({{a, "v1"}, {list, "a"}}, {w});
  past.write_ends(w, write_end::acknowledged, {{a}});
  read("", list);
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a write acknowledged but never committed",
                 "[history]") {
  auto w = past.write_begins(p, "update a", second);
  past.write_ends(w, write_end::acknowledged, {{a}});
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a write acknowledged but torn", "[history]") {
  auto w = past.write_begins(p, "update a and b", second);
  commit({{b, "w1"}}, {w});
  past.write_ends(w, write_end::acknowledged, {{a}, {b}});
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a write carried out twice", "[history]") {
  auto w = past.write_begins(p, "update a", second);
  commit({{a, "v1"}}, {w});
  CHECK(lawful());
  commit({{a, "v1"}}, {w});
  CHECK_FALSE(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a write reported as failed", "[history]") {
  auto w = past.write_begins(p, "update a", second);
  SECTION("committed before") {
    commit({{a, "v1"}}, {w});
    past.write_ends(w, write_end::failed, {});
    CHECK_FALSE(lawful());
  }
  SECTION("committed later") {
    past.write_ends(w, write_end::failed, {});
    CHECK(lawful());
    commit({{a, "v1"}}, {w});
    CHECK_FALSE(lawful());
  }
  SECTION("not committed") {
    past.write_ends(w, write_end::failed, {});
    CHECK(lawful());
  }
}

TEST_CASE_METHOD(oracle_fixture, "an unknown write may come later",
                 "[history]") {
  auto w = past.write_begins(p, "update a", second);
  past.write_ends(w, write_end::unknown, {});
  read("");
  commit({{a, "v1"}}, {w});
  read("");
  read("v1");
  CHECK(lawful());
}

TEST_CASE_METHOD(oracle_fixture, "a destroy leaves an absence", "[history]") {
  write("v1");
  auto w = past.write_begins(p, "destroy a", second);
  SECTION("that happened") {
    commit({{a, ""}});
    past.write_ends(w, write_end::acknowledged, {{a, true}});
    read("");
    CHECK(lawful());
    read("v1");
    CHECK_FALSE(lawful());
  }
  SECTION("that did not happen") {
    past.write_ends(w, write_end::acknowledged, {{a, true}});
    CHECK_FALSE(lawful());
  }
}

TEST_CASE_METHOD(oracle_fixture, "the row answered to a write is its own",
                 "[history]") {
  auto w = past.write_begins(p, "update a", second);
  commit({{a, "v1"}}, {w});
  SECTION("read back") {
    past.write_ends(w, write_end::acknowledged, {{a}}, {{a, "v1"}});
    CHECK(lawful());
  }
  SECTION("made up") {
    past.write_ends(w, write_end::acknowledged, {{a}}, {{a, "v1x"}});
    CHECK_FALSE(lawful());
  }
}

TEST_CASE_METHOD(oracle_fixture, "every request is answered in time",
                 "[history]") {
  auto r = begin();
  auto w = past.write_begins(p, "update a", second);
  SECTION("late") {
    pass(second * 2);
    past.read_ends(r, {""});
    past.write_ends(w, write_end::failed, {});
    CHECK(past.violations().size() == 2);
  }
  SECTION("not yet, then not at all") {
    past.check_deadlines();
    CHECK(lawful());
    pass(second * 2);
    past.check_deadlines();
    CHECK(past.violations().size() == 2);
    past.finish();
    CHECK(past.violations().size() == 2);
  }
  SECTION("never") {
    past.finish();
    CHECK(past.violations().size() == 2);
  }
  SECTION("an error is an answer") {
    past.read_fails(r);
    past.write_ends(w, write_end::failed, {});
    past.finish();
    CHECK(lawful());
  }
  SECTION("nobody is left to hear it") {
    past.process_ends(p);
    pass(second * 2);
    past.check_deadlines();
    past.read_ends(r, {"ghost"});
    past.write_ends(w, write_end::failed, {});
    past.finish();
    CHECK(lawful());
  }
}

TEST_CASE_METHOD(oracle_fixture, "resident entries are judged at the end",
                 "[history]") {
  write("v1");
  pass(second);
  past.check_resident(p, a, "a", "v1", milliseconds{0});
  CHECK(lawful());
  past.check_resident(p, a, "a", "", milliseconds{0});
  CHECK(past.violations().size() == 1);
  pass(second);
  commit({{a, "v2"}});
  pass(second);
  past.check_resident(p, a, "a", "v1", milliseconds{1500});
  CHECK(past.violations().size() == 1);
  past.check_resident(p, a, "a", "v1", milliseconds{500});
  CHECK(past.violations().size() == 2);
}

TEST_CASE_METHOD(oracle_fixture, "a violation names what is wrong",
                 "[history]") {
  past.describe
      = [](const key&, const std::string& v) { return "<" + v + ">"; };
  write("v1");
  read("v0");
  REQUIRE(past.violations().size() == 1);
  auto& line = past.violations().front();
  CHECK(line.find("saw <v0>") != std::string::npos);
  CHECK(line.find("commit 1 at order") != std::string::npos);
  CHECK(past.judged_count() == 2);
  CHECK(past.commit_count() == 1);
  CHECK(past.current(a) == "v1");
  CHECK(past.current(b).empty());
}
