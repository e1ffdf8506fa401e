// Tombstones: what the database's log told of a key last, for as long as the
// database may not show it yet. The log is readable before its commits are
// visible (0.9 ms were measured), so a row that is read after its change was
// told may still be the old one. Time is a parameter; no I/O; belongs to one
// cache actor.
//
// Contract. Within the settle time after a change
//   - a row (or absence) may be installed only if its content is that of the
//     last image told;
//   - where the image is not known, and for lists, nothing may be installed;
//   - the same holds for all keys of an index, or of the type, when it is not
//     known which have changed.
// At most `max_count` keys are remembered; one more settles the whole type.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "model/key.hpp"

namespace toadcache {

class tombstones {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  static constexpr size_t max_count = 65536;

  explicit tombstones(milliseconds settle_time = milliseconds{100})
      : settle_time_(settle_time) {}

  /// The log told a change of the key. `content_hash`: of its row afterwards, 0
  /// of a row that is gone; nullopt: not known, or a list. O(1) amortised. The
  /// number of the tombstone; 0 where it stands for an earlier change, too.
  uint64_t on_logged(const key& k, std::optional<uint64_t> content_hash,
                     time_point now);
  /// The change of that tombstone is visible. No effect where another one has
  /// been made of the key since, or the number is 0.
  void on_visible(const key& k, uint64_t number);
  /// A write that is later than what was told has set the row to that. No
  /// effect on a key without a tombstone.
  void on_written(const key& k, uint64_t content_hash);
  /// Any key of the index, or of the type, may have changed.
  void on_index(index_id i, time_point now);
  void on_flush(time_point now);

  /// Whether what was just read of the key may be installed. O(1).
  [[nodiscard]] bool may_install(const key& k, uint64_t content_hash,
                                 time_point now) const;

  [[nodiscard]] size_t count() const { return graves_.size(); }

private:
  struct grave {
    time_point until;
    std::optional<uint64_t> content_hash;
    uint64_t number; ///< 0: of several changes
  };
  void forget_settled(time_point now);

  milliseconds settle_time_;
  uint64_t newest_ = 0;
  std::unordered_map<key, grave> graves_;
  std::deque<std::pair<time_point, key>> order_; ///< by end
  std::unordered_map<index_id, time_point> index_until_;
  time_point all_until_ = time_point::min();
};

} // namespace toadcache
