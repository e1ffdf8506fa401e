#include "storage/sqlite_writer.hpp"

namespace toadcache {

result<sqlite_connection*> sqlite_writer::begin() {
  std::unique_lock guard{mutex_};
  if (!freed_.wait_for(guard, options_.lock_wait_timeout,
                       [this] { return !lent_; }))
    return fail(errc::deadlock,
                "database " + options_.file
                    + ": another transaction of this process "
                      "held the write lock for "
                    + std::to_string(options_.lock_wait_timeout.count())
                    + " ms");
  if (auto ok = open_locked(); !ok)
    return fail(ok.error());
  lent_ = true;
  guard.unlock(); // BEGIN may wait for another process
  auto begun = connection_->execute("BEGIN IMMEDIATE");
  guard.lock();
  if (begun)
    begun = look_locked();
  if (begun)
    return connection_.get();
  if (!connection_->autocommit())
    (void)connection_->execute("ROLLBACK");
  guard.unlock();
  release();
  return fail(begun.error());
}

void sqlite_writer::release() noexcept {
  {
    std::lock_guard guard{mutex_};
    lent_ = false;
    if (connection_ && !connection_->usable())
      connection_.reset();
  }
  freed_.notify_one();
}

result<void> sqlite_writer::watch() {
  std::lock_guard guard{mutex_};
  return open_locked();
}

result<bool> sqlite_writer::take_foreign_change() {
  std::lock_guard guard{mutex_};
  if (!lent_) {
    if (auto ok = open_locked(); !ok)
      return fail(ok.error());
    if (auto ok = look_locked(); !ok)
      return fail(ok.error());
  }
  return std::exchange(foreign_change_, false);
}

result<void> sqlite_writer::open_locked() {
  if (connection_)
    return {};
  auto opened = sqlite_connection::open(options_);
  if (!opened)
    return fail(opened.error());
  auto version = (*opened)->integer("PRAGMA data_version");
  if (!version)
    return fail(version.error());
  connection_ = std::move(*opened);
  data_version_ = *version;
  // Nobody watched since an earlier connection was lost.
  foreign_change_ = foreign_change_ || opened_before_;
  opened_before_ = true;
  return {};
}

result<void> sqlite_writer::look_locked() {
  auto version = connection_->integer("PRAGMA data_version");
  if (!version)
    return fail(version.error());
  foreign_change_ = foreign_change_ || *version != data_version_;
  data_version_ = *version;
  return {};
}

} // namespace toadcache
