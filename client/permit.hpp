// Permits: how many requests a process may have under way. Taken before a
// request is sent, given back when it is answered; never waits. Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

namespace toadcache {

class permit_pool;

/// The right to one request; given back on release or destruction.
class permit {
public:
  permit() = default;
  permit(permit&&) noexcept = default;
  permit& operator=(permit&& other) noexcept {
    release();
    pool_ = std::move(other.pool_);
    return *this;
  }
  ~permit() { release(); }
  void release() noexcept;

private:
  friend class permit_pool;
  explicit permit(std::shared_ptr<permit_pool> p) : pool_(std::move(p)) {}
  std::shared_ptr<permit_pool> pool_;
};

class permit_pool : public std::enable_shared_from_this<permit_pool> {
public:
  explicit permit_pool(size_t limit) : limit_(limit) {}

  /// Nothing when all are taken.
  [[nodiscard]] std::optional<permit> try_take() {
    if (used_.fetch_add(1, std::memory_order_relaxed) < limit_)
      return permit{shared_from_this()};
    used_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  [[nodiscard]] size_t used() const noexcept {
    return used_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] size_t limit() const noexcept { return limit_; }

private:
  friend class permit;
  const size_t limit_;
  std::atomic<size_t> used_{0};
};

inline void permit::release() noexcept {
  if (auto p = std::exchange(pool_, nullptr))
    p->used_.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace toadcache
