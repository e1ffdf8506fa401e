// Prepared statements of one connection by their text, at most `limit` of them;
// the one used longest ago makes room. Belongs to its connection's thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace toadcache {

template <class Statement>
class statement_cache {
public:
  explicit statement_cache(size_t limit) : limit_(limit) {}

  /// nullptr when the text is not held. The pointer is valid until the next
  /// `add` or `clear`.
  [[nodiscard]] Statement* find(const std::string& text) {
    auto i = by_text_.find(text);
    if (i == by_text_.end())
      return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, i->second);
    return by_use_.front().second.get();
  }

  /// Requires: `text` is not held.
  Statement* add(const std::string& text, std::unique_ptr<Statement> s) {
    if (by_use_.size() >= limit_) {
      by_text_.erase(by_use_.back().first);
      by_use_.pop_back();
    }
    by_use_.emplace_front(text, std::move(s));
    by_text_.emplace(by_use_.front().first, by_use_.begin());
    return by_use_.front().second.get();
  }

  [[nodiscard]] size_t size() const noexcept { return by_use_.size(); }

  void clear() {
    by_text_.clear();
    by_use_.clear();
  }

private:
  using items = std::list<std::pair<std::string, std::unique_ptr<Statement>>>;
  size_t limit_;
  items by_use_; // newest first
  std::unordered_map<std::string_view, typename items::iterator> by_text_;
};

} // namespace toadcache
