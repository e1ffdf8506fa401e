// A real MariaDB is killed again and again under load, and comes back. Every
// operation is recorded with its begin and end; afterwards the value-history
// oracle of the simulation judges them: no acknowledged write lost, no read
// that breaks C1, every request answered by its deadline, and the program goes
// on without a restart. TOADCACHE_KILLS names the number of kills (20).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>

#include "client/cache.hpp"
#include "tests/integration/cache_on_mariadb.hpp"
#include "tests/simulation/history.hpp"

using namespace toadcache;
using namespace toadcache::tests;

namespace {

constexpr int64_t writers = 4;
constexpr int64_t keys_per_writer = 4;
constexpr int64_t keys = writers * keys_per_writer;
constexpr int readers = 4;
/// Operations that succeed between two kills, so that each kill meets load.
constexpr uint64_t operations_between = 400;
constexpr milliseconds timeout{3000};

struct operation_record {
  time_point begin;
  time_point end;
  int64_t id = 0;
  bool write = false;
  std::string value; ///< written, or seen ("" where the read failed)
  bool failed = false;
  bool unknown = false;
  bool fresh = true;
};

using op_log = std::vector<operation_record>;

class load {
public:
  explicit load(cache& c) : guild_(c.entity("guild")) {
    for (int64_t w = 0; w < writers; ++w)
      threads_.emplace_back([this, w] { write(w); });
    for (int r = 0; r < readers; ++r)
      threads_.emplace_back([this, r] { read(static_cast<uint64_t>(r)); });
  }
  /// Ends all threads; the operations of each.
  std::vector<op_log> finish() {
    stop_ = true;
    for (auto& t : threads_)
      t.join();
    threads_.clear();
    return std::move(logs_);
  }
  ~load() { finish(); }

  /// Returns when so many more operations have succeeded.
  void await(uint64_t count) const {
    auto goal = done_.load() + count;
    auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (done_.load() < goal) {
      if (std::chrono::steady_clock::now() > limit)
        throw std::runtime_error("the cache did not recover");
      std::this_thread::yield();
    }
  }

private:
  // Each key has one writer, so the order of its values is known.
  void write(int64_t w) {
    op_log mine;
    for (uint64_t n = 0; !stop_; ++n) {
      operation_record o;
      o.write = true;
      o.id
          = 1 + w * keys_per_writer + static_cast<int64_t>(n % keys_per_writer);
      o.value = std::to_string(w) + "-" + std::to_string(n);
      o.begin = std::chrono::steady_clock::now();
      auto r = guild_.update({o.id}, {{"name", o.value}}, {timeout}).get();
      o.end = std::chrono::steady_clock::now();
      o.failed = !r;
      o.unknown = !r && r.error().code == errc::outcome_unknown;
      mine.push_back(o);
      if (r)
        ++done_;
      else
        std::this_thread::yield();
    }
    keep(std::move(mine));
  }

  void read(uint64_t seed) {
    op_log mine;
    auto state = seed + 1;
    while (!stop_) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      operation_record o;
      o.id = 1 + static_cast<int64_t>((state >> 33) % keys);
      read_options how;
      how.timeout = timeout;
      if ((state >> 20) % 8 == 0)
        how.max_age = milliseconds{0}; // also reads that must fetch
      o.begin = std::chrono::steady_clock::now();
      auto r = guild_.find_by_pk({o.id}, how).get();
      o.end = std::chrono::steady_clock::now();
      o.failed = !r;
      if (r) {
        o.value = std::string{r->text_at("name")};
        o.fresh = r->state() == freshness::fresh;
      }
      // Hits are many: every read counts that followed a write or a failure,
      // of the rest one in sixteen.
      if (!r || how.max_age || (state >> 40) % 16 == 0) {
        mine.push_back(o);
        ++done_;
      }
    }
    keep(std::move(mine));
  }

  void keep(op_log mine) {
    std::lock_guard guard{lock_};
    logs_.push_back(std::move(mine));
  }

  entity_handle guild_;
  std::atomic<bool> stop_{false};
  std::atomic<uint64_t> done_{0};
  std::mutex lock_;
  std::vector<op_log> logs_;
  std::vector<std::thread> threads_;
};

key key_of(const catalog& types, int64_t id) {
  return types.find("guild")
      ->make_key(primary_index, std::vector<value>{id})
      .value();
}

/// Feeds the record to the oracle in the order of time. A write may have become
/// visible from its begin on.
std::vector<std::string> judge_all(const catalog& types,
                                   const std::vector<op_log>& logs) {
  struct event {
    time_point at;
    bool end;
    const operation_record* of;
  };
  std::vector<event> events;
  for (auto& l : logs)
    for (auto& o : l) {
      events.push_back({o.begin, false, &o});
      events.push_back({o.end, true, &o});
    }
  std::stable_sort(events.begin(), events.end(),
                   [](const event& a, const event& b) {
                     return std::tie(a.at, a.end) < std::tie(b.at, b.end);
                   });
  simulation::sim_time time;
  simulation::history oracle{time};
  oracle.deadline_slack = milliseconds{1500}; // threads of a busy machine
  auto process = oracle.process_begins();
  uint64_t commits = 0;
  for (int64_t id = 1; id <= keys; ++id)
    oracle.commit_visible(++commits, {}, {{key_of(types, id), "start"}});
  // InnoDB shows a commit to others before it is durable: what a kill takes
  // back may have been read. Its write is of unknown outcome, so seeing it
  // proves nothing about later reads.
  std::set<std::string> uncertain;
  for (auto& l : logs)
    for (auto& o : l)
      if (o.unknown)
        uncertain.insert(o.value);
  std::map<const operation_record*, uint64_t> numbers;
  for (auto& e : events) {
    ++time.step;
    time.now = e.at;
    auto& o = *e.of;
    auto id = key_of(types, o.id);
    if (o.write && !e.end) {
      numbers[&o] = oracle.write_begins(process, "write " + o.value, timeout);
      if (!o.failed || o.unknown)
        oracle.commit_visible(++commits, {numbers[&o]}, {{id, o.value}});
    } else if (o.write) {
      auto how = !o.failed   ? simulation::write_end::acknowledged
                 : o.unknown ? simulation::write_end::unknown
                             : simulation::write_end::failed;
      oracle.write_ends(numbers[&o], how, {{id, false}});
    } else if (!e.end) {
      numbers[&o]
          = oracle.read_begins(process, id, std::string{id.bytes()}, timeout);
    } else if (o.failed) {
      oracle.read_fails(numbers[&o]);
    } else {
      simulation::read_answer answer;
      answer.value = o.value;
      answer.own = std::string{id.bytes()};
      answer.fresh = o.fresh && !uncertain.contains(o.value);
      oracle.read_ends(numbers[&o], answer);
    }
  }
  oracle.finish();
  return oracle.violations();
}

size_t kills_count() {
  auto text = std::getenv("TOADCACHE_KILLS");
  return text ? static_cast<size_t>(std::strtoul(text, nullptr, 10)) : 20;
}

} // namespace

TEST_CASE("server kills: nothing acknowledged is lost, nothing read that the "
          "database would contradict, everything answered") {
  mariadb_server server;
  cache_on_mariadb c{server, "kills",
                     [](options& o) { o.persistence.enabled = false; }};
  for (int64_t id = 1; id <= keys; ++id)
    REQUIRE(c->entity("guild").create({{"id", id}, {"name", "start"}}).get());
  std::vector<op_log> logs;
  {
    load running{*c};
    for (size_t n = 0; n < kills_count(); ++n) {
      running.await(operations_between);
      server.kill();
      server.start();
    }
    running.await(operations_between);
    logs = running.finish();
  }
  auto violations = judge_all(*c.types(), logs);
  for (size_t i = 0; i < violations.size() && i < 3; ++i)
    UNSCOPED_INFO(violations[i]);
  CHECK(violations.empty());
  // What is in the tables is the last acknowledged write of each key, or one of
  // unknown outcome that came after it.
  size_t acknowledged = 0;
  size_t unknown = 0;
  std::map<int64_t, std::vector<std::string>> possible;
  for (auto& l : logs)
    for (auto& o : l) {
      if (!o.write)
        continue;
      if (!o.failed) {
        ++acknowledged;
        possible[o.id] = {o.value};
      } else if (o.unknown) {
        ++unknown;
        possible[o.id].push_back(o.value);
      }
    }
  for (auto& row : c.foreign_sql("SELECT id, name FROM guild")) {
    auto& allowed = possible[std::stoll(row[0])];
    CAPTURE(row[0], row[1], allowed);
    CHECK(std::find(allowed.begin(), allowed.end(), row[1]) != allowed.end());
  }
  CHECK(acknowledged > kills_count());
  WARN(acknowledged << " writes acknowledged, " << unknown
                    << " of unknown outcome, " << kills_count() << " kills");
}
