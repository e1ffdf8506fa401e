// The bookkeeping that all eviction policies share: entries by slot, 16 bytes
// each, linked into a few queues whose bytes are summed. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "model/block_memory.hpp"
#include "policy/eviction.hpp"

namespace toadcache {

/// Marks asked for at most while a victim is sought: about 0.1 ms. When readers
/// mark nearly everything nearly all the time, the next entry then goes.
inline constexpr size_t max_victim_steps = 1000;

/// What a policy knows of one slot. `queue` 0: not resident.
struct slot_node {
  slot_id newer = no_slot;
  slot_id older = no_slot;
  uint32_t weight_bytes : 27 = 0; ///< what is heavier counts as 128 MiB
  uint32_t queue : 3 = 0;
  uint32_t chances : 2 = 0; ///< further laps that its marks have earned
  uint32_t note = 0;        ///< the policy's own: a time, a hash
};
static_assert(sizeof(slot_node) == 16);

/// Queues 1 to `QueueCount`; entries come in as the newest of a queue.
template <size_t QueueCount>
class slot_queues {
public:
  [[nodiscard]] slot_node& operator[](slot_id s) { return nodes_[s]; }
  [[nodiscard]] const slot_node& operator[](slot_id s) const {
    return nodes_[s];
  }
  [[nodiscard]] bool contains(slot_id s) const {
    return s < nodes_.size() && nodes_[s].queue != 0;
  }

  /// A new entry. Requires: not resident.
  void insert(slot_id s, unsigned queue, size_t weight_bytes, uint32_t note) {
    if (s >= nodes_.size()) {
      if (s >= nodes_.capacity()) // by an eighth, not by the double: it is many
        nodes_.reserve(size_t{s} + size_t{s} / 8 + 8);
      nodes_.resize(size_t{s} + 1);
    }
    auto& n = nodes_[s];
    n.weight_bytes = clamped(weight_bytes);
    n.chances = 0;
    n.note = note;
    link(s, queue);
  }
  void erase(slot_id s) {
    unlink(s);
    nodes_[s].queue = 0;
  }
  /// To the newest end of a queue, its own or another.
  void move(slot_id s, unsigned queue) {
    unlink(s);
    link(s, queue);
  }
  void reweigh(slot_id s, size_t weight_bytes) {
    auto& n = nodes_[s];
    auto& q = queues_[n.queue - 1];
    q.bytes -= n.weight_bytes;
    n.weight_bytes = clamped(weight_bytes);
    q.bytes += n.weight_bytes;
  }

  /// no_slot when the queue is empty.
  [[nodiscard]] slot_id oldest(unsigned queue) const {
    return queues_[queue - 1].oldest;
  }
  [[nodiscard]] size_t count(unsigned queue) const {
    return queues_[queue - 1].count;
  }
  [[nodiscard]] uint64_t bytes(unsigned queue) const {
    return queues_[queue - 1].bytes;
  }
  [[nodiscard]] size_t count() const {
    size_t sum = 0;
    for (const auto& q : queues_)
      sum += q.count;
    return sum;
  }
  [[nodiscard]] uint64_t bytes() const {
    uint64_t sum = 0;
    for (const auto& q : queues_)
      sum += q.bytes;
    return sum;
  }
  [[nodiscard]] size_t bookkeeping_bytes() const {
    return nodes_.capacity() * sizeof(slot_node);
  }

private:
  struct queue_ends {
    slot_id newest = no_slot;
    slot_id oldest = no_slot;
    size_t count = 0;
    uint64_t bytes = 0;
  };

  static uint32_t clamped(size_t weight_bytes) {
    return static_cast<uint32_t>(
        std::min<size_t>(weight_bytes, (size_t{1} << 27) - 1));
  }
  void link(slot_id s, unsigned queue) {
    auto& n = nodes_[s];
    auto& q = queues_[queue - 1];
    n.queue = queue & 7u;
    n.newer = no_slot;
    n.older = q.newest;
    (q.newest == no_slot ? q.oldest : nodes_[q.newest].newer) = s;
    q.newest = s;
    ++q.count;
    q.bytes += n.weight_bytes;
  }
  void unlink(slot_id s) {
    auto& n = nodes_[s];
    auto& q = queues_[n.queue - 1];
    (n.newer == no_slot ? q.newest : nodes_[n.newer].older) = n.older;
    (n.older == no_slot ? q.oldest : nodes_[n.older].newer) = n.newer;
    --q.count;
    q.bytes -= n.weight_bytes;
  }

  block_vector<slot_node> nodes_;
  std::array<queue_ends, QueueCount> queues_;
};

} // namespace toadcache
