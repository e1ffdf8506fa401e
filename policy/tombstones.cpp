#include "policy/tombstones.hpp"

#include <algorithm>

namespace toadcache {

uint64_t tombstones::on_logged(const key& k,
                               std::optional<uint64_t> content_hash,
                               time_point now) {
  forget_settled(now);
  auto until = now + settle_time_;
  if (graves_.size() >= max_count && !graves_.contains(k)) {
    on_flush(now);
    return 0;
  }
  auto alone = !graves_.contains(k); // what has settled is forgotten
  auto number = alone ? ++newest_ : 0;
  graves_.insert_or_assign(k, grave{until, content_hash, number});
  order_.emplace_back(until, k);
  if (order_.size() > 2 * max_count) { // few keys that change without end
    on_flush(now);
    return 0;
  }
  return number;
}

void tombstones::on_visible(const key& k, uint64_t number) {
  auto g = graves_.find(k);
  if (number != 0 && g != graves_.end() && g->second.number == number)
    graves_.erase(g);
}

void tombstones::on_written(const key& k, uint64_t content_hash) {
  auto i = graves_.find(k);
  if (i != graves_.end())
    i->second.content_hash = content_hash;
}

void tombstones::on_index(index_id i, time_point now) {
  index_until_[i] = now + settle_time_;
}

void tombstones::on_flush(time_point now) {
  graves_.clear();
  order_.clear();
  index_until_.clear();
  all_until_ = now + settle_time_;
}

bool tombstones::may_install(const key& k, uint64_t content_hash,
                             time_point now) const {
  if (now < all_until_)
    return false;
  if (auto i = index_until_.find(k.index());
      i != index_until_.end() && now < i->second)
    return false;
  auto g = graves_.find(k);
  return g == graves_.end() || now >= g->second.until
         || g->second.content_hash == content_hash;
}

// A key that changed again stands in the order once more, with its later end.
void tombstones::forget_settled(time_point now) {
  while (!order_.empty() && order_.front().first <= now) {
    auto g = graves_.find(order_.front().second);
    if (g != graves_.end() && g->second.until <= now)
      graves_.erase(g);
    order_.pop_front();
  }
}

} // namespace toadcache
