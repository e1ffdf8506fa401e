// The report of the benchmarks: ratios, what is skipped, the shape of the JSON.
#include "bench/report.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/catch.hpp"

using namespace toadcache::bench;

namespace {

samples of(std::initializer_list<double> values) {
  samples s;
  for (auto x : values)
    s.add(x);
  return s;
}

report example() {
  report r;
  r.add(make_figure("hit.one_thread", "ns", of({30, 20, 50}), "bare_map",
                    of({40, 60})));
  r.add(make_figure("hit.vs_redis", "ns", of({20}), "redis", of({5000})));
  auto alone = make_figure("check_base_data.warm", "ns", of({800}));
  alone.fields = {{"allocations", 2}};
  r.add(alone);
  figure skipped;
  skipped.name = "miss.single";
  skipped.unit = "ns";
  skipped.peer = "bare_worker";
  skipped.skipped = "no server";
  r.add(skipped);
  return r;
}

} // namespace

TEST_CASE("a figure is the median of its repetitions") {
  CHECK(of({3, 1, 2}).median() == 2);
  CHECK(of({4, 1, 2, 3}).median() == 2.5);
  CHECK(of({3, 1, 2}).low() == 1);
  CHECK(of({3, 1, 2}).high() == 3);
}

TEST_CASE("what is measured takes turns, after one round that does not count") {
  std::string order;
  double n = 0;
  auto got = take_turns(2, {[&] { return order += 'a', ++n; },
                            [&] { return order += 'b', ++n; }});
  CHECK(order == "ababab");
  CHECK(got[0].low() == 3);
  CHECK(got[1].high() == 6);
}

TEST_CASE("a ratio is value to peer, for .vs_ names peer to value") {
  const auto r = example();
  CHECK(r.figures()[0].ratio() == 30.0 / 50.0);
  CHECK(r.figures()[1].ratio() == 250.0);
  CHECK_FALSE(r.figures()[2].ratio().has_value());
  CHECK_FALSE(r.figures()[3].ratio().has_value());
  CHECK(r.has_skipped());
}

TEST_CASE("the JSON of a run has every name, skipped ones too") {
  environment where;
  where.cpu = "a processor";
  where.cores = 2;
  where.load_at_start = 5;
  auto j = nlohmann::json::parse(example().json(where));
  CHECK(j["format"] == 1);
  CHECK(j["environment"]["cpu"] == "a processor");
  CHECK(j["environment"]["warnings"].size() == 2); // unoptimized, and busy
  const auto& all = j["results"];
  REQUIRE(all.size() == 4);
  for (const auto& f : all)
    for (auto name : {"name", "unit", "value", "peer", "peer_value", "ratio"})
      CHECK(f.contains(name));
  CHECK(all[0]["value"] == 30);
  CHECK(all[0]["spread"] == nlohmann::json::array({20, 50}));
  CHECK(all[0]["repetitions"] == 3);
  CHECK(all[1]["ratio"] == 250);
  CHECK(all[2]["peer"].is_null());
  CHECK(all[2]["allocations"] == 2);
  CHECK(all[3]["value"].is_null());
  CHECK(all[3]["skipped"] == "no server");
}

TEST_CASE("the table has a line for every name and says what was skipped") {
  const auto text = example().text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  CHECK(text.find("hit.vs_redis") != std::string::npos);
  CHECK(text.find("SKIPPED: no server") != std::string::npos);
}
