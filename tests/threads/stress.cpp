// A partition as it is used: one owner that installs, replaces, drops, evicts
// by each policy, flushes and restarts, beside readers on other threads;
// checked against a plain map on the owner's side, and by versions on the
// readers'. TOADCACHE_STRESS_SECONDS says for how long.
#include <array>
#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "model/eviction_names.hpp"
#include "policy/eviction.hpp"
#include "storage/partition.hpp"
#include "tests/catch.hpp"
#include "tests/support/stress_time.hpp"

using namespace toadcache;
using clock_type = std::chrono::steady_clock;

namespace {

constexpr size_t key_count = 4096;
constexpr size_t reader_count = 2;
constexpr size_t budget_bytes = 128u << 10; // of about a megabyte of rows

key key_of(size_t number) {
  return {0, primary_index,
          encode_key(std::vector<value>{static_cast<int64_t>(number)})};
}

// A row of key, version, and a text as long as the version says.
row row_of(size_t number, int64_t version) {
  const std::vector<column_type> types{column_type::int64, column_type::int64,
                                       column_type::text};
  const auto length = static_cast<size_t>(version * 37 % 400);
  const std::vector<value> values{
      static_cast<int64_t>(number), version,
      std::string(length, static_cast<char>('a' + version % 26))};
  return *row::encode(types, values);
}

bool is_whole(const row& r, size_t number) {
  const auto version = r.int_at(1);
  const auto text = r.text_at(2);
  return r.int_at(0) == static_cast<int64_t>(number)
         && text.size() == static_cast<size_t>(version * 37 % 400)
         && text.find_first_not_of(static_cast<char>('a' + version % 26))
                == std::string_view::npos;
}

/// What readers may rely on: nothing below the floor of a key is seen by a read
/// that began after it was raised.
using floors = std::vector<std::atomic<int64_t>>;

class owner {
public:
  owner(partition& memory, floors& floor, const std::string& policy,
        uint32_t seed)
      : memory_(memory), floor_(floor), name_(policy), random_(seed) {
    restart();
  }

  void step() {
    const auto number = random_() % key_count;
    switch (random_() % 64) {
    case 0:
    case 1:
    case 2:
      drop(number);
      break;
    case 3:
      if (random_() % 64 == 0)
        flush();
      break;
    case 4:
      if (random_() % 64 == 0) {
        memory_.close();
        restart();
      }
      break;
    default:
      install(number);
    }
  }

  /// What the partition holds is what the plain map says.
  [[nodiscard]] bool agrees() const {
    size_t found = 0;
    for (size_t n = 0; n < key_count; ++n) {
      auto e = memory_.peek(key_of(n));
      if (e && !memory_.visible(*e))
        return false; // a flush of the test removes everything
      auto expected = model_.find(n);
      if (bool(e) != (expected != model_.end()))
        return false;
      if (e && e->content().int_at(1) != expected->second.version)
        return false;
      found += e ? 1 : 0;
    }
    return found == memory_.row_count() && found == policy_->size();
  }

private:
  struct known {
    int64_t version = 0;
    slot_id slot = no_slot;
  };

  void install(size_t number) {
    const auto version = ++version_;
    entry_parts p;
    p.id = key_of(number);
    p.content = row_of(number, version);
    const auto weight = bytes_of(p);
    while (memory_.used_bytes() + weight > budget_bytes && !model_.empty())
      evict();
    auto i = model_.find(number);
    const auto fresh = i == model_.end();
    const auto slot = fresh ? take_slot() : i->second.slot;
    auto stored = memory_.put(p, slot);
    slots_[slot] = stored;
    model_[number] = {version, slot};
    if (fresh)
      policy_->on_insert(slot, p.id.hash(), weight, marks_);
    else
      policy_->on_replace(slot, weight);
    floor_[number].store(version, std::memory_order_release);
  }

  void evict() {
    auto victim = policy_->victim(marks_);
    REQUIRE(victim);
    const auto number
        = static_cast<size_t>(slots_[*victim]->content().int_at(0));
    forget(number, removal_cause::evicted);
  }

  void drop(size_t number) {
    if (model_.contains(number))
      forget(number, removal_cause::invalidated);
    floor_[number].store(++version_, std::memory_order_release);
  }

  void forget(size_t number, removal_cause why) {
    const auto slot = model_.at(number).slot;
    auto removed = memory_.erase(key_of(number));
    policy_->on_erase(slot, removed->hash(0), why, removed->mark.load());
    slots_[slot] = nullptr;
    free_.push_back(slot);
    model_.erase(number);
  }

  void flush() {
    memory_.bump_generation();
    const auto version = ++version_;
    for (auto& f : floor_)
      f.store(version, std::memory_order_release);
    std::vector<size_t> all;
    for (auto& [number, k] : model_)
      all.push_back(number);
    for (auto number : all)
      forget(number, removal_cause::removed);
  }

  // A new incarnation: what the one before left is hidden, then freed.
  void restart() {
    memory_.bump_generation();
    const auto version = ++version_;
    for (auto& f : floor_)
      f.store(version, std::memory_order_release);
    for (auto& [number, k] : model_)
      memory_.erase(key_of(number));
    model_.clear();
    slots_.clear();
    free_.clear();
    policy_ = std::move(make_eviction_policy(name_).value());
    memory_.open();
  }

  slot_id take_slot() {
    if (free_.empty()) {
      slots_.emplace_back();
      return static_cast<slot_id>(slots_.size() - 1);
    }
    const auto s = free_.back();
    free_.pop_back();
    return s;
  }

  partition& memory_;
  floors& floor_;
  std::string name_;
  std::mt19937 random_;
  std::unique_ptr<eviction_policy> policy_;
  take_mark marks_ = [this](slot_id s) {
    return slots_[s]->mark.exchange(0, std::memory_order_relaxed);
  };
  std::unordered_map<size_t, known> model_;
  std::vector<entry_ptr> slots_;
  std::vector<slot_id> free_;
  int64_t version_ = 0;
};

struct findings {
  uint64_t hits = 0;
  uint64_t broken = 0;
  uint64_t outdated = 0;
};

findings read_until(const partition& memory, const floors& floor,
                    const std::atomic<bool>& done, uint32_t seed) {
  findings found;
  std::mt19937 random{seed};
  std::vector<row> held(64); // rows that outlive their entries
  while (!done.load(std::memory_order_acquire)) {
    const auto number = random() % key_count;
    const auto at_least = floor[number].load(std::memory_order_acquire);
    const auto keep = random() % 8 == 0;
    memory.visit(key_of(number), [&](const entry& e) {
      ++found.hits;
      e.with_content([&](const row& r) {
        found.broken += is_whole(r, number) ? 0 : 1;
        found.outdated += r.int_at(1) < at_least ? 1 : 0;
        if (keep)
          held[number % held.size()] = r;
      });
    });
    if (auto& r = held[random() % held.size()]; r)
      found.broken += is_whole(r, static_cast<size_t>(r.int_at(0))) ? 0 : 1;
  }
  return found;
}

} // namespace

TEST_CASE("a partition under stress is what a plain map would be",
          "[threads][stress]") {
  const auto policy = GENERATE(from_range(
      std::vector<std::string>(eviction_names.begin(), eviction_names.end())));
  INFO(policy);
  partition memory;
  floors floor(key_count);
  std::atomic<bool> done{false};
  std::vector<findings> found(reader_count);
  std::vector<std::thread> readers;
  owner writer{memory, floor, policy, 17};
  for (uint32_t i = 0; i < reader_count; ++i)
    readers.emplace_back(
        [&, i] { found[i] = read_until(memory, floor, done, i); });
  const auto end
      = clock_type::now() + tests::stress_time() / eviction_names.size();
  auto same = true;
  do {
    for (int i = 0; i < 5000; ++i)
      writer.step();
    same = same && writer.agrees();
  } while (same && clock_type::now() < end);
  done = true;
  for (auto& r : readers)
    r.join();
  CHECK(same);
  for (auto& f : found) {
    CHECK(f.broken == 0);
    CHECK(f.outdated == 0);
  }
  memory.collect();
  CHECK(memory.waiting_bytes() == 0);
}
