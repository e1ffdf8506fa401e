// The outcome of `toadcache hit-ratio`: a hit ratio for each stream, size and
// policy beside the clairvoyant bound, as text or JSON. A value.
#pragma once

#include <string>
#include <vector>

#include "tools/hit_ratio.hpp"

namespace toadcache {

class hit_ratio_table {
public:
  explicit hit_ratio_table(std::vector<std::string> policies)
      : policies_(std::move(policies)) {}

  /// `counts`: one for each policy, in their order. Ratios are of reads.
  void add(const request_trace& t, uint64_t capacity, uint64_t most_hits,
           std::vector<hit_count> counts);

  /// Percent, a line for each stream and size.
  [[nodiscard]] std::string text() const;
  /// {"results": [{"trace", "size", "unit", "policy", "reads", "hits",
  /// "hit_ratio", "bound", "evictions", "bookkeeping_bytes_per_entry"}]};
  /// ratios from 0 to 1.
  [[nodiscard]] std::string json() const;

private:
  struct line {
    std::string trace;
    bool weighted = false;
    uint64_t capacity = 0;
    uint64_t most_hits = 0;
    std::vector<hit_count> counts;
  };
  std::vector<std::string> policies_;
  std::vector<line> lines_;
};

} // namespace toadcache
