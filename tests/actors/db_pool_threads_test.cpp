// DB POOL with workers on threads of their own and embedded SQLite: what the
// tests on virtual time cannot show.
#include <thread>

#include <caf/scoped_actor.hpp>

#include "tests/catch.hpp"
#include "tests/support/pool_fixture.hpp"
#include "tests/temporary_folder.hpp"

using namespace toadcache;
using namespace toadcache::tests;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr int threads_count = 4;
constexpr int writes_count = 25;

struct threads_config : caf::actor_system_config {
  threads_config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", 2);
    add_message_types<caf::id_block::toadcache>();
  }
};

class pool_on_threads {
public:
  pool_on_threads() {
    options o;
    o.pool.max_count = 3;
    o.database.file = (folder_.path() / "data.db").string();
    shared = std::make_shared<shared_state>(pool_catalog(), o, coarse_clock());
    shared->source = make_database(o.database, shared->types).value();
    REQUIRE(shared->source->create_schema(*shared->types));
    for (entity_id type : {user_type, item_type}) {
      caches_.push_back(
          system.spawn(fake_cache, std::make_shared<ticket_recorder>()));
      shared->actors.set_cache(type, caches_.back());
    }
    invalidation_
        = system.spawn(fake_invalidation, std::make_shared<changes_recorder>());
    shared->actors.set_invalidation(invalidation_);
    pool = system.spawn(db_pool, shared);
  }

  ~pool_on_threads() {
    shared->actors.clear();
    for (auto& c : caches_)
      caf::anon_send_exit(c, caf::exit_reason::kill);
    caf::anon_send_exit(invalidation_, caf::exit_reason::kill);
    caf::anon_send_exit(pool, caf::exit_reason::kill);
  }

  template <class Reply, class Message>
  result<Reply> ask(Message msg) {
    caf::scoped_actor self{system};
    result<Reply> answer = fail(errc::internal, "no answer");
    self->request(pool, seconds{20}, std::move(msg))
        .receive([&](Reply& x) { answer = std::move(x); },
                 [&](const caf::error& e) { answer = fail(to_failure(e)); });
    return answer;
  }

  result<transaction_done> set_rank(int64_t id, int64_t rank) {
    operation op;
    op.kind = operation::kind_type::upsert;
    op.type = user_type;
    op.set = {{0, id}, {1, "user"}, {2, rank}};
    return ask<transaction_done>(
        run_transaction{{op}, {0, 0, milliseconds{10000}}});
  }

  int64_t rank_of(int64_t id) {
    auto k = (*shared->types)[user_type]
                 .make_key(0, std::vector<value>{id})
                 .value();
    auto got = ask<fetched>(
        fetch{user_type, 0, {k}, {}, {0, 0, milliseconds{10000}}});
    return got && got->rows.size() == 1 ? got->rows[0].int_at(2) : -1;
  }

private:
  temporary_folder folder_;
  threads_config config_;

public:
  caf::actor_system system{config_};
  shared_ptr_state shared;
  db_pool_actor pool;

private:
  std::vector<entity_cache_actor> caches_;
  invalidation_actor invalidation_;
};

} // namespace

TEST_CASE("writes from several threads are all done, then the pool drains") {
  pool_on_threads f;
  std::vector<int> failed(threads_count);
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; ++t)
    threads.emplace_back([&f, &failed, t] {
      for (int i = 1; i <= writes_count; ++i)
        if (!f.set_rank(t, i) || f.rank_of(t) != i)
          ++failed[static_cast<size_t>(t)];
    });
  for (auto& t : threads)
    t.join();
  CHECK(failed == std::vector<int>(threads_count));
  CHECK(f.shared->count.pool_connections <= 3);
  CHECK(f.ask<barrier_passed>(barrier{}));
  CHECK(f.ask<stopped>(drain{}));
  CHECK(f.shared->count.pool_connections == 0);
}

TEST_CASE("a pool that fails under load answers every thread") {
  pool_on_threads f;
  std::vector<std::thread> threads;
  std::atomic<int> answered{0};
  for (int t = 0; t < threads_count; ++t)
    threads.emplace_back([&f, &answered, t] {
      for (int i = 1; i <= writes_count; ++i) {
        auto done = f.set_rank(t, i);
        if (done || done.error().code != errc::timeout)
          ++answered;
      }
    });
  while (f.shared->count.transactions < 10)
    std::this_thread::yield();
  caf::anon_send(f.pool, fail_now{});
  for (auto& t : threads)
    t.join();
  CHECK(answered == threads_count * writes_count);
  f.pool = f.system.spawn(db_pool, f.shared);
  CHECK(f.ask<barrier_passed>(barrier{}));
  CHECK(f.shared->orphans == 0);
  CHECK(f.set_rank(1, 77));
  CHECK(f.rank_of(1) == 77);
  CHECK(f.ask<stopped>(drain{}));
}
