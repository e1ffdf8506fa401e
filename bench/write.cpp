// write.*: writes through the cache, durable on MariaDB (an fsync per commit).
//
//   update        one column of one row, beside the bare connector's
//                 transaction of SELECT ... FOR UPDATE, UPDATE, read-back; in a
//                 field: its UPDATE alone, which nobody could cache
//   transaction   an interactive transaction of two updates, beside the same
//                 statements of the bare connector
#include "bench/mariadb_world.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "bench/servers.hpp"

namespace toadcache::bench {

namespace {

constexpr size_t user_count = 10'000;

class writes {
public:
  writes(run& r, const mariadb_world& world)
      : r_(r), world_(world), user_(world.type("user")), cache_(world.open()),
        users_(cache_.entity("user")), raw_(world.connect()) {
    for (size_t rank = 0; rank < user_count; ++rank)
      (void)users_.find_by_pk(user_id(rank)).get(); // as a bot would have them
  }

  void updates() {
    const auto n = r_.times(60, 25);
    auto each = [n](auto write) {
      return [n, write] { return median_of(n, write); };
    };
    auto got = take_turns(
        r_.times(9, 3),
        {each([&] {
           count(users_.update(next(), {{"name", text()}}).get().has_value());
         }),
         each([&] { checked_update(next()); }),
         each([&] { raw_->update(user_, "name", next(), text()); })});
    auto f = make_figure("write.update", "ns", got[0], "raw_connector", got[1]);
    f.fields = {{"bare_update_ns", got[2].median()},
                {"ratio_to_bare_update", got[0].median() / got[2].median()}};
    f.note = "median of single writes; peer: BEGIN, SELECT FOR UPDATE, UPDATE, "
             "SELECT, COMMIT";
    r_.add(std::move(f));
  }

  void transactions() {
    const auto n = r_.times(40, 20);
    auto got = take_turns(
        r_.times(9, 3),
        {[&] {
           return median_of(n, [&] {
             auto done = cache_.transact([&](transaction& t) {
               auto users = t.entity("user");
               auto first = users.update(next(), {{"name", text()}});
               if (auto ok = first.get(); !ok)
                 return ok;
               auto second = users.update(next(), {{"name", text()}});
               return second.get();
             });
             count(done.has_value());
           });
         },
         [&] {
           return median_of(n, [&] {
             raw_->begin();
             locked_update(next());
             locked_update(next());
             raw_->commit();
           });
         }});
    auto f = make_figure("write.transaction", "ns", got[0], "raw_connector",
                         got[1]);
    f.note = "interactive, two updates; median of single transactions";
    r_.add(std::move(f));
  }

  [[nodiscard]] size_t failures() const { return failures_; }

private:
  template <class F>
  static double median_of(size_t n, F write) {
    samples all;
    for (size_t i = 0; i < n; ++i)
      all.add(ns_each(1, write));
    return all.median();
  }
  int64_t next() { return user_id(turn_++ % user_count); }
  std::string text() { return "written " + std::to_string(turn_); }
  void count(bool ok) { failures_ += ok ? 0 : 1; }
  void locked_update(int64_t id) {
    count(raw_->select(user_, "id", id, true) == 1);
    raw_->update(user_, "name", id, text());
    count(raw_->select(user_, "id", id) == 1);
  }
  void checked_update(int64_t id) {
    raw_->begin();
    locked_update(id);
    raw_->commit();
  }

  run& r_;
  const mariadb_world& world_;
  const entity_type& user_;
  cache cache_;
  entity_handle users_;
  std::unique_ptr<raw_connector> raw_;
  size_t turn_ = 0;
  size_t failures_ = 0;
};

} // namespace

void measure_writes(run& r, servers& s) {
  if (!r.wants_any({"write.update", "write.transaction"}))
    return;
  r.step("writes: MariaDB");
  auto& socket = s.mariadb();
  if (!socket) {
    for (auto name : {"write.update", "write.transaction"})
      r.skip(name, "ns", "raw_connector", socket.error().what);
    return;
  }
  mariadb_world world{*socket, "writes"};
  world.add_users(0, user_count);
  writes w{r, world};
  if (r.wants("write.update"))
    w.updates();
  if (r.wants("write.transaction"))
    w.transactions();
  if (w.failures() > 0)
    throw std::runtime_error("write.*: " + std::to_string(w.failures())
                             + " operations failed");
}

} // namespace toadcache::bench
