// Several cache actors for one entity type: to a caller they are one.
#include <caf/send.hpp>

#include "actors/runtime.hpp"
#include "tests/catch.hpp"
#include "tests/client/live_cache.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

constexpr int64_t guild_count = 30;

struct partitioned : live_database {
  partitioned() { config.memory.partitions_count = 3; }
};

void make_guilds(cache& c) {
  for (int64_t id = 1; id <= guild_count; ++id)
    must(c.entity("guild")
             .create({{"id", id}, {"name", "guild " + std::to_string(id)}})
             .get());
}

std::vector<value> all_ids() {
  std::vector<value> ids;
  for (int64_t id = 1; id <= guild_count; ++id)
    ids.emplace_back(id);
  return ids;
}

const shared_state& state_of(const cache& c) {
  return *c.running()->shared();
}

} // namespace

TEST_CASE("a row is held by the one cache that owns its key") {
  partitioned db;
  auto c = db.open();
  make_guilds(c);
  auto& shared = state_of(c);
  auto type = shared.types->find("guild")->id;
  REQUIRE(shared.caches.count_of(type) == 3);
  size_t held = 0;
  for (auto id : shared.caches.of(type)) {
    auto& p = *shared.partitions[id];
    CHECK(p.row_count() > 0);
    for (size_t b = 0; b < p.bucket_count(); ++b)
      p.for_each_in(b, [&](const entry& e) {
        ++held;
        CHECK(shared.caches.owner_of(e.id(type)) == id);
      });
  }
  CHECK(held == static_cast<size_t>(guild_count));
  CHECK(c.statistics().find("guild")->rows == static_cast<size_t>(guild_count));
}

TEST_CASE("keys that a collation may take for one another meet in one cache") {
  partitioned db;
  auto c = db.open();
  auto& shared = state_of(c);
  CHECK(shared.caches.count_of(shared.types->find("profile")->id) == 1);
}

TEST_CASE("many rows of several caches come in the order asked") {
  partitioned db;
  {
    auto writer = db.open();
    make_guilds(writer);
  }
  auto c = db.open();
  for (int pass = 0; pass < 2; ++pass) { // missing, then resident
    auto found = must(c.entity("guild").find_many(all_ids()).get());
    REQUIRE(found.size() == static_cast<size_t>(guild_count));
    for (int64_t id = 1; id <= guild_count; ++id)
      CHECK(found[static_cast<size_t>(id - 1)].int_at("id") == id);
  }
  CHECK(c.statistics().find("guild")->hits
        == static_cast<uint64_t>(guild_count));
}

TEST_CASE("lists follow the rows of other caches") {
  partitioned db;
  auto c = db.open();
  make_guilds(c);
  auto channels = c.entity("channel");
  auto names_in = [&](int64_t guild) {
    std::vector<std::string> names;
    for (auto& r : must(channels.find_all("guild", guild).get()))
      names.emplace_back(r.text_at("name"));
    return names;
  };
  using texts = std::vector<std::string>;
  for (int64_t id = 1; id <= 12; ++id)
    must(channels.create({{"id", id}, {"name", "c"}, {"guild_id", id % 2 + 1}})
             .get());
  CHECK(names_in(1).size() == 6);
  CHECK(names_in(2).size() == 6);
  for (int64_t id = 2; id <= 12; id += 2) {
    must(channels.update(id, {{"name", "n"}}).get());
    CHECK(names_in(1) == [&] {
      texts expected;
      for (int64_t k = 2; k <= 12; k += 2)
        expected.emplace_back(k <= id ? "n" : "c");
      return expected;
    }());
  }
  must(channels.update(2, {{"guild_id", 2}}).get());
  CHECK(names_in(1).size() == 5);
  CHECK(names_in(2).size() == 7);
  must(channels.destroy(4).get());
  CHECK(names_in(1).size() == 4);
  must(c.clear_all().get());
  CHECK(names_in(2).size() == 7);
}

TEST_CASE("a cache that fails takes no other one's rows with it") {
  partitioned db;
  auto c = db.open();
  make_guilds(c);
  auto& shared = state_of(c);
  auto type = shared.types->find("guild")->id;
  auto first = shared.caches.of(type).front();
  auto restarts = c.statistics().actor_restarts;
  caf::anon_send(c.running()->node(), std::string{"entity-cache:guild:0"},
                 fail_now{});
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (c.statistics().actor_restarts == restarts) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    must(c.entity("guild").find_by_pk(1).get());
  }
  for (auto id : shared.caches.of(type))
    if (id != first)
      CHECK(shared.partitions[id]->row_count() > 0);
  for (int64_t id = 1; id <= guild_count; ++id) {
    must(c.entity("guild").update(id, {{"name", "again"}}).get());
    CHECK(must(c.entity("guild").find_by_pk(id).get()).text_at("name")
          == "again");
  }
}
