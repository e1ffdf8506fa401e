// One contract for every cache store: the SQLite file of the product and the
// memory image of the deterministic tests.
#include <functional>

#include "storage/cache_store.hpp"
#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"
#include "tests/support/memory_cache_store.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

/// A place that stores are opened on, one after the other.
struct place {
  temporary_folder folder;
  std::shared_ptr<cache_image> image = std::make_shared<cache_image>();
  persistence_options options;
  planted_bugs planted;
  bool sqlite;

  explicit place(bool on_sqlite) : sqlite(on_sqlite) {
    options.file = (folder.path() / "cache.db").string();
    options.compress_from_bytes = 64;
  }
  std::unique_ptr<cache_store> make(std::string identity = "server") {
    if (sqlite)
      return make_cache_store(options, shipped_catalog(), std::move(identity),
                              planted);
    return std::make_unique<memory_cache_store>(image, options,
                                                std::move(identity), planted);
  }
  std::unique_ptr<cache_store> open() {
    auto store = make();
    auto opened = store->open();
    if (!opened)
      throw std::runtime_error(to_string(opened.error()));
    return store;
  }
};

place any_place() {
  return place{GENERATE(false, true)};
}

cache_store::batch puts(std::vector<disk_entry> entries) {
  cache_store::batch b;
  for (auto& e : entries)
    b.items.push_back({std::move(e), false});
  return b;
}

cache_store::batch erases(std::vector<key> ids) {
  cache_store::batch b;
  for (auto& id : ids) {
    disk_entry e;
    e.id = id;
    b.items.push_back({e, true});
  }
  return b;
}

std::string stored_name(cache_store& store, int64_t id) {
  std::vector<key> ids{row_key("user", id)};
  auto loaded = store.load(ids);
  if (!loaded)
    return std::string{to_string(loaded.error().code)};
  return loaded->empty() ? "-" : name_of(loaded->front());
}

bool is_current(cache_store& store, const key& id) {
  std::vector<key> ids{id};
  auto loaded = store.load(ids);
  return loaded && !loaded->empty() && loaded->front().current_run;
}

const wall_time noon{1000h};

} // namespace

TEST_CASE("cache store: entries come back as they were put") {
  auto p = any_place();
  auto store = p.open();
  auto big = user(2, std::string(60000, 'x'), noon);
  auto binary = user(3, std::string("a\0b\xff", 4), noon);
  auto list = channels_of(7, {1, -2, 300}, noon);
  auto empty = channels_of(8, {}, noon);
  REQUIRE(store->apply(puts({user(1, "ann", noon), big, binary, list, empty,
                             row_entry("guild", 1, "other type")})));
  std::vector<key> ids{list.id, row_key("user", 1), row_key("user", 99),
                       big.id,  binary.id,          empty.id};
  auto loaded = store->load(ids);
  REQUIRE(loaded);
  REQUIRE(loaded->size() == 5);
  for (auto& e : *loaded) {
    CHECK(e.current_run);
    CHECK(e.fetched == noon);
  }
  CHECK((*loaded)[0].list == list.list);
  CHECK(name_of((*loaded)[1]) == "ann");
  CHECK((*loaded)[2].content == big.content);
  CHECK((*loaded)[3].content == binary.content);
  CHECK((*loaded)[4].id == empty.id);
  CHECK((*loaded)[4].list.empty());
  auto now = store->statistics();
  REQUIRE(now);
  CHECK(now->rows == 4);
  CHECK(now->lists == 2);
  CHECK(now->bytes > 0);
  CHECK(now->damaged == 0);
}

TEST_CASE("cache store: a batch is applied in order") {
  auto p = any_place();
  auto store = p.open();
  REQUIRE(store->apply(puts({user(1, "old"), user(2, "old")})));
  auto b = puts({user(1, "new")});
  b.items.push_back(erases({row_key("user", 1)}).items[0]);
  b.items.push_back({user(3, "once"), false});
  b.items.push_back({user(3, "twice"), false});
  b.flushed_types.push_back(row_key("user", 1).type());
  REQUIRE(store->apply(b));
  CHECK(stored_name(*store, 1) == "-");
  CHECK(stored_name(*store, 2) == "-");
  CHECK(stored_name(*store, 3) == "twice");
}

TEST_CASE("cache store: flushing a type takes its rows and lists") {
  auto p = any_place();
  auto store = p.open();
  auto list = channels_of(1, {2});
  auto channel = row_key("channel", 2);
  REQUIRE(store->apply(puts({user(1, "x"), list})));
  cache_store::batch b;
  b.flushed_types.push_back(channel.type());
  REQUIRE(store->apply(b));
  std::vector<key> ids{list.id};
  CHECK(store->load(ids)->empty());
  CHECK(stored_name(*store, 1) == "x");
}

TEST_CASE("cache store: runs are told apart, clean ends from unclean ones") {
  auto p = any_place();
  {
    auto store = p.make();
    auto first = store->open();
    REQUIRE(first);
    CHECK_FALSE(first->existed);
    CHECK(first->moved_to.empty());
    REQUIRE(store->apply(puts({user(1, "a"), user(2, "b")})));
    CHECK(is_current(*store, row_key("user", 1)));
    REQUIRE(store->close());
    CHECK(stored_name(*store, 1) == "tier_closed");
  }
  {
    auto store = p.make();
    auto second = store->open();
    REQUIRE(second);
    CHECK(second->existed);
    CHECK(second->clean);
    CHECK_FALSE(is_current(*store, row_key("user", 1)));
    REQUIRE(store->apply(puts({user(1, "again")})));
    CHECK(is_current(*store, row_key("user", 1)));
    auto scanned = store->scan(row_key("user", 1).type(), 0, 10);
    REQUIRE(scanned);
    REQUIRE(scanned->keys.size() == 2);
    for (auto& [id, current] : scanned->keys)
      CHECK(current == (id == row_key("user", 1)));
  } // not closed: as a crash
  auto store = p.make();
  auto third = store->open();
  REQUIRE(third);
  CHECK(third->existed);
  CHECK_FALSE(third->clean);
  CHECK(stored_name(*store, 1) == "again");
  CHECK_FALSE(is_current(*store, row_key("user", 1)));
}

namespace {

cache_store::batch checkpoint_of(std::string text) {
  cache_store::batch b;
  b.checkpoint = std::move(text);
  return b;
}

/// Of user 1: whether a scan takes it for followed.
bool is_followed(cache_store& store) {
  auto scanned = store.scan(row_key("user", 1).type(), 0, 10);
  return scanned && scanned->keys.size() == 1 && scanned->keys[0].second;
}

} // namespace

TEST_CASE("cache store: a checkpoint names the run that left it") {
  auto p = any_place();
  {
    auto store = p.make();
    auto first = store->open();
    REQUIRE(first);
    CHECK_FALSE(first->checkpoint);
    REQUIRE(store->apply(puts({user(1, "a")})));
    REQUIRE(store->apply(checkpoint_of("here")));
    REQUIRE(store->apply(checkpoint_of("there; with blanks\n")));
  } // a crash
  {
    auto store = p.make();
    auto second = store->open();
    REQUIRE(second);
    CHECK(second->checkpoint == "there; with blanks\n");
    CHECK(is_followed(*store));
    CHECK_FALSE(is_current(*store, row_key("user", 1)));
    SECTION("its entries are current again when the run is continued") {
      REQUIRE(store->continue_run());
      CHECK(is_current(*store, row_key("user", 1)));
      CHECK(is_followed(*store));
    }
    SECTION("a new run ends that") {
      REQUIRE(store->continue_run());
      REQUIRE(store->begin_run());
      CHECK_FALSE(is_current(*store, row_key("user", 1)));
      CHECK_FALSE(is_followed(*store));
    }
    SECTION("a run that stores none leaves the earlier one") {
      REQUIRE(store->apply(puts({user(1, "of the second run")})));
      store.reset();
      store = p.make();
      auto third = store->open();
      REQUIRE(third);
      CHECK(third->checkpoint == "there; with blanks\n");
      CHECK_FALSE(is_followed(*store)); // nobody followed the second
    }
    SECTION("a continued run stores its own") {
      REQUIRE(store->continue_run());
      REQUIRE(store->apply(checkpoint_of("later")));
      store.reset();
      store = p.make();
      auto third = store->open();
      REQUIRE(third);
      CHECK(third->checkpoint == "later");
      CHECK(is_followed(*store));
    }
  }
}

TEST_CASE("cache store: a checkpoint of a batch that fails is not stored") {
  auto p = place{false};
  auto store = p.open();
  p.image->fail_applies = 1;
  CHECK_FALSE(store->apply(checkpoint_of("here")));
  CHECK_FALSE(p.image->checkpoint);
}

TEST_CASE("cache store: scans yield every key once, in slices") {
  auto p = any_place();
  auto store = p.open();
  std::vector<disk_entry> entries;
  for (int64_t i = 0; i < 25; ++i) {
    entries.push_back(row_entry("user", i, "x"));
    entries.push_back(channels_of(i, {1}));
  }
  REQUIRE(store->apply(puts(entries)));
  for (auto type : {row_key("user", 0).type(), row_key("channel", 0).type()}) {
    std::vector<key> seen;
    int64_t after = 0;
    for (;;) {
      auto slice = store->scan(type, after, 10);
      REQUIRE(slice);
      if (slice->keys.empty())
        break;
      CHECK(slice->keys.size() <= 10);
      after = slice->last;
      for (auto& [id, current] : slice->keys) {
        CHECK(current);
        seen.push_back(id);
      }
    }
    CHECK(seen.size() == 25);
    for (auto& e : entries)
      CHECK(std::count(seen.begin(), seen.end(), e.id)
            == (e.id.type() == type ? 1 : 0));
  }
}

TEST_CASE("cache store: clean-up removes by age, then the oldest") {
  auto p = any_place();
  p.options.ttl = 1h;
  p.options.max_bytes = 400000;
  auto store = p.open();
  REQUIRE(store->apply(puts({user(1, "old", noon - 2h), user(2, "new", noon),
                             channels_of(3, {4}, noon - 61min)})));
  auto removed = store->clean_up(noon, 1000);
  REQUIRE(removed);
  CHECK(removed->size() == 2);
  CHECK(stored_name(*store, 1) == "-");
  CHECK(stored_name(*store, 2) == "new");
  CHECK(store->clean_up(noon, 1000)->empty());
  CHECK(store->clean_up(noon + 61min, 1)->size() == 1);
  CHECK(stored_name(*store, 2) == "-");

  std::string noise;
  for (int i = 0; i < 4000; ++i)
    noise += static_cast<char>(' ' + (i * i * 31 + i / 7) % 90);
  p.options.compress_from_bytes = 1u << 20;
  store.reset();
  store = p.open();
  std::vector<disk_entry> many;
  for (int64_t i = 0; i < 1000; ++i)
    many.push_back(user(100 + i, noise, noon - milliseconds{i}));
  REQUIRE(store->apply(puts(many)));
  CHECK(store->statistics()->bytes > p.options.max_bytes);
  removed = store->clean_up(noon, 1000);
  REQUIRE(removed);
  CHECK(store->statistics()->bytes <= p.options.max_bytes);
  CHECK(stored_name(*store, 100 + 999) == "-");
  CHECK(store->statistics()->rows + removed->size() == 1000);
}

TEST_CASE("cache store: the log yields the newest records first") {
  auto p = any_place();
  auto store = p.open();
  cache_store::batch b;
  for (int i = 0; i < 5; ++i)
    b.records.push_back(
        {noon + milliseconds{i}, "key", "user", std::to_string(i), "write"});
  REQUIRE(store->apply(b));
  auto log = store->log(2);
  REQUIRE(log);
  CHECK(*log == std::vector<invalidation_record>{b.records[4], b.records[3]});
  CHECK(store->log(100)->size() == 5);
}

TEST_CASE("cache store: one owner at a time") {
  auto p = any_place();
  auto first = p.open();
  REQUIRE(first->apply(puts({user(1, "a")})));
  auto second = p.make();
  auto refused = second->open();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::tier_closed);
  CHECK(refused.error().what.find("is in use by another process")
        != std::string::npos);
  CHECK(stored_name(*second, 1) == "tier_closed");
  CHECK(stored_name(*first, 1) == "a"); // not moved aside
  first.reset();
  CHECK(second->open());
  CHECK(stored_name(*second, 1) == "a");
}

TEST_CASE("cache store: planted: two owners take each other's rows for their "
          "own") {
  auto p = any_place();
  p.planted = planted_bugs{planted_bug::second_process_on_cache_file};
  auto first = p.open();
  REQUIRE(first->apply(puts({user(1, "a")})));
  auto second = p.make();
  REQUIRE(second->open());
  CHECK(is_current(*second, row_key("user", 1)));
}

TEST_CASE("cache store: another database's file is moved aside") {
  auto p = any_place();
  auto store = p.open();
  REQUIRE(store->apply(puts({user(1, "a")})));
  REQUIRE(store->close());
  store = p.make("restored elsewhere");
  auto opened = store->open();
  REQUIRE(opened);
  CHECK_FALSE(opened->existed);
  CHECK_FALSE(opened->moved_to.empty());
  CHECK(opened->reason.find("another database") != std::string::npos);
  CHECK(stored_name(*store, 1) == "-");
}

TEST_CASE("cache store: before open and after close everything is refused") {
  auto p = any_place();
  auto store = p.make();
  CHECK(store->apply({}).error().code == errc::tier_closed);
  CHECK(stored_name(*store, 1) == "tier_closed");
  CHECK_FALSE(store->scan(0, 0, 1));
  CHECK_FALSE(store->clean_up(noon, 1000));
  CHECK_FALSE(store->log(1));
  CHECK_FALSE(store->statistics());
  CHECK_FALSE(store->close());
}
