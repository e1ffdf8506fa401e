// The simulated log as a reader meets it.
#include "tests/simulation/sim_log.hpp"

#include "tests/catch.hpp"
#include "tests/simulation/sim_catalog.hpp"
#include "tests/simulation/sim_database.hpp"

using namespace toadcache;
using namespace toadcache::simulation;

namespace {

struct log_fixture {
  sim_time time;
  catalog_ptr types = sim_catalog();
  const entity_type& owner = (*types)[owner_type];
  sim_server server{types, time, 1};
  sim_log log{server, {}, 1};
  std::shared_ptr<sim_link> link = std::make_shared<sim_link>();
  std::vector<std::string> backups; ///< origins of what a backup changes

  log_fixture() {
    link->silent_from = SIZE_MAX;
    server.on_logged = [this](const sim_commit& c) { log.append(c); };
    server.on_visible = [this](const sim_commit& c) {
      if (c.origin == "backup")
        backups.push_back(c.origin);
    };
  }
  void make_owner(int64_t id) {
    auto s = open_session(server, "test", true).value();
    REQUIRE(s->insert(
        owner, {{owner_column::id, id}, {owner_column::name, "of a test"}}));
  }
  void restore(const sim_server::backup& tables, size_t count) {
    server.stop();
    server.restore(tables);
    log.restore(count);
    server.start();
  }
};

} // namespace

TEST_CASE_METHOD(log_fixture, "a restored server has another history",
                 "[sim_log]") {
  make_owner(1);
  auto old = server.back_up();
  auto reader = log.open(link, stream_bug::none);
  auto before = reader->connect({}).value();
  make_owner(2);
  REQUIRE(reader->next(milliseconds{0}).value());
  auto place = reader->place();

  restore(old, 1);
  CHECK(backups.size() == 1);
  CHECK(server.rows(owner.id).size() == 1);
  CHECK(reader->next(milliseconds{0}).error().fault
        == stream_fault::connection_lost);
  CHECK(reader->probe().error().fault == stream_fault::connection_lost);

  make_owner(3); // stands where the lost one stood, under its id
  CHECK(reader->connect(place).error().fault == stream_fault::position_lost);
  auto again = reader->connect(before);
  REQUIRE(again);
  auto news = reader->next(milliseconds{0});
  REQUIRE(news);
  REQUIRE(*news);
  CHECK((*news)->end.at == place.at);
  CHECK((*news)->changes.front().rows.after.int_at(owner_column::id) == 3);

  auto blind = log.open(link, stream_bug::restored_taken_for_old);
  CHECK(blind->connect(place));
}

TEST_CASE_METHOD(log_fixture, "a purged place is lost", "[sim_log]") {
  make_owner(1);
  auto reader = log.open(link, stream_bug::none);
  auto place = reader->connect({}).value();
  make_owner(2);
  log.purge();
  CHECK(reader->connect(place).error().fault == stream_fault::position_lost);
  CHECK(reader->connect({}));
}
