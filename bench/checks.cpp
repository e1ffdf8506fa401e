// check_base_data.*: what a bot's command checks before it runs: user, guild,
// channel, default profile and the rows that link them. MariaDB on a unix
// socket; every check is of a guild, channel and user of its own.
//
//   new_guild   nothing is there: all rows are made
//   cold        all rows are there and right, nothing is in memory; beside the
//               bare connector's SELECTs of the same rows one after another
//   warm        all of it is in memory
//
// `waves`: the longest chain of reads that each waited for the one before,
// counted in checks of their own, in which each read takes 20 ms.
#include "client/checks.hpp"
#include "bench/allocations.hpp"
#include "bench/mariadb_world.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "bench/servers.hpp"

namespace toadcache::bench {

namespace {

constexpr milliseconds visible_delay{20};

/// The n-th asker with its guild and channel.
struct asker {
  explicit asker(size_t n)
      : user{user_id(3 * n), "User " + std::to_string(n), "0001", {}},
        guild{user_id(3 * n + 1), "Guild " + std::to_string(n)},
        channel{user_id(3 * n + 2), guild.id, "general"} {}
  discord_user user;
  discord_guild guild;
  discord_channel channel;
};

class check_benchmark {
public:
  check_benchmark(run& r, const mariadb_world& world)
      : r_(r), world_(world), cache_(world.open()), ask_(cache_),
        raw_(world.connect()), at_once_(r.times(60, 20)),
        repetitions_(r.times(9, 3)) {}

  void measure() {
    make_all();
    cold();
    warm();
  }

private:
  using kind_type = statement_record::kind_type;

  void check(const asker& a) {
    auto done = ask_.check_base_data(a.guild, a.channel, a.user).get();
    if (!done)
      throw std::runtime_error("check_base_data: " + to_string(done.error()));
  }

  /// One check with slow reads: waves and statements.
  struct traffic {
    double waves;
    double reads;
    double locked_reads; ///< inside the transaction
    double writes;
    double commits;
  };
  traffic watch(const asker& a) {
    auto& sent = world_.sent();
    sent.clear();
    sent.delay = visible_delay;
    check(a);
    sent.delay = milliseconds{0};
    auto n = [&](kind_type k) { return static_cast<double>(sent.count(k)); };
    const auto inside = static_cast<double>(sent.reads_in_transactions());
    return {static_cast<double>(sent.sequential_reads()),
            n(kind_type::read) - inside, inside, n(kind_type::write),
            n(kind_type::commit)};
  }
  /// Of several checks: the medians.
  template <class F>
  std::vector<std::pair<std::string, double>> traffic_of(F next) {
    samples waves;
    samples reads;
    samples locked;
    samples writes;
    samples commits;
    for (int i = 0; i < 5; ++i) {
      auto t = watch(next());
      waves.add(t.waves);
      reads.add(t.reads);
      locked.add(t.locked_reads);
      writes.add(t.writes);
      commits.add(t.commits);
    }
    return {{"waves", waves.median()},
            {"statements", reads.median() + locked.median() + writes.median()},
            {"reads", reads.median()},
            {"reads_in_transaction", locked.median()},
            {"writes", writes.median()},
            {"transactions", commits.median()}};
  }

  void make_all() {
    samples took;
    check(asker{made_++}); // opens the connections
    for (size_t i = 0; i < repetitions_; ++i) {
      samples each;
      for (size_t k = 0; k < at_once_; ++k)
        each.add(ns_each(1, [&] { check(asker{made_++}); }));
      took.add(each.median());
    }
    auto f = make_figure("check_base_data.new_guild", "ns", took);
    f.fields = traffic_of([&] { return asker{made_++}; });
    f.note = "user, guild, channel and their rows are made";
    r_.add(std::move(f));
  }

  void cold() {
    auto median_of = [&](auto one) {
      samples each;
      for (size_t k = 0; k < at_once_; ++k)
        each.add(ns_each(1, [&] { one(asker{k % made_}); }));
      return each.median();
    };
    auto got = take_turns(
        repetitions_,
        {[&] {
           forget();
           check(asker{made_ - 1}); // connections that idled are asked first
           return median_of([&](const asker& a) { check(a); });
         },
         [&] { return median_of([&](const asker& a) { select_all(a); }); }});
    forget();
    size_t n = 0;
    auto f = make_figure("check_base_data.cold", "ns", got[0], "raw_one_by_one",
                         got[1]);
    f.fields = traffic_of([&] { return asker{n++}; });
    f.note = "peer: six SELECTs, one after another, without any check";
    r_.add(std::move(f));
  }

  void warm() {
    std::vector<asker> askers;
    for (size_t i = 0; i < at_once_; ++i)
      askers.emplace_back(i);
    for (auto& a : askers)
      check(a);
    const auto rounds = r_.times(200, 50);
    double allocations = 0;
    world_.sent().clear();
    auto got
        = take_turns(repetitions_, {[&] {
                       auto before = own_allocations();
                       auto ns = cpu_ns_each(rounds * askers.size(), [&] {
                         for (size_t i = 0; i < rounds; ++i)
                           for (auto& a : askers)
                             check(a);
                       });
                       allocations
                           = static_cast<double>(own_allocations() - before)
                             / static_cast<double>(rounds * askers.size());
                       return ns;
                     }});
    auto f = make_figure("check_base_data.warm", "ns", got[0]);
    f.fields
        = {{"allocations", allocations},
           {"statements", static_cast<double>(world_.sent().all().size())}};
    f.note = "all in memory, blocking form; processor time";
    r_.add(std::move(f));
  }

  void forget() {
    if (auto done = cache_.clear_all().get(); !done)
      throw std::runtime_error("clear_all: " + to_string(done.error()));
  }

  void select_all(const asker& a) {
    raw_->select(world_.type("guild"), "id", a.guild.id);
    raw_->select(world_.type("channel"), "id", a.channel.id);
    raw_->select(world_.type("user"), "id", a.user.id);
    raw_->select(world_.type("profile"), "user_id", a.user.id);
    raw_->select(world_.type("user_channel"), "user_id", a.user.id);
    raw_->select(world_.type("guild_user"), "user_id", a.user.id);
  }

  run& r_;
  const mariadb_world& world_;
  cache cache_;
  checks ask_;
  std::unique_ptr<raw_connector> raw_;
  size_t at_once_;
  size_t repetitions_;
  size_t made_ = 0;
};

} // namespace

void measure_checks(run& r, servers& s) {
  const std::initializer_list<std::string_view> names
      = {"check_base_data.new_guild", "check_base_data.cold",
         "check_base_data.warm"};
  if (!r.wants_any(names))
    return;
  r.step("check_base_data: MariaDB");
  auto& socket = s.mariadb();
  if (!socket) {
    for (auto name : names)
      r.skip(std::string{name}, "ns", "raw_one_by_one", socket.error().what);
    return;
  }
  const mariadb_world world{*socket, "checks"};
  check_benchmark{r, world}.measure();
}

} // namespace toadcache::bench
