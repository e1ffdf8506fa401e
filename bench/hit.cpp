// hit.*: reads answered from memory. 100 000 rows (and 1 000 000: names ending
// in ".1m"), keys by Zipf's law with exponent 0.99 over scattered ids.
//
// One thread: its own processor time, which other work on the machine does not
// add to. Two threads: the clock on the wall, and in fields their own times.
//
//   one_thread            the facade's borrowing form, prepared key
//   one_thread_values     the same with the key made from values
//   one_thread_partition  what is below it: the partition's own visit
//   two_threads           two at once; ns per hit of the sum
//   hot_key_two_threads   both at one and the same key
//   under_writes          one thread while the owner installs 10 000 rows/s
//   find_many_100         the partition's batches of 100, per key
//   find_many_100_owning  the facade's find_many, per key
//   owning                an owned row by a prepared key
//   blocking, callback, await   the facade's answers, keys made from values
#include <array>
#include <atomic>
#include <cmath>
#include <thread>

#include "bench/allocations.hpp"
#include "bench/bare_map.hpp"
#include "bench/memory_world.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "client/reader.hpp"
#include "client/task.hpp"

namespace toadcache::bench {

namespace {

constexpr size_t stream_length = 1 << 18;
constexpr size_t batch = 100;
constexpr double writes_per_second = 10'000;

struct stream {
  std::vector<int64_t> ids;
  std::vector<key> keys;
};

/// What is read: the same rows in both.
struct contents {
  contents(size_t n, bool all_forms) {
    for (auto rank : shuffled_ranks(n, 1)) {
      auto id = user_id(rank);
      auto k = user_key(user, id);
      auto r = user_row(user, id);
      peer.put(k, r);
      world.put(k, std::move(r));
    }
    for (uint64_t seed : {2, 3}) {
      auto ids = zipf_ids(n, stream_length, seed);
      auto keys = keys_of(user, ids);
      streams.push_back({std::move(ids), std::move(keys)});
    }
    hot.assign(stream_length, user_key(user, user_id(0)));
    if (all_forms)
      for (size_t i = 0; i + batch <= stream_length; i += batch)
        batches.emplace_back(streams[0].ids.begin() + static_cast<long>(i),
                             streams[0].ids.begin()
                                 + static_cast<long>(i + batch));
  }

  memory_world world;
  const entity_type& user = world.type("user");
  entity_handle users = world.handle("user");
  partition& memory = world.memory_of(user);
  mutable bare_map peer;
  std::vector<stream> streams;
  std::vector<key> hot;
  std::vector<std::vector<value>> batches;
};

/// What a hit does with its row.
void use(const row& r, int64_t& sum) {
  sum += r.int_at(0);
}

// One reader's loop over prepared keys, for each form.
struct by_facade {
  const contents& c;
  int64_t operator()(const std::vector<key>& keys) const {
    int64_t sum = 0;
    for (auto& k : keys)
      c.users.visit_key(
          k, [&](const row& r, freshness, milliseconds) { use(r, sum); });
    return sum;
  }
};
struct by_partition {
  const contents& c;
  int64_t operator()(const std::vector<key>& keys) const {
    int64_t sum = 0;
    for (auto& k : keys)
      c.memory.visit(k, [&](const entry& e) {
        e.with_content([&](const row& r) { use(r, sum); });
      });
    return sum;
  }
};
struct by_peer {
  const contents& c;
  int64_t operator()(const std::vector<key>& keys) const {
    int64_t sum = 0;
    for (auto& k : keys)
      c.peer.visit(k, [&](const row& r) { use(r, sum); });
    return sum;
  }
};

/// Measures and keeps the most allocations per hit of a repetition.
class one_thread {
public:
  template <class F>
  measurement operator()(F loop, size_t count = stream_length) {
    return [this, loop, count] {
      auto before = own_allocations();
      auto ns = cpu_ns_each(count, [&] { keep(loop()); });
      most_ = std::max(most_, static_cast<double>(own_allocations() - before)
                                  / static_cast<double>(count));
      return ns;
    };
  }
  /// Per hit, to a thousandth: what a loop itself allocates once (a coroutine's
  /// frame) is no hit's.
  [[nodiscard]] double allocations() const {
    return std::floor(most_ * 1000) / 1000;
  }

private:
  double most_ = 0;
};

/// Two threads at once: nanoseconds per hit of the sum on the wall; in `cpu`
/// what a hit took of its thread's own time.
template <class F>
double two_at_once(F loop, const std::vector<key>& a, const std::vector<key>& b,
                   samples& cpu) {
  std::atomic<int> ready{0};
  std::atomic<bool> go{false};
  std::atomic<int64_t> taken{0};
  auto work = [&](const std::vector<key>& keys) {
    ++ready;
    while (!go.load(std::memory_order_acquire))
      continue;
    auto begin = own_cpu_ns();
    keep(loop(keys));
    taken += own_cpu_ns() - begin;
  };
  std::thread first{work, std::cref(a)};
  std::thread second{work, std::cref(b)};
  while (ready.load() < 2)
    std::this_thread::yield();
  const auto hits = static_cast<double>(a.size() + b.size());
  auto begin = now_ns();
  go.store(true, std::memory_order_release);
  first.join();
  second.join();
  auto ns = static_cast<double>(now_ns() - begin) / hits;
  cpu.add(static_cast<double>(taken.load()) / hits);
  return ns;
}

/// Writes 10 000 rows a second from another thread while it exists.
class steady_writer {
public:
  template <class F>
  explicit steady_writer(F put) : begin_(now_ns()) {
    thread_ = std::thread{[this, put] {
      using namespace std::chrono_literals;
      auto next = std::chrono::steady_clock::now();
      while (!stop_.load(std::memory_order_relaxed)) {
        constexpr int slice = static_cast<int>(writes_per_second / 1000);
        for (int i = 0; i < slice; ++i)
          put(written_++);
        next += 1ms;
        std::this_thread::sleep_until(next);
      }
    }};
  }
  steady_writer(const steady_writer&) = delete;
  steady_writer& operator=(const steady_writer&) = delete;
  ~steady_writer() {
    stop_.store(true, std::memory_order_relaxed);
    thread_.join();
  }
  /// Rows per second so far.
  [[nodiscard]] double rate() const {
    return static_cast<double>(written_) * 1e9
           / static_cast<double>(now_ns() - begin_);
  }

private:
  int64_t begin_;
  std::atomic<bool> stop_{false};
  std::atomic<size_t> written_{0};
  std::thread thread_;
};

template <class Loop, class Put>
measurement under_writes(const contents& c, Loop loop, Put put, samples& rate) {
  return [&c, loop, put, &rate] {
    steady_writer writer{put};
    constexpr size_t passes = 3;
    auto ns = cpu_ns_each(passes * stream_length, [&] {
      for (size_t i = 0; i < passes; ++i)
        keep(loop(c.streams[0].keys));
    });
    rate.add(writer.rate());
    return ns;
  };
}

int64_t batches_of_partition(const contents& c) {
  int64_t sum = 0;
  std::span<const key> all{c.streams[0].keys};
  for (size_t i = 0; i + batch <= all.size(); i += batch)
    c.memory.visit_many(all.subspan(i, batch), [&](size_t, const entry& e) {
      e.with_content([&](const row& r) { use(r, sum); });
    });
  return sum;
}

int64_t batches_owned(const contents& c) {
  int64_t sum = 0;
  for (auto& ids : c.batches) {
    auto found = c.users.find_many(ids).get();
    for (auto& r : *found)
      use(r.content(), sum);
  }
  return sum;
}

task<int64_t> awaited(const contents& c) {
  int64_t sum = 0;
  for (auto id : c.streams[0].ids) {
    auto r = co_await c.users.find_by_pk(id);
    use(r->content(), sum);
  }
  co_return sum;
}

/// Both threads of a structure, and one of it alone.
struct two_threads {
  const samples& wall;
  const samples& cpu;
  const samples& alone;
  [[nodiscard]] double scaling() const {
    return alone.median() / wall.median();
  }
  /// If both had a core for themselves all the time.
  [[nodiscard]] double cpu_scaling() const {
    return 2 * alone.median() / cpu.median();
  }
};

void add_two(run& r, const std::string& name, const two_threads& own,
             const two_threads& peer, const std::string& note) {
  auto f = make_figure(name, "ns", own.wall, "bare_map", peer.wall);
  f.fields = {{"hits_per_s", 1e9 / own.wall.median()},
              {"scaling", own.scaling()},
              {"peer_scaling", peer.scaling()},
              {"scaling_ratio", own.scaling() / peer.scaling()},
              {"cpu_ns", own.cpu.median()},
              {"peer_cpu_ns", peer.cpu.median()},
              {"cpu_scaling", own.cpu_scaling()},
              {"peer_cpu_scaling", peer.cpu_scaling()}};
  f.note = note;
  r.add(std::move(f));
}

/// The figures that exist for both numbers of rows.
void measure_size(run& r, const contents& c, const std::string& suffix,
                  size_t repetitions, samples& facade_alone) {
  const auto& keys = c.streams[0].keys;
  one_thread facade;
  one_thread values;
  one_thread below;
  one_thread peer;
  one_thread many;
  one_thread many_peer;
  std::array<samples, 4> cpu;
  samples rate;
  samples peer_rate;
  const auto count = c.streams[0].keys.size();
  auto version_of = [&](size_t i) { return c.streams[1].ids[i % count]; };
  auto got = take_turns(
      repetitions,
      {
          facade([&] { return by_facade{c}(keys); }),
          peer([&] { return by_peer{c}(keys); }),
          below([&] { return by_partition{c}(keys); }),
          values([&] {
            int64_t sum = 0;
            for (auto id : c.streams[0].ids)
              (void)c.users.visit(id, [&](const row& x, freshness,
                                          milliseconds) { use(x, sum); });
            return sum;
          }),
          [&] {
            return two_at_once(by_facade{c}, keys, c.streams[1].keys, cpu[0]);
          },
          [&] {
            return two_at_once(by_peer{c}, keys, c.streams[1].keys, cpu[1]);
          },
          [&] { return two_at_once(by_facade{c}, c.hot, c.hot, cpu[2]); },
          [&] { return two_at_once(by_peer{c}, c.hot, c.hot, cpu[3]); },
          many([&] { return batches_of_partition(c); }),
          many_peer([&] {
            return by_peer{c}(keys); // it knows no batches
          }),
          under_writes(
              c, by_facade{c},
              [&](size_t i) {
                auto id = version_of(i);
                c.world.put(user_key(c.user, id), user_row(c.user, id, i));
              },
              rate),
          under_writes(
              c, by_peer{c},
              [&](size_t i) {
                auto id = version_of(i);
                c.peer.put(user_key(c.user, id), user_row(c.user, id, i));
              },
              peer_rate),
          facade([&] { return by_facade{c}(c.hot); }),
          peer([&] { return by_peer{c}(c.hot); }),
      });
  facade_alone = got[0];
  auto one = make_figure("hit.one_thread" + suffix, "ns", got[0], "bare_map",
                         got[1]);
  one.fields = {{"allocations", facade.allocations()}};
  one.note = "entity_handle::visit_key";
  r.add(std::move(one));
  auto form = make_figure("hit.one_thread_values" + suffix, "ns", got[3],
                          "bare_map", got[1]);
  form.fields = {{"allocations", values.allocations()}};
  form.note = "entity_handle::visit: the key is made from values";
  r.add(std::move(form));
  auto part = make_figure("hit.one_thread_partition" + suffix, "ns", got[2],
                          "bare_map", got[1]);
  part.fields = {{"allocations", below.allocations()}};
  part.note = "partition::visit: no counter, clock or expiry";
  r.add(std::move(part));
  add_two(r, "hit.two_threads" + suffix, {got[4], cpu[0], got[0]},
          {got[5], cpu[1], got[1]}, "ns per hit of both threads together");
  add_two(r, "hit.hot_key_two_threads" + suffix, {got[6], cpu[2], got[12]},
          {got[7], cpu[3], got[13]}, "both threads read one key");
  auto writes = make_figure("hit.under_writes" + suffix, "ns", got[10],
                            "bare_map", got[11]);
  writes.fields = {{"writes_per_s", rate.median()},
                   {"peer_writes_per_s", peer_rate.median()}};
  writes.note = "the owner installs new rows of Zipf's keys meanwhile";
  r.add(std::move(writes));
  auto batches = make_figure("hit.find_many_100" + suffix, "ns", got[8],
                             "bare_map", got[9]);
  batches.fields = {{"allocations", many.allocations()},
                    {"ratio_to_one_thread", got[8].median() / got[2].median()}};
  batches.note = "partition::visit_many, ns per key";
  r.add(std::move(batches));
}

/// The other forms of the facade, beside the borrowing one.
void measure_forms(run& r, const contents& c, size_t repetitions) {
  const auto& ids = c.streams[0].ids;
  const auto& keys = c.streams[0].keys;
  one_thread borrowed;
  one_thread owning;
  one_thread blocking;
  one_thread callback;
  one_thread await;
  one_thread many;
  auto got = take_turns(
      repetitions,
      {borrowed([&] { return by_facade{c}(keys); }), owning([&] {
         int64_t sum = 0;
         for (auto& k : keys)
           use(probe_row(c.world.core(), k, {})->content, sum);
         return sum;
       }),
       blocking([&] {
         int64_t sum = 0;
         for (auto id : ids)
           use(c.users.find_by_pk(id).get()->content(), sum);
         return sum;
       }),
       callback([&] {
         int64_t sum = 0;
         for (auto id : ids)
           c.users.find_by_pk(id).then(
               [&](result<record> x) { use(x->content(), sum); });
         return sum;
       }),
       await([&] { return awaited(c).get(); }),
       many([&] { return batches_owned(c); }, c.batches.size() * batch)});
  auto add = [&](const std::string& name, size_t i, const one_thread& counted,
                 const std::string& note) {
    auto f = make_figure(name, "ns", got[i], "hit.one_thread", got[0]);
    f.fields = {{"allocations", counted.allocations()}};
    f.note = note;
    r.add(std::move(f));
  };
  add("hit.owning", 1, owning, "probe_row: an owned row by a prepared key");
  add("hit.blocking", 2, blocking, "find_by_pk(id).get()");
  add("hit.callback", 3, callback, "find_by_pk(id).then(...)");
  add("hit.await", 4, await, "co_await find_by_pk(id)");
  add("hit.find_many_100_owning", 5, many, "find_many(100 ids), ns per key");
}

} // namespace

void measure_hits(run& r) {
  if (!r.wants_some_of("hit."))
    return;
  const auto repetitions = r.times(15, 5);
  samples alone;
  r.step("hits: 100 000 rows");
  {
    const contents c{100'000, true};
    measure_size(r, c, "", repetitions, alone);
    measure_forms(r, c, repetitions);
  }
  if (!r.wants_any({"hit.one_thread.1m", "hit.one_thread_values.1m",
                    "hit.one_thread_partition.1m", "hit.two_threads.1m",
                    "hit.hot_key_two_threads.1m", "hit.under_writes.1m",
                    "hit.find_many_100.1m"}))
    return;
  r.step("hits: 1 000 000 rows");
  const contents c{1'000'000, false};
  measure_size(r, c, ".1m", r.times(9, 3), alone);
}

} // namespace toadcache::bench
