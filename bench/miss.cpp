// miss.*: reads that the database answers. MariaDB on a unix socket, 100 000
// users; every key is asked for once.
//
//   single          one at a time, blocking; beside the same prepared SELECT
//                   handed to one bare worker thread
//   single_raw      the same beside the SELECT in the caller's own thread
//   sixty_four      64 outstanding, per key; beside the raw SELECT, per key
//   thousand_keys   1 000 at once, in all; beside 1 000 raw SELECTs
//   one_key_herd    1 000 at once for one key, in all; beside the same
#include <algorithm>

#include "bench/bare_worker.hpp"
#include "bench/mariadb_world.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "bench/servers.hpp"

namespace toadcache::bench {

namespace {

constexpr size_t user_count = 100'000;
constexpr size_t crowd = 1000;
constexpr size_t outstanding = 64;

const std::initializer_list<std::string_view> names
    = {"miss.single", "miss.single_raw", "miss.sixty_four",
       "miss.thousand_keys", "miss.one_key_herd"};

/// The median of single operations, so that a wake-up that came late counts as
/// one of them.
template <class F>
double median_of_each(size_t n, F operation) {
  samples all;
  for (size_t i = 0; i < n; ++i)
    all.add(ns_each(1, operation));
  return all.median();
}

class misses {
public:
  misses(run& r, const mariadb_world& world)
      : r_(r), world_(world), user_(world.type("user")), cache_(world.open()),
        users_(cache_.entity("user")), raw_(world.connect()),
        for_worker_(world.connect()),
        worker_([this](int64_t id) { for_worker_->select(user_, "id", id); }) {}

  void singles() {
    const auto n = r_.times(400, 150);
    auto got = take_turns(
        r_.times(9, 3),
        {[&] {
           return median_of_each(n, [&] { find(users_.find_by_pk(next())); });
         },
         [&] { return median_of_each(n, [&] { worker_.run(next()); }); },
         [&] { return median_of_each(n, [&] { select(next()); }); }});
    auto f = make_figure("miss.single", "ns", got[0], "bare_worker", got[1]);
    f.note = "median of single misses; one outstanding";
    r_.add(std::move(f));
    f = make_figure("miss.single_raw", "ns", got[0], "raw_connector", got[2]);
    f.note = "the peer's statement in the caller's own thread";
    r_.add(std::move(f));
  }

  void sixty_four() {
    const auto rounds = r_.times(20, 8);
    samples statements;
    auto got
        = take_turns(r_.times(9, 3),
                     {[&] {
                        world_.sent().clear();
                        auto ns = ns_each(rounds * outstanding, [&] {
                          for (size_t i = 0; i < rounds; ++i)
                            at_once(outstanding, [&] { return next(); });
                        });
                        statements.add(reads() / static_cast<double>(rounds));
                        return ns;
                      },
                      [&] {
                        return ns_each(rounds * outstanding, [&] {
                          for (size_t i = 0; i < rounds * outstanding; ++i)
                            select(next());
                        });
                      }});
    auto f
        = make_figure("miss.sixty_four", "ns", got[0], "raw_connector", got[1]);
    f.fields = {{"statements_per_64", statements.median()}};
    f.note = "per key";
    r_.add(std::move(f));
  }

  void thousand_keys() {
    samples statements;
    auto got = take_turns(r_.times(9, 3),
                          {[&] {
                             world_.sent().clear();
                             auto ns = ns_each(1, [&] {
                               at_once(crowd, [&] { return next(); });
                             });
                             statements.add(reads());
                             return ns;
                           },
                           [&] {
                             return ns_each(1, [&] {
                               for (size_t i = 0; i < crowd; ++i)
                                 select(next());
                             });
                           },
                           [&] {
                             return ns_each(1, [&] {
                               for (size_t i = 0; i < crowd; ++i)
                                 find(users_.find_by_pk(next()));
                             });
                           }});
    auto f = make_figure("miss.thousand_keys", "ns", got[0], "raw_one_by_one",
                         got[1]);
    f.fields = {{"statements", statements.median()},
                {"most_statements", statements.high()},
                {"times_faster_than_raw", got[1].median() / got[0].median()},
                {"times_faster_than_cache_one_by_one",
                 got[2].median() / got[0].median()}};
    f.note = "1 000 keys, asked for before the first answer is taken";
    r_.add(std::move(f));
  }

  void herd() {
    samples statements;
    auto got
        = take_turns(r_.times(9, 3), {[&] {
                                        auto id = next();
                                        world_.sent().clear();
                                        auto ns = ns_each(1, [&] {
                                          at_once(crowd, [&] { return id; });
                                        });
                                        statements.add(reads());
                                        return ns;
                                      },
                                      [&] {
                                        auto id = next();
                                        return ns_each(1, [&] {
                                          for (size_t i = 0; i < crowd; ++i)
                                            select(id);
                                        });
                                      }});
    auto f = make_figure("miss.one_key_herd", "ns", got[0], "raw_one_by_one",
                         got[1]);
    f.fields = {{"statements", statements.median()},
                {"most_statements", statements.high()}};
    f.note = "1 000 requests for one key";
    r_.add(std::move(f));
  }

  /// Requests that the cache did not answer with a row.
  [[nodiscard]] size_t failures() const { return failures_; }

private:
  /// An id that nobody asked for yet.
  int64_t next() { return user_id(asked_++ % user_count); }
  void select(int64_t id) { failures_ += raw_->select(user_, "id", id) != 1; }
  void find(answer<record> a) {
    auto got = a.get();
    failures_ += !got || !got->found();
  }
  template <class F>
  void at_once(size_t n, F id) {
    std::vector<answer<record>> pending;
    pending.reserve(n);
    for (size_t i = 0; i < n; ++i)
      pending.push_back(users_.find_by_pk(id()));
    for (auto& a : pending)
      find(std::move(a));
  }
  [[nodiscard]] double reads() const {
    return static_cast<double>(
        world_.sent().count(statement_record::kind_type::read));
  }

  run& r_;
  const mariadb_world& world_;
  const entity_type& user_;
  cache cache_;
  entity_handle users_;
  std::unique_ptr<raw_connector> raw_;
  std::unique_ptr<raw_connector> for_worker_;
  bare_worker worker_;
  size_t asked_ = 0;
  size_t failures_ = 0;
};

} // namespace

void measure_misses(run& r, servers& s) {
  if (!r.wants_any(names))
    return;
  r.step("misses: MariaDB, 100 000 rows");
  auto& socket = s.mariadb();
  if (!socket) {
    for (auto name : names)
      r.skip(std::string{name}, "ns", "raw_connector", socket.error().what);
    return;
  }
  mariadb_world world{*socket, "miss"};
  world.add_users(0, user_count);
  misses m{r, world};
  if (r.wants_any({"miss.single", "miss.single_raw"}))
    m.singles();
  if (r.wants("miss.sixty_four"))
    m.sixty_four();
  if (r.wants("miss.thousand_keys"))
    m.thousand_keys();
  if (r.wants("miss.one_key_herd"))
    m.herd();
  if (m.failures() > 0)
    throw std::runtime_error("miss.*: " + std::to_string(m.failures())
                             + " reads brought no row");
}

} // namespace toadcache::bench
