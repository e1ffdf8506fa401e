#include "actors/disk_link.hpp"

namespace toadcache {

uint64_t disk_link::belief_in(const key& k) {
  if (!target())
    return 0;
  auto i = current_.find(k.hash());
  return i == current_.end() ? 0 : i->second.number;
}

bool disk_link::may_rescue(const key& k) const {
  return seen_ && (current_.contains(k.hash()) || doubtful_.contains(k.hash()));
}

void disk_link::put(disk_entry e) {
  if (!target())
    return;
  if (shared_->config.planted.has(planted_bug::disk_put_overtakes_erase))
    held_.push_back(std::move(e));
  else
    enqueue(std::move(e));
}

void disk_link::enqueue(disk_entry e) {
  close_erases();
  current_[e.id.hash()] = {e.id.index(), ++puts_so_far_};
  doubtful_.erase(e.id.hash());
  if (folds_ && e.id.is_row())
    if (auto form = type_.common_form(e.id); form && *form != e.id)
      spelled_.add(*form, e.id);
  puts_.push_back(std::move(e));
}

void disk_link::erase(const key& k) {
  if (!target() || shared_->caches.owner_of(k) != owner_)
    return;
  close_puts();
  forget(k);
  erases_.push_back(k);
}

void disk_link::erase_all() {
  if (!target())
    return;
  close_puts();
  close_erases();
  current_.clear();
  doubtful_.clear();
  spelled_.clear();
  waiting_.emplace_back(erase_type{type_.id});
}

void disk_link::on_lost(const std::vector<key>& keys) {
  for (auto& k : keys)
    forget(k);
}

void disk_link::forget(const key& k) {
  current_.erase(k.hash());
  doubtful_.erase(k.hash());
  if (folds_ && k.is_row())
    if (auto form = type_.common_form(k))
      spelled_.remove(*form, k);
}

void disk_link::believe(const key& k) {
  if (target() && doubtful_.erase(k.hash()) != 0)
    current_[k.hash()] = {k.index(), ++puts_so_far_};
}

void disk_link::distrust() {
  for (auto& [hash, known] : current_)
    doubtful_.insert(hash);
  current_.clear();
  spelled_.clear();
}

void disk_link::distrust(index_id i) {
  std::erase_if(current_, [&](const auto& e) {
    if (e.second.index == i)
      doubtful_.insert(e.first);
    return e.second.index == i;
  });
  if (i == primary_index)
    spelled_.clear();
}

void disk_link::distrust_spellings(const key& form) {
  auto doubt = [&](const key& k) {
    if (current_.erase(k.hash()) != 0)
      doubtful_.insert(k.hash());
  };
  for (auto& k : spelled_.of(form)) {
    doubt(k);
    spelled_.remove(form, k);
  }
  doubt(form);
}

std::vector<disk_message> disk_link::take() {
  (void)target();
  for (auto& e : std::exchange(due_, std::exchange(held_, {})))
    enqueue(std::move(e));
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
