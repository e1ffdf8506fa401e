// Workloads: drawn from the seed alone, with the rates and the popularity that
// the scenario asks for.
#include "tools/workload.hpp"

#include <map>
#include <set>

#include "tests/catch.hpp"

using namespace toadcache;
using namespace std::chrono_literals;

namespace {

scenario two_phases() {
  scenario s;
  s.name = "two";
  s.population = {20, 60, 500, 30, 1, 0.2, 200};
  s.commands = {{action_kind::status, 3}, {action_kind::set_team, 1}};
  s.phases = {{"loud", 10s, 100, 0, 50}, {"quiet", 10s, 0, 10, 0}};
  return s;
}

} // namespace

TEST_CASE("equal seeds give equal workloads, other seeds others") {
  auto s = two_phases();
  population who{s.population, 5, 0};
  auto a = make_workload(s, who, 5);
  auto b = make_workload(s, population{s.population, 5, 0}, 5);
  auto c = make_workload(s, who, 6);
  REQUIRE(a.size() == b.size());
  bool same = true;
  for (size_t i = 0; i < a.size(); ++i)
    same = same && a[i].at == b[i].at && a[i].kind == b[i].kind
           && a[i].by.user == b[i].by.user && a[i].salt == b[i].salt;
  CHECK(same);
  CHECK((a.size() != c.size() || a.front().at != c.front().at));
}

TEST_CASE("phases keep their rates and their times") {
  auto s = two_phases();
  population who{s.population, 5, 0};
  std::map<action_kind, size_t> loud;
  std::map<action_kind, size_t> quiet;
  std::chrono::nanoseconds last{0};
  for (const auto& a : make_workload(s, who, 5)) {
    CHECK(a.at >= last);
    last = a.at;
    ++(a.at < 10s ? loud : quiet)[a.kind];
  }
  CHECK(last < 20s);
  auto commands = loud[action_kind::status] + loud[action_kind::set_team];
  CHECK(commands > 850);
  CHECK(commands < 1150);
  CHECK(loud[action_kind::status] > 2 * loud[action_kind::set_team]);
  CHECK(loud[action_kind::poll] > 380);
  CHECK(loud[action_kind::poll] < 620);
  CHECK(loud[action_kind::score] == 0);
  CHECK(quiet.size() == 1);
  CHECK(quiet[action_kind::score] > 60);
}

TEST_CASE("speakers follow Zipf's law and stay at home") {
  auto s = two_phases();
  population who{s.population, 5, 0};
  random_source random{1};
  std::map<size_t, int> guilds;
  constexpr int draws = 20'000;
  for (int i = 0; i < draws; ++i) {
    auto x = who.draw(random);
    ++guilds[x.guild];
    CHECK(who.home_guild(x.user) == x.guild);
    CHECK(who.channel(x.channel).guild_id == who.guild(x.guild).id);
  }
  // Of 20 guilds with exponent 1 the first has 1 / H(20) = 27.8 %.
  CHECK(guilds[0] > draws * 0.26);
  CHECK(guilds[0] < draws * 0.30);
  CHECK(guilds[0] > guilds[1]);
  CHECK(guilds.size() == 20);
}

TEST_CASE("populations of two runs share no id") {
  auto sizes = two_phases().population;
  std::set<int64_t> ids;
  std::set<int64_t> codes;
  std::set<std::string> profiles;
  for (int run : {0, 1}) {
    population who{sizes, 5, run};
    for (size_t i = 0; i < sizes.guilds_count; ++i)
      ids.insert(who.guild(i).id);
    for (size_t i = 0; i < sizes.channels_count; ++i)
      ids.insert(who.channel(i).id);
    for (size_t i = 0; i < sizes.users_count; ++i) {
      ids.insert(who.user(i).id);
      CHECK(who.profile_id(i).size() == 36);
      profiles.insert(who.profile_id(i));
    }
    for (const auto& x : who.overlays()) {
      codes.insert(x.auth);
      CHECK(who.known(x.user));
    }
  }
  CHECK(ids.size() == 2 * (20 + 60 + 500));
  CHECK(*ids.begin() >= first_simulated_id);
  CHECK(*ids.rbegin() < last_simulated_id);
  CHECK(profiles.size() == 2 * 500);
  CHECK(codes.size() == 2 * 30);
  CHECK(*codes.begin() >= 100'000'000);
  CHECK(*codes.rbegin() < 900'000'000);
}
