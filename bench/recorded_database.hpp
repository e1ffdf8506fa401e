// A database that records when each statement of another one ran, and can make
// each take longer, so that those sent at the same time are seen to overlap: so
// sequential waves are counted whatever the machine does meanwhile.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include "storage/database.hpp"

namespace toadcache::bench {

/// Of all sessions. Thread-safe.
class statement_record {
public:
  enum class kind_type : uint8_t { read, write, commit };
  struct statement {
    kind_type kind;
    bool in_transaction;
    int64_t begin_ns;
    int64_t end_ns;
  };

  void add(statement s);
  void clear();
  [[nodiscard]] std::vector<statement> all() const;
  [[nodiscard]] size_t count(kind_type k) const;
  /// Of the reads: those inside a transaction.
  [[nodiscard]] size_t reads_in_transactions() const;
  /// The longest chain of reads outside a transaction that each began after the
  /// one before had ended.
  [[nodiscard]] size_t sequential_reads() const;

  /// Every read takes so much longer.
  std::atomic<milliseconds> delay{milliseconds{0}};

private:
  mutable std::mutex lock_;
  std::vector<statement> all_;
};

[[nodiscard]] std::shared_ptr<database>
recorded(std::shared_ptr<database> inner, std::shared_ptr<statement_record> to);

} // namespace toadcache::bench
