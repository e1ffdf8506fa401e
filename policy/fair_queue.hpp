// A bounded queue that serves groups in turn, so that one busy group cannot
// keep the others waiting, and whose items expire at their deadlines. Within a
// group: first in, first out. Time is a parameter; not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace toadcache {

template <class T>
class fair_queue {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Holds at most `max_count` items over all groups.
  explicit fair_queue(size_t max_count) : max_count_(max_count) {}
  fair_queue(const fair_queue&) = delete;
  fair_queue& operator=(const fair_queue&) = delete;

  /// False, with `item` untouched, when the queue is full. O(log n).
  [[nodiscard]] bool push(uint64_t group, time_point deadline, T&& item) {
    if (full())
      return false;
    auto [place, is_new] = groups_.try_emplace(group);
    if (is_new)
      turn_.push_back(group);
    auto& items = place->second;
    items.push_back({std::move(item), {}});
    auto last = std::prev(items.end());
    last->expiry = deadlines_.emplace(deadline, location{group, last});
    return true;
  }

  /// The first item of the group whose turn it is. O(log n).
  [[nodiscard]] std::optional<T> pop() {
    if (empty())
      return std::nullopt;
    auto group = turn_.front();
    turn_.pop_front();
    auto place = groups_.find(group);
    auto& items = place->second;
    std::optional<T> item{std::move(items.front().item)};
    deadlines_.erase(items.front().expiry);
    items.pop_front();
    if (items.empty())
      groups_.erase(place);
    else
      turn_.push_back(group);
    return item;
  }

  /// Removes and yields every item whose deadline is not after `now`, in the
  /// order of deadlines. O(k (log n + groups)).
  [[nodiscard]] std::vector<T> expire(time_point now) {
    std::vector<T> expired;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now)
      expired.push_back(remove_first_deadline());
    return expired;
  }

  /// Removes and yields everything, in the order of deadlines.
  [[nodiscard]] std::vector<T> clear() {
    std::vector<T> all;
    while (!deadlines_.empty())
      all.push_back(remove_first_deadline());
    return all;
  }

  /// The earliest deadline of all items.
  [[nodiscard]] std::optional<time_point> next_deadline() const {
    if (deadlines_.empty())
      return std::nullopt;
    return deadlines_.begin()->first;
  }

  [[nodiscard]] size_t size() const noexcept { return deadlines_.size(); }
  [[nodiscard]] bool empty() const noexcept { return deadlines_.empty(); }
  [[nodiscard]] bool full() const noexcept { return size() >= max_count_; }

private:
  struct node;
  using items_type = std::list<node>;
  struct location {
    uint64_t group;
    typename items_type::iterator place;
  };
  using deadlines_type = std::multimap<time_point, location>;
  struct node {
    T item;
    typename deadlines_type::iterator expiry;
  };

  T remove_first_deadline() {
    auto where = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    T item = std::move(where.place->item);
    auto group = groups_.find(where.group);
    group->second.erase(where.place);
    if (group->second.empty()) {
      groups_.erase(group);
      std::erase(turn_, where.group);
    }
    return item;
  }

  size_t max_count_;
  std::unordered_map<uint64_t, items_type> groups_; ///< never an empty list
  std::deque<uint64_t> turn_; ///< every group of groups_ once
  deadlines_type deadlines_;
};

} // namespace toadcache
