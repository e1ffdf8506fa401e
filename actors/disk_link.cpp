#include "actors/disk_link.hpp"

namespace toadcache {

bool disk_link::may_load(const key& k) {
  return target() && current_.contains(k.hash());
}

bool disk_link::may_rescue(const key& k) const {
  return seen_ && (current_.contains(k.hash()) || doubtful_.contains(k.hash()));
}

void disk_link::put(disk_entry e) {
  if (!target())
    return;
  close_erases();
  current_[e.id.hash()] = e.id.index();
  doubtful_.erase(e.id.hash());
  puts_.push_back(std::move(e));
}

void disk_link::erase(const key& k) {
  if (!target())
    return;
  close_puts();
  current_.erase(k.hash());
  doubtful_.erase(k.hash());
  erases_.push_back(k);
}

void disk_link::erase_all() {
  if (!target())
    return;
  close_puts();
  close_erases();
  current_.clear();
  doubtful_.clear();
  waiting_.emplace_back(erase_type{type_});
}

void disk_link::on_lost(const std::vector<key>& keys) {
  for (auto& k : keys) {
    current_.erase(k.hash());
    doubtful_.erase(k.hash());
  }
}

void disk_link::distrust() {
  for (auto& [hash, index] : current_)
    doubtful_.insert(hash);
  current_.clear();
}

void disk_link::distrust(index_id i) {
  std::erase_if(current_, [&](const auto& e) {
    if (e.second == i)
      doubtful_.insert(e.first);
    return e.second == i;
  });
}

std::vector<disk_message> disk_link::take() {
  (void)target();
  close_puts();
  close_erases();
  return std::exchange(waiting_, {});
}

persistence_actor disk_link::target() {
  auto now = shared_->actors.persistence();
  if (now != seen_) {
    // What was sent to the old one may be lost, erases too.
    distrust();
    waiting_.clear();
    puts_.clear();
    erases_.clear();
    seen_ = now;
  }
  return seen_;
}

void disk_link::close_puts() {
  if (!puts_.empty())
    waiting_.emplace_back(put_entries{std::move(puts_)});
  puts_.clear();
}

void disk_link::close_erases() {
  if (!erases_.empty())
    waiting_.emplace_back(erase_entries{std::move(erases_)});
  erases_.clear();
}

} // namespace toadcache
