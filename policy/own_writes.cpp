#include "policy/own_writes.hpp"

#include <algorithm>

namespace toadcache {

bool own_writes::is_echo(const key& k, images told) {
  auto i = expected_.find(k);
  if (i == expected_.end())
    return false;
  if (i->second.front() != told) {
    on_other(k);
    return false;
  }
  i->second.pop_front();
  --expected_count_;
  if (i->second.empty())
    expected_.erase(i);
  return true;
}

void own_writes::on_other(const key& k) {
  auto i = expected_.find(k);
  if (i == expected_.end())
    return;
  expected_count_ -= i->second.size();
  expected_.erase(i);
}

void own_writes::on_early(const key& k, images told, graves made) {
  auto& e = early_[k];
  if (e.told.size() >= max_early_count)
    e.judged = false;
  if (e.judged)
    e.told.emplace_back(told, std::move(made));
}

void own_writes::on_early_other(const key& k) {
  early_[k].judged = false;
}

own_writes::graves own_writes::on_closed(const key& k, images written) {
  if (written.before == written.after)
    return {}; // the log holds nothing of it
  if (auto e = early_.find(k); e != early_.end()) {
    auto& told = e->second.told;
    auto i
        = std::ranges::find(told, written, &std::pair<images, graves>::first);
    if (i != told.end()) { // the first one: no change after the write
      auto made = std::move(i->second);
      told.erase(told.begin(), i + 1);
      return made;
    }
  }
  if (expected_count_ >= max_count) {
    expected_.clear();
    expected_count_ = 0;
  }
  expected_[k].push_back(written);
  ++expected_count_;
  return {};
}

void own_writes::on_gap() {
  expected_.clear();
  expected_count_ = 0;
  for (auto& [k, e] : early_)
    e.judged = false;
}

} // namespace toadcache
