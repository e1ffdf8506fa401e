// Single flight: concurrent misses of a key share one fetch. A flight that a
// change has overtaken is sealed: its waiters are answered, but later readers
// start a new one. One instance per cache actor, which alone calls it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/key.hpp"
#include "policy/write_gate.hpp"

namespace toadcache {

template <class Waiter>
class single_flight {
public:
  using flight_id = uint64_t;
  using time = std::chrono::steady_clock::time_point;

  struct flight {
    key id;
    write_gate::stamp stamp = 0;
    uint64_t epoch = 0; ///< of its start, for the caller
    time begun{};
    bool older = false; ///< may land what was read before it began
    std::vector<Waiter> waiters;
  };

  /// Adds the waiter to the key's current flight if that is not sealed and,
  /// with `not_before`, lands nothing older; false otherwise. O(1).
  bool join(const key& k, std::optional<time> not_before, Waiter w) {
    auto i = current_.find(k);
    if (i == current_.end())
      return false;
    auto& f = flights_.at(i->second);
    if (not_before && (f.older || f.begun < *not_before))
      return false;
    f.waiters.push_back(std::move(w));
    return true;
  }

  /// True when a reader could join without a limit on its age.
  [[nodiscard]] bool under_way(const key& k) const {
    return current_.contains(k);
  }

  /// Begins a flight; it becomes the one that later readers join.
  flight_id start(const key& k, write_gate::stamp s, uint64_t epoch, time now,
                  std::vector<Waiter> waiters) {
    auto id = ++last_;
    flights_.emplace(id, flight{k, s, epoch, now, false, std::move(waiters)});
    current_[k] = id;
    return id;
  }
  /// It asks a tier that may answer with what was read before it began.
  void lands_older(flight_id id) { flights_.at(id).older = true; }

  /// Later readers of the key start a new flight.
  void seal(const key& k) { current_.erase(k); }
  /// The same for every key of which `covers(key)` is true. O(flights).
  template <class F>
  void seal_if(F covers) {
    std::erase_if(current_, [&](const auto& f) { return covers(f.first); });
  }
  void seal_all() { current_.clear(); }

  /// nullptr when it has ended.
  [[nodiscard]] const flight* find(flight_id id) const {
    auto i = flights_.find(id);
    return i == flights_.end() ? nullptr : &i->second;
  }

  /// Ends a flight and yields it; empty when it has ended already.
  std::optional<flight> land(flight_id id) {
    auto node = flights_.extract(id);
    if (node.empty())
      return std::nullopt;
    auto i = current_.find(node.mapped().id);
    if (i != current_.end() && i->second == id)
      current_.erase(i);
    return std::move(node.mapped());
  }

  /// Ends every flight, in no particular order.
  std::vector<flight> land_all() {
    std::vector<flight> all;
    all.reserve(flights_.size());
    for (auto& [id, f] : flights_)
      all.push_back(std::move(f));
    flights_.clear();
    current_.clear();
    return all;
  }

  [[nodiscard]] size_t size() const { return flights_.size(); }

private:
  flight_id last_ = 0;
  std::unordered_map<flight_id, flight> flights_;
  std::unordered_map<key, flight_id> current_;
};

} // namespace toadcache
