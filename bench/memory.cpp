// memory.*: what cached rows cost, measured at the allocator (mallinfo2) and
// the process, not believed from the cache's own accounts.
//
//   overhead_per_row   bytes of a resident row beyond its encoded bytes, all
//                      of the owner's bookkeeping included; beside the bare map
//   accounting_error   the cache's own used_bytes against the allocator's, the
//                      worst of several kinds of rows, filled and after
//                      evictions
//   growth             the process's growth while reads pass over ten times as
//                      many bytes as the budget allows, for --duration
#include <cmath>

#include <malloc.h>
#include <spdlog/logger.h>

#include "actors/residents.hpp"
#include "bench/bare_map.hpp"
#include "bench/made_up_database.hpp"
#include "bench/rows.hpp"
#include "bench/run.hpp"
#include "client/cache.hpp"
#include "model/block_memory.hpp"
#include "tools/process_memory.hpp"
#include "tools/random.hpp"

namespace toadcache::bench {

namespace {

/// What is allocated now, headers and the unused ends of blocks included.
double allocated_bytes() {
  auto m = mallinfo2();
  return static_cast<double>(m.uordblks + m.hblkhd
                             + block_memory::instance().used_bytes());
}

/// Two types that share the budget.
constexpr std::string_view catalog_json = R"({
  "version": 1,
  "entities": [
    {"name": "small", "table": "small", "weight": 1.0,
     "columns": [
       {"name": "id", "type": "int64", "sql_type": "BIGINT"},
       {"name": "text", "type": "text", "nullable": true,
        "collation": "utf8mb4_general_ci", "sql_type": "TEXT"}],
     "primary_key": ["id"],
     "ttl": {"fresh": "86400s"}},
    {"name": "large", "table": "large", "weight": 1.0,
     "columns": [
       {"name": "id", "type": "int64", "sql_type": "BIGINT"},
       {"name": "text", "type": "text", "nullable": true,
        "collation": "utf8mb4_general_ci", "sql_type": "TEXT"}],
     "primary_key": ["id"],
     "ttl": {"fresh": "86400s"}}
  ]
})";

/// A row whose text has so many bytes.
row row_of(const entity_type& type, int64_t id, size_t text_bytes) {
  const std::vector<value> values{id, std::string(text_bytes, 'x')};
  return *row::encode(type.types, values);
}

/// 60 to 200 bytes.
size_t small_text(int64_t id) {
  return 60 + static_cast<size_t>(user_id(static_cast<size_t>(id)) % 141);
}

/// Of profiles: median 2.5 KB, at most 64 KB (lognormal).
size_t large_text(int64_t id) {
  random_source random{static_cast<uint64_t>(id)};
  double normal = -6; // the sum of twelve is nearly normal
  for (int i = 0; i < 12; ++i)
    normal += random.unit();
  auto size = 2500 * std::exp(1.15 * normal);
  return static_cast<size_t>(std::min(size, 65536.0));
}

row made_up_row(const entity_type& type, int64_t id) {
  return row_of(type, id,
                type.name == "small" ? small_text(id) : large_text(id));
}

/// One cache actor's content without the actor.
struct owner {
  owner(const std::string& name, size_t budget_bytes) {
    options o;
    o.memory.budget_bytes = budget_bytes * 2; // two types of the same weight
    types = catalog::parse(catalog_json, "benchmark").value();
    shared = std::make_shared<shared_state>(types, o, coarse_clock());
    type = types->find(name);
    auto cache = shared->caches.of(type->id).front();
    memory = shared->partitions[cache].get();
    memory->open();
    content.emplace(shared, cache);
  }
  void install(int64_t id) {
    auto content_row = made_up_row(*type, id);
    encoded += static_cast<double>(content_row.bytes().size());
    const value v{id};
    content->install(*type->make_key(primary_index, {&v, 1}),
                     std::move(content_row), {}, shared->time.now(),
                     tier::database);
  }

  catalog_ptr types;
  shared_ptr_state shared;
  const entity_type* type = nullptr;
  partition* memory = nullptr;
  std::optional<residents> content;
  double encoded = 0; ///< bytes of all rows ever installed
};

double overhead_of_own(size_t rows, const std::string& name) {
  owner o{name, size_t{4} << 30};
  auto before = allocated_bytes();
  for (size_t i = 0; i < rows; ++i)
    o.install(user_id(i));
  o.memory->collect();
  return (allocated_bytes() - before - o.encoded) / static_cast<double>(rows);
}

double overhead_of_peer(size_t rows) {
  auto types = catalog::parse(catalog_json, "benchmark").value();
  const auto& type = *types->find("small");
  bare_map m;
  double encoded = 0;
  auto before = allocated_bytes();
  for (size_t i = 0; i < rows; ++i) {
    auto id = user_id(i);
    auto r = made_up_row(type, id);
    encoded += static_cast<double>(r.bytes().size());
    const value v{id};
    m.put(*type.make_key(primary_index, {&v, 1}), std::move(r));
  }
  return (allocated_bytes() - before - encoded) / static_cast<double>(rows);
}

void measure_overhead(run& r) {
  // Tables double: the worst and the best moments of that are both looked at.
  const std::vector<size_t> counts{90'000, 100'000, 120'000, 150'000, 180'000};
  samples own;
  samples peer;
  for (auto n : counts) {
    own.add(overhead_of_own(n, "small"));
    peer.add(overhead_of_peer(n));
  }
  auto f
      = make_figure("memory.overhead_per_row", "bytes", own, "bare_map", peer);
  f.fields = {{"sizeof_entry", static_cast<double>(sizeof(entry))},
              {"large_rows", overhead_of_own(20'000, "large")}};
  f.note = "rows of 100 to 240 bytes; the repetitions are 90 000 to 180 000 "
           "rows";
  r.add(std::move(f));
}

/// Percent that the cache's own account is off, after `rows` installs.
double error_of(const std::string& name, size_t rows, size_t budget_bytes) {
  owner o{name, budget_bytes};
  const auto before = allocated_bytes();
  for (size_t i = 0; i < rows; ++i)
    o.install(user_id(i));
  o.memory->collect();
  const auto real = allocated_bytes() - before;
  return 100.0 * (static_cast<double>(o.content->used_bytes()) - real) / real;
}

void measure_accounting(run& r) {
  const size_t n = r.times(200'000, 60'000);
  const std::vector<std::pair<std::string, double>> kinds{
      {"small_filled", error_of("small", n, size_t{4} << 30)},
      {"small_evicting", error_of("small", n * 4, n * 300)},
      {"large_filled", error_of("large", n / 10, size_t{4} << 30)},
      {"large_evicting", error_of("large", n, n * 300)},
  };
  figure f;
  f.name = "memory.accounting_error";
  f.unit = "%";
  f.value = 0;
  for (auto& [name, error] : kinds)
    f.value = std::max(*f.value, std::fabs(error));
  f.fields = kinds;
  f.note = "the worst; fields: positive when the cache counts too much";
  r.add(std::move(f));
}

/// Reads over ten times the budget, and how far the process grew.
class growth {
public:
  growth(run& r, size_t budget_bytes) : r_(r), budget_(budget_bytes) {}

  void measure() {
    cache_parts parts;
    parts.config.memory.budget_bytes = budget_;
    parts.config.memory.budget_period = std::chrono::seconds{1};
    parts.types = catalog::parse(catalog_json, "benchmark").value();
    parts.source = make_up_database(made_up_row);
    parts.log = std::make_shared<spdlog::logger>("quiet"); // no sink
    parts.disk = false;
    auto c = cache::open(std::move(parts)).value();
    auto small = c.entity("small");
    auto large = c.entity("large");
    read(small, 1, 1); // actors, connections and threads are there
    read(large, 1, 1);
    malloc_trim(0);
    const auto before = static_cast<double>(resident_bytes());
    const auto end = now_ns() + r_.asked().duration.count() * 1'000'000'000;
    const auto half = static_cast<double>(budget_) / 2;
    const auto small_keys = static_cast<size_t>(10 * half / 300);
    const auto large_keys = static_cast<size_t>(10 * half / 4500);
    double most = 0;
    double most_used = 0;
    size_t reads = 0;
    // A busy machine may not even fill the budget in the time asked for.
    const auto patience = end + (end - now_ns()) * 5;
    while (now_ns() < end
           || (now_ns() < patience && c.statistics().total().evictions == 0)) {
      reads += read(small, small_keys, 500);
      reads += read(large, large_keys, 50);
      most = std::max(most, static_cast<double>(resident_bytes()) - before);
      most_used = std::max(
          most_used, static_cast<double>(c.statistics().total().used_bytes));
    }
    auto all = c.statistics().total();
    auto& blocks = block_memory::instance();
    if (all.evictions == 0) {
      r_.skip("memory.growth", "bytes", "budget",
              "the budget was not reached; ask for a longer --duration");
      return;
    }
    figure f;
    f.name = "memory.growth";
    f.unit = "bytes";
    f.value = most;
    f.peer = "budget";
    f.peer_value = static_cast<double>(budget_);
    f.fields = {{"seconds", static_cast<double>(r_.asked().duration.count())},
                {"most_used_bytes", most_used},
                {"reads", static_cast<double>(reads)},
                {"evictions", static_cast<double>(all.evictions)},
                {"hit_ratio", all.hit_ratio()},
                {"block_bytes_used", static_cast<double>(blocks.used_bytes())},
                {"block_bytes_held", static_cast<double>(blocks.held_bytes())}};
    f.note = "most resident bytes over those before the first row; rows of 100 "
             "bytes to 64 KB";
    r_.add(std::move(f));
  }

private:
  size_t read(const entity_handle& from, size_t keys, size_t count) {
    std::vector<value> ids;
    for (size_t i = 0; i < count; ++i)
      ids.emplace_back(user_id(random_.below(keys)));
    auto got = from.find_many(ids).get();
    if (!got)
      throw std::runtime_error("memory.growth: " + to_string(got.error()));
    return got->size();
  }

  run& r_;
  size_t budget_;
  random_source random_{1};
};

} // namespace

void measure_memory(run& r) {
  if (r.wants("memory.growth")) { // first: the process is still small
    r.step("memory: growth, " + std::to_string(r.asked().duration.count())
           + " s");
    growth{r, size_t{128} << 20}.measure();
  }
  if (r.wants("memory.overhead_per_row")) {
    r.step("memory: overhead");
    measure_overhead(r);
  }
  if (r.wants("memory.accounting_error")) {
    r.step("memory: accounting");
    measure_accounting(r);
  }
}

} // namespace toadcache::bench
