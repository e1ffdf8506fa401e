// PERSISTENCE as the product runs it: on a thread of its own, over SQLite.
#include <caf/scoped_actor.hpp>

#include "actors/persistence.hpp"
#include "actors/spawn_blocking.hpp"
#include "storage/cache_store.hpp"
#include "tests/catch.hpp"
#include "tests/support/disk_entries.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using namespace std::chrono_literals;

namespace {

struct threads_config : caf::actor_system_config {
  threads_config() {
    set("scheduler.policy", caf::atom("sharing"));
    add_message_types<caf::id_block::toadcache>();
  }
};

struct threads_fixture {
  temporary_folder folder;
  std::shared_ptr<shared_state> shared;
  threads_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  persistence_actor disk;

  threads_fixture() {
    options o;
    o.persistence.file = (folder.path() / "cache.db").string();
    shared
        = std::make_shared<shared_state>(shipped_catalog(), o, coarse_clock());
    shared->make_store = [p = o.persistence] {
      return make_cache_store(p, shipped_catalog(), "server");
    };
  }
  ~threads_fixture() {
    if (disk)
      caf::anon_send_exit(disk, caf::exit_reason::kill);
  }

  template <class T, class Message>
  result<T> ask(Message m) {
    result<T> out;
    self->request(disk, 10s, std::move(m))
        .receive([&](T& x) { out = std::move(x); },
                 [&](caf::error& e) { out = fail(to_failure(e)); });
    return out;
  }
  /// Returns when the store is open: scans wait for it.
  void start() {
    disk = spawn_blocking(system, persistence, shared);
    REQUIRE(ask<scanned_keys>(scan_keys{}));
  }
};

} // namespace

TEST_CASE("a thousand rows survive a restart, told apart from new ones") {
  threads_fixture f;
  f.start();
  for (int64_t i = 0; i < 1000; ++i)
    f.self->send(f.disk, put_entries{{user(i, "user " + std::to_string(i))}});
  f.self->send(f.disk, erase_entries{{row_key("user", 5)}});
  load_entries some{{row_key("user", 4), row_key("user", 5)}};
  auto before = f.ask<loaded_entries>(some);
  REQUIRE(before);
  REQUIRE(before->entries.size() == 1);
  CHECK(before->entries[0].current_run);
  CHECK(f.ask<flushed_disk>(flush_disk{}));
  CHECK(f.shared->count.disk_puts >= 999); // erased before or after
  CHECK(f.shared->count.disk_nanoseconds > 0);
  CHECK(f.ask<stopped>(drain{}));

  f.start();
  auto after = f.ask<loaded_entries>(some);
  REQUIRE(after);
  REQUIRE(after->entries.size() == 1);
  CHECK(name_of(after->entries[0]) == "user 4");
  CHECK_FALSE(after->entries[0].current_run);
  auto scanned = f.ask<scanned_keys>(scan_keys{row_key("user", 4).type(), 0});
  REQUIRE(scanned);
  CHECK(scanned->keys.size() == 999);
  CHECK(scanned->clean_start);
  CHECK(f.ask<stopped>(drain{}));
}

TEST_CASE("two runtimes on one file: the second goes on without it") {
  threads_fixture f;
  f.start();
  auto first = f.disk;
  f.disk = spawn_blocking(f.system, persistence, f.shared);
  auto refused = f.ask<scanned_keys>(scan_keys{});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::tier_closed);
  CHECK(refused.error().what.find("in use by another process")
        != std::string::npos);
  CHECK(f.ask<stopped>(drain{}));
  f.disk = first;
  CHECK(f.ask<flushed_disk>(flush_disk{}));
  CHECK(f.ask<stopped>(drain{}));
}
