#include "actors/worker_journal.hpp"

#include <utility>

namespace toadcache {

void worker_journal::join() {
  std::lock_guard guard{lock_};
  has_worker_ = true;
}

void worker_journal::start() {
  std::lock_guard guard{lock_};
  phase_ = phase::running;
  commit_sent_ = false;
}

bool worker_journal::cancel() {
  std::lock_guard guard{lock_};
  if (phase_ == phase::running)
    phase_ = phase::cancelled;
  // Also when the worker has finished: its reply may never be read.
  return commit_sent_;
}

void worker_journal::orphan() {
  std::lock_guard guard{lock_};
  if (phase_ == phase::idle || orphaned_ || !has_worker_)
    return;
  if (phase_ == phase::running)
    phase_ = phase::cancelled;
  orphaned_ = true;
  orphans_.fetch_add(1);
}

bool worker_journal::cancelled() const {
  std::lock_guard guard{lock_};
  return phase_ == phase::cancelled;
}

bool worker_journal::may_commit(unsettled_transaction t) {
  std::lock_guard guard{lock_};
  if (phase_ == phase::cancelled)
    return false;
  phase_ = phase::committing;
  commit_sent_ = true;
  unsettled_ = std::move(t);
  return true;
}

void worker_journal::set_unsettled(unsettled_transaction t) {
  std::lock_guard guard{lock_};
  unsettled_ = std::move(t);
}

void worker_journal::settled() {
  std::lock_guard guard{lock_};
  unsettled_.reset();
}

std::optional<unsettled_transaction> worker_journal::unsettled() const {
  std::lock_guard guard{lock_};
  return unsettled_;
}

void worker_journal::finish() {
  std::lock_guard guard{lock_};
  phase_ = phase::idle;
  if (std::exchange(orphaned_, false))
    orphans_.fetch_sub(1);
}

void worker_journal::leave() {
  std::lock_guard guard{lock_};
  has_worker_ = false;
  if (std::exchange(orphaned_, false))
    orphans_.fetch_sub(1);
}

} // namespace toadcache
