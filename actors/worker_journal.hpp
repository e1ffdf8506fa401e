// What DB POOL and one of its workers must agree on beyond messages: how far
// the worker's write has come, so that the pool can answer truthfully when the
// worker is late or dead, and what the worker's successor has to finish.
// Thread-safe; shared by the pool, the worker and its successor.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "messages/changes.hpp"

namespace toadcache {

/// A transaction whose tickets are open: what INVALIDATION must be told, and,
/// where the outcome is unknown, the connection that may still commit.
struct unsettled_transaction {
  changes message;
  std::string connection_id; ///< empty: it can commit nothing any more
};

class worker_journal {
public:
  /// `orphans` counts requests that outlive their pool (shared_state); it must
  /// outlive the journal.
  explicit worker_journal(std::atomic<size_t>& orphans) : orphans_(orphans) {}
  worker_journal(const worker_journal&) = delete;
  worker_journal& operator=(const worker_journal&) = delete;

  // -- the pool ---------------------------------------------------------------

  /// A worker is about to be spawned for this journal.
  void join();
  /// A request is on its way to the worker.
  void start();
  /// The request's caller gets no answer from the worker any more. True when
  /// COMMIT may have been sent, else nothing will be committed.
  bool cancel();
  /// The pool is gone: the request is cancelled as by `cancel`, and counted in
  /// `orphans` until the worker finishes it.
  void orphan();

  // -- the worker -------------------------------------------------------------

  [[nodiscard]] bool cancelled() const;
  /// Asked right before COMMIT; what is to be settled if the worker dies from
  /// here on. False when the request was cancelled: roll back.
  [[nodiscard]] bool may_commit(unsettled_transaction t);
  /// Replaces what is to be settled.
  void set_unsettled(unsettled_transaction t);
  /// Every cache has confirmed: nothing is left to settle.
  void settled();
  [[nodiscard]] std::optional<unsettled_transaction> unsettled() const;
  /// The worker is ready for the next request.
  void finish();
  /// The worker is gone.
  void leave();

private:
  enum class phase : uint8_t { idle, running, cancelled, committing };

  std::atomic<size_t>& orphans_;
  mutable std::mutex lock_;
  phase phase_ = phase::idle;
  bool commit_sent_ = false; ///< of the request that was started last
  bool orphaned_ = false;
  bool has_worker_ = false;
  std::optional<unsettled_transaction> unsettled_;
};

} // namespace toadcache
