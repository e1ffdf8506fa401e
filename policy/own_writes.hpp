// Own writes and their echoes: which changes of the database's log are writes
// that this cache has already applied. Pure decisions; belongs to one cache
// actor.
//
// Contract. A change that the log tells of a key is an echo when its images are
// those of the oldest write of the key that was closed and not yet echoed. What
// it says was visible when that write was closed, and everything that it
// concerns was dropped then, so that nothing more need be dropped from memory.
// Why that is safe, whatever else was written to the key:
//   - The log is complete and in order per key (if not, `on_gap`), so that a
//     change told after the write's echo begins with the image that the write
//     left, and cannot have the write's own two images.
//   - A change with the same images that stands before the write in the log is
//     covered by the write's close all the same.
//   - Any other change of the key forgets its writes: their echoes then count
//     as foreign, which costs misses and no more.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/key.hpp"

namespace toadcache {

class own_writes {
public:
  /// Content hashes; 0: the row is absent.
  struct images {
    uint64_t before = 0;
    uint64_t after = 0;
    friend bool operator==(const images&, const images&) = default;
  };
  /// Tombstones as tombstones::on_logged numbers them.
  using graves = std::vector<std::pair<key, uint64_t>>;

  /// Writes that wait for their echo; one more forgets all.
  static constexpr size_t max_count = 4096;
  /// Changes kept with an open write of a key; more are not judged.
  static constexpr size_t max_early_count = 8;

  /// The log tells a change of the row: true for the echo of a closed write.
  [[nodiscard]] bool is_echo(const key& k, images told);
  /// The log tells something of the row that is no single change of it.
  void on_other(const key& k);

  /// The log tells a change while a write of the row is open: perhaps that very
  /// one. `made`: the tombstones that were made for it.
  void on_early(const key& k, images told, graves made);
  /// The same of what is no single change: no later change is judged.
  void on_early_other(const key& k);

  /// A write of the row is closed. The tombstones that its echo has made, when
  /// that has come; else the echo is expected.
  [[nodiscard]] graves on_closed(const key& k, images written);
  /// No write of the row is open any more.
  void on_released(const key& k) { early_.erase(k); }

  /// Changes may have been missed.
  void on_gap();

  [[nodiscard]] size_t expected_count() const { return expected_count_; }

private:
  struct early {
    std::vector<std::pair<images, graves>> told;
    bool judged = true;
  };
  std::unordered_map<key, std::deque<images>> expected_;
  size_t expected_count_ = 0;
  std::unordered_map<key, early> early_;
};

} // namespace toadcache
