#include "actors/persistence.hpp"

#include "actors/spawn_blocking.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"
#include "tests/support/memory_cache_store.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

struct persistence_fixture : actor_fixture {
  std::shared_ptr<cache_image> image = std::make_shared<cache_image>();
  std::vector<key> lost; // told to the ENTITY CACHE of users
  persistence_actor disk;

  explicit persistence_fixture(options o = {}) : actor_fixture(std::move(o)) {
    shared->make_store = [this]() -> std::unique_ptr<cache_store> {
      return std::make_unique<memory_cache_store>(image,
                                                  shared->config.persistence);
    };
    auto sink = system.spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {[this](erase_entries& msg) {
        lost.insert(lost.end(), msg.ids.begin(), msg.ids.end());
      }};
    });
    auto users = type_named(*shared->types, "user").id;
    shared->actors.set_cache(users,
                             caf::actor_cast<entity_cache_actor>(own(sink)));
  }

  /// Spawns PERSISTENCE; `opened`: lets it open its store.
  void start(bool opened = true) {
    disk = own(persistence_actor{system.spawn(persistence, shared)});
    if (opened)
      run();
  }
  void put(disk_entry e) { send(disk, put_entries{{std::move(e)}}); }
  void erase(key id) { send(disk, erase_entries{{std::move(id)}}); }
  result<loaded_entries> load(std::vector<key> ids) {
    return ask_now<loaded_entries>(disk, load_entries{std::move(ids)});
  }
  /// The stored name of a user, "-" when there is none, else the error.
  std::string stored_name(int64_t id) {
    auto loaded = load({row_key("user", id)});
    if (!loaded)
      return std::string{to_string(loaded.error().code)};
    return loaded->entries.empty() ? "-" : name_of(loaded->entries[0]);
  }
};

options small_queue() {
  options o;
  o.persistence.queue_count = 3;
  o.persistence.group_commit_count = 1000;
  return o;
}

} // namespace

TEST_CASE("puts, erases and loads take effect in the order sent") {
  persistence_fixture f;
  f.start();
  CHECK(f.shared->count.disk_closed == 0);
  f.put(user(1, "first"));
  f.put(user(1, "second"));
  f.put(user(2, "gone"));
  f.erase(row_key("user", 2));
  f.erase(row_key("user", 3));
  f.put(user(3, "back"));
  auto early
      = f.load({row_key("user", 1), row_key("user", 2), row_key("user", 3)});
  f.put(user(1, "third"));
  REQUIRE(early);
  REQUIRE(early->entries.size() == 2);
  CHECK(name_of(early->entries[0]) == "second");
  CHECK(name_of(early->entries[1]) == "back");
  CHECK(early->entries[0].current_run);
  CHECK(f.stored_name(1) == "third");
  CHECK(f.lost.empty());
}

TEST_CASE("what arrives within the delay is committed together") {
  persistence_fixture f;
  f.start();
  for (int i = 0; i < 10; ++i)
    f.put(user(i, "x"));
  f.run();
  CHECK(f.image->commits == 0);
  f.advance(defaults::group_commit_delay);
  CHECK(f.image->commits == 1);
  CHECK(f.image->entries.size() == 10);
  CHECK(f.shared->count.disk_puts == 10);
  CHECK(f.shared->count.disk_commits == 1);
  f.erase(row_key("user", 4));
  f.advance(defaults::group_commit_delay);
  CHECK(f.image->commits == 2);
  CHECK(f.shared->count.disk_erases == 1);
}

TEST_CASE("a full group is committed without waiting") {
  options o;
  o.persistence.group_commit_count = 4;
  persistence_fixture f{o};
  f.start();
  for (int i = 0; i < 4; ++i)
    f.put(user(i, "x"));
  f.run();
  CHECK(f.image->commits == 1);
  CHECK(f.image->entries.size() == 4);
}

TEST_CASE("a flush is answered when all is written") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "x"));
  CHECK(f.ask_now<flushed_disk>(f.disk, flush_disk{}));
  CHECK(f.image->entries.size() == 1);
}

TEST_CASE("puts beyond the queue are shed as erases and told") {
  persistence_fixture f{small_queue()};
  f.start();
  f.put(user(4, "old"));
  CHECK(f.ask_now<flushed_disk>(f.disk, flush_disk{}));
  for (int i = 1; i <= 5; ++i)
    f.put(user(i, "new"));
  f.run();
  CHECK(f.shared->count.disk_shed == 2);
  CHECK(f.lost == std::vector<key>{row_key("user", 4), row_key("user", 5)});
  CHECK(f.stored_name(3) == "new");
  CHECK(f.stored_name(4) == "-"); // not "old"
  CHECK(f.stored_name(5) == "-");
}

TEST_CASE("a failed put counts as an erase") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "old"));
  f.put(user(2, "other"));
  CHECK(f.ask_now<flushed_disk>(f.disk, flush_disk{}));
  f.image->full = true;
  f.put(user(1, "new"));
  CHECK(f.stored_name(1) == "-");
  CHECK(f.stored_name(2) == "other");
  CHECK(f.lost == std::vector<key>{row_key("user", 1)});
  CHECK(f.shared->count.disk_closed == 0);
}

TEST_CASE("a failed erase closes the tier before the next load") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "stale"));
  CHECK(f.ask_now<flushed_disk>(f.disk, flush_disk{}));
  f.image->fail_applies = 1;
  f.image->fail_opens = 1;
  f.erase(row_key("user", 1));
  CHECK(f.stored_name(1) == "tier_closed");
  CHECK(f.shared->count.disk_closed == 1);
  CHECK_FALSE(f.image->clean);
  f.put(user(2, "while closed"));
  f.erase(row_key("user", 1));
  f.run();
  CHECK(f.lost == std::vector<key>{row_key("user", 2)});
  auto flushed = f.ask_now<flushed_disk>(f.disk, flush_disk{});
  REQUIRE_FALSE(flushed);
  CHECK(flushed.error() == failure{errc::tier_closed, "write failed"});
  CHECK_FALSE(f.ask_now<log_records>(f.disk, read_log{}));

  SECTION("it opens again as a new run, whose rows are told apart") {
    f.advance(defaults::disk_reopen_min); // fails
    CHECK(f.stored_name(1) == "tier_closed");
    f.advance(2 * defaults::disk_reopen_min);
    CHECK(f.shared->count.disk_closed == 0);
    auto loaded = f.load({row_key("user", 1)});
    REQUIRE(loaded);
    REQUIRE(loaded->entries.size() == 1);
    CHECK_FALSE(loaded->entries[0].current_run);
    auto scanned = f.ask_now<scanned_keys>(
        f.disk, scan_keys{row_key("user", 1).type(), 0});
    REQUIRE(scanned);
    CHECK_FALSE(scanned->clean_start);
  }
  SECTION("when it ends closed, the unclean marker stays") {
    CHECK(f.ask_now<stopped>(f.disk, drain{}));
    CHECK_FALSE(f.image->clean);
  }
}

TEST_CASE("failing reads close the tier too") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "x"));
  CHECK(f.stored_name(1) == "x");
  f.image->corrupt = true;
  SECTION("load") {
    CHECK(f.stored_name(1) == "tier_closed");
  }
  SECTION("scan") {
    CHECK_FALSE(f.ask_now<scanned_keys>(f.disk, scan_keys{}));
  }
  SECTION("log") {
    CHECK_FALSE(f.ask_now<log_records>(f.disk, read_log{}));
  }
  SECTION("clean-up") {
    f.advance(defaults::check_period, 1s);
  }
  SECTION("commit") {
    f.put(user(2, "y"));
    f.advance(defaults::group_commit_delay);
    CHECK(f.lost == std::vector<key>{row_key("user", 2)});
  }
  f.advance(defaults::disk_reopen_min);
  CHECK(f.shared->count.disk_closed == 0); // a new file
  CHECK(f.stored_name(1) == "-");
}

TEST_CASE("until the store is open, loads are refused and scans wait") {
  persistence_fixture f;
  f.run();
  f.start(false);
  f.scheduler.run_once();
  // The opener has a thread of its own in the product; here it is held back.
  REQUIRE(f.scheduler.jobs.size() == 1);
  auto opener = f.scheduler.jobs.front();
  f.scheduler.jobs.clear();
  auto users = row_key("user", 1).type();
  auto scan = f.ask<scanned_keys>(f.disk, scan_keys{users, 0});
  CHECK(f.stored_name(1) == "tier_closed");
  CHECK_FALSE(scan.ready());
  SECTION("answered when it is open") {
    f.scheduler.jobs.push_back(opener);
    f.run();
    CHECK(scan.error() == errc::none);
  }
  SECTION("refused when it cannot be opened") {
    f.image->fail_opens = 1;
    f.scheduler.jobs.push_back(opener);
    f.run();
    CHECK(scan.error() == errc::tier_closed);
    f.advance(defaults::disk_reopen_min);
    CHECK(f.ask_now<scanned_keys>(f.disk, scan_keys{users, 0}));
  }
}

TEST_CASE("scans continue where they ended and say how the last run ended") {
  persistence_fixture f;
  f.image->existed = true;
  f.image->clean = true;
  f.start();
  put_entries many;
  auto n = static_cast<int64_t>(defaults::scan_slice_count + 10);
  for (int64_t i = 0; i < n; ++i)
    many.entries.push_back(user(i, "x"));
  f.send(f.disk, many);
  f.put(row_entry("guild", 1, "g"));
  auto users = row_key("user", 1).type();
  auto first = f.ask_now<scanned_keys>(f.disk, scan_keys{users, 0});
  REQUIRE(first);
  CHECK(first->keys.size() == defaults::scan_slice_count);
  CHECK(first->clean_start);
  CHECK_FALSE(first->keys.front().second); // no feed follows it
  auto rest = f.ask_now<scanned_keys>(f.disk, scan_keys{users, first->last});
  REQUIRE(rest);
  CHECK(rest->keys.size() == 10);
  auto end = f.ask_now<scanned_keys>(f.disk, scan_keys{users, rest->last});
  REQUIRE(end);
  CHECK(end->keys.empty());
}

namespace {

using checkpoint_kind = store_checkpoint::kind_type;

/// An image that a process left, which was killed.
void leave_followed(cache_image& image, const std::string& checkpoint) {
  memory_cache_store store{std::shared_ptr<cache_image>{&image, [](auto*) {}},
                           {}};
  cache_store::batch b;
  b.items.push_back({user(1, "x"), false});
  b.checkpoint = checkpoint;
  if (!store.open() || !store.apply(b))
    throw std::runtime_error("image");
}

/// Of user 1, as a scan tells.
bool is_followed(persistence_fixture& f) {
  auto scanned = f.ask_now<scanned_keys>(
      f.disk, scan_keys{row_key("user", 1).type(), 0});
  return scanned && scanned->keys.size() == 1 && scanned->keys[0].second;
}

bool is_current(persistence_fixture& f) {
  auto loaded = f.load({row_key("user", 1)});
  return loaded && loaded->entries.size() == 1
         && loaded->entries[0].current_run;
}

std::string found_checkpoint(persistence_fixture& f) {
  auto found = f.ask_now<checkpoint_found>(f.disk, read_checkpoint{});
  return found ? found->text : to_string(found.error());
}

} // namespace

TEST_CASE("a checkpoint is written with the erases that it stands for") {
  persistence_fixture f;
  f.start();
  CHECK(found_checkpoint(f).empty());
  f.send(f.disk, store_checkpoint{"one", checkpoint_kind::begins});
  f.put(user(1, "x"));
  f.advance(defaults::group_commit_delay);
  REQUIRE(f.image->checkpoint);
  CHECK(f.image->checkpoint->second == "one");
  f.erase(row_key("user", 1));
  f.send(f.disk, store_checkpoint{"two", {}});
  f.run();
  CHECK(f.image->checkpoint->second == "one"); // neither is written
  CHECK(f.image->entries.size() == 1);
  f.advance(defaults::group_commit_delay);
  CHECK(f.image->checkpoint->second == "two");
  CHECK(f.image->entries.empty());
}

TEST_CASE(
    "planted: a checkpoint written before the removals that it stands for") {
  options o;
  o.planted = planted_bugs{planted_bug::checkpoint_before_removal};
  persistence_fixture f{o};
  f.start();
  f.put(user(1, "x"));
  f.advance(defaults::group_commit_delay);
  f.erase(row_key("user", 1));
  f.send(f.disk, store_checkpoint{"two", {}});
  f.run();
  // A kill now leaves a row behind that the checkpoint says is gone.
  REQUIRE(f.image->checkpoint);
  CHECK(f.image->checkpoint->second == "two");
  CHECK(f.image->entries.size() == 1);
}

TEST_CASE("entries of the run that left a checkpoint are current once it is "
          "continued") {
  persistence_fixture f;
  leave_followed(*f.image, "left");
  f.start();
  CHECK(found_checkpoint(f) == "left");
  CHECK(is_followed(f));
  CHECK_FALSE(is_current(f));
  SECTION("continued") {
    f.send(f.disk, store_checkpoint{"caught up", checkpoint_kind::continues});
    CHECK(is_current(f));
    CHECK(is_followed(f)); // for scans that are not at their end
    CHECK(found_checkpoint(f).empty());
  }
  SECTION("begun anew") {
    f.send(f.disk, store_checkpoint{"now", checkpoint_kind::begins});
    CHECK_FALSE(is_current(f));
    CHECK_FALSE(is_followed(f));
    CHECK(found_checkpoint(f).empty());
    f.send(f.disk, store_checkpoint{"late", checkpoint_kind::continues});
    CHECK_FALSE(is_current(f));
  }
  SECTION("after a failure nobody knows what was lost") {
    f.image->fail_applies = 2;
    f.erase(row_key("user", 2));
    f.advance(defaults::group_commit_delay);
    f.advance(defaults::disk_reopen_min);
    REQUIRE(f.shared->count.disk_closed == 0);
    CHECK(found_checkpoint(f).empty());
    CHECK_FALSE(is_followed(f));
    f.send(f.disk, store_checkpoint{"late", checkpoint_kind::continues});
    CHECK_FALSE(is_current(f));
  }
  SECTION("after a restart of the actor as well") {
    f.send(f.disk, fail_now{});
    f.run();
    f.start();
    REQUIRE(f.shared->count.disk_closed == 0);
    CHECK(found_checkpoint(f).empty());
    CHECK_FALSE(is_followed(f));
  }
}

TEST_CASE("who asks for the checkpoint waits until the file is open") {
  persistence_fixture f;
  leave_followed(*f.image, "left");
  f.run();
  f.start(false);
  f.scheduler.run_once();
  REQUIRE(f.scheduler.jobs.size() == 1);
  auto opener = f.scheduler.jobs.front();
  f.scheduler.jobs.clear();
  auto asked = f.ask<checkpoint_found>(f.disk, read_checkpoint{});
  f.run();
  CHECK_FALSE(asked.ready());
  f.image->fail_opens = GENERATE(0, 1);
  auto opens = f.image->fail_opens == 0;
  f.scheduler.jobs.push_back(opener);
  f.run();
  REQUIRE(asked.ready());
  CHECK(asked.error() == errc::none);
  CHECK(found_checkpoint(f) == (opens ? "left" : ""));
}

TEST_CASE("clean-up removes what is too old and tells the cache") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "old", f.wall() - defaults::persistent_ttl + 30s));
  f.put(user(2, "new", f.wall()));
  f.advance(defaults::check_period, 1s);
  CHECK(f.lost == std::vector<key>{row_key("user", 1)});
  CHECK(f.stored_name(1) == "-");
  CHECK(f.stored_name(2) == "new");
  f.advance(defaults::persistent_ttl + defaults::check_period, 60s);
  CHECK(f.stored_name(2) == "-");
}

TEST_CASE("clean-up goes on in small steps") {
  persistence_fixture f;
  f.start();
  auto n = 2 * persistence_state::clean_up_count + 10;
  put_entries old;
  for (size_t i = 0; i < n; ++i)
    old.entries.push_back(user(static_cast<int64_t>(i), "old"));
  f.send(f.disk, old);
  f.advance(defaults::check_period, 1s);
  CHECK(f.lost.size() == persistence_state::clean_up_count);
  f.advance(defaults::group_commit_delay);
  CHECK(f.lost.size() == 2 * persistence_state::clean_up_count);
  f.advance(defaults::group_commit_delay);
  CHECK(f.lost.size() == n);
  CHECK(f.image->entries.empty());
}

TEST_CASE("erasing a type spares the others") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "x"));
  f.put(row_entry("guild", 1, "g"));
  f.send(f.disk, erase_type{row_key("user", 1).type()});
  f.put(user(2, "y"));
  CHECK(f.stored_name(1) == "-");
  CHECK(f.stored_name(2) == "y");
  CHECK(f.load({row_key("guild", 1)})->entries.size() == 1);
}

TEST_CASE("the invalidation log is written with the rest, newest first") {
  persistence_fixture f;
  f.start();
  for (int i = 0; i < 3; ++i)
    f.send(f.disk, log_invalidation{
                       {f.wall(), "key", "user", std::to_string(i), "write"}});
  auto log = f.ask_now<log_records>(f.disk, read_log{2});
  REQUIRE(log);
  REQUIRE(log->records.size() == 2);
  CHECK(log->records[0].id == "2");
}

TEST_CASE("draining commits, marks the file clean and ends the actor") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "x"));
  CHECK(f.ask_now<stopped>(f.disk, drain{}));
  CHECK(f.image->clean);
  CHECK_FALSE(f.image->locked);
  CHECK(f.image->entries.size() == 1);
  CHECK(f.stored_name(1) == "tier_closed"); // nobody is there any more
}

TEST_CASE("draining waits for an attempt to open") {
  persistence_fixture f;
  f.start(false);
  auto drained = f.ask<stopped>(f.disk, drain{});
  f.run();
  REQUIRE(drained.ready());
  CHECK(drained.error() == errc::none);
  CHECK(f.image->opens == 1);
  CHECK(f.image->clean);
}

TEST_CASE("a crash leaves the unclean marker and only whole commits") {
  persistence_fixture f;
  f.start();
  f.put(user(1, "committed"));
  f.advance(defaults::group_commit_delay);
  f.put(user(2, "waiting"));
  f.send(f.disk, fail_now{});
  f.run();
  CHECK_FALSE(f.image->clean);
  CHECK_FALSE(f.image->locked);
  f.start();
  CHECK(f.stored_name(2) == "-");
  auto loaded = f.load({row_key("user", 1)});
  REQUIRE(loaded);
  REQUIRE(loaded->entries.size() == 1);
  CHECK_FALSE(loaded->entries[0].current_run);
}

TEST_CASE("a locked file is bypassed until it is free") {
  persistence_fixture f;
  memory_cache_store other{f.image, {}};
  REQUIRE(other.open());
  f.start();
  CHECK(f.stored_name(1) == "tier_closed");
  CHECK(f.shared->count.disk_closed == 1);
  REQUIRE(other.close());
  f.advance(defaults::disk_reopen_max, 100ms);
  CHECK(f.shared->count.disk_closed == 0);
  f.put(user(1, "x"));
  CHECK(f.stored_name(1) == "x");
}

TEST_CASE("an exception while opening is a closed tier") {
  persistence_fixture f;
  f.shared->make_store = []() -> std::unique_ptr<cache_store> {
    throw std::runtime_error("no memory");
  };
  f.start();
  auto loaded = f.load({row_key("user", 1)});
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error() == failure{errc::tier_closed, "disk tier: no memory"});
}

TEST_CASE("without a store the tier is closed and says why") {
  persistence_fixture f;
  f.shared->make_store = {};
  f.start();
  auto loaded = f.load({row_key("user", 1)});
  REQUIRE_FALSE(loaded);
  CHECK(loaded.error()
        == failure{errc::tier_closed, "disk tier: switched off"});
  CHECK(f.ask_now<stopped>(f.disk, drain{}));
}
