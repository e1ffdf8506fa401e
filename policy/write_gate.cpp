#include "policy/write_gate.hpp"

namespace toadcache {

write_gate::stamp write_gate::open_fill() {
  ++fills_[seq_];
  return seq_;
}

void write_gate::close_fill(stamp s) {
  auto i = fills_.find(s);
  if (i == fills_.end())
    return;
  if (--i->second == 0)
    fills_.erase(i);
  prune();
}

bool write_gate::may_install(const key& k, stamp s) const {
  if (flushed_ > s)
    return false;
  if (auto i = index_flushed_.find(k.index());
      i != index_flushed_.end() && i->second > s)
    return false;
  auto i = keys_.find(k);
  if (i == keys_.end())
    return true;
  if (planted_.has(planted_bug::fill_installs_under_ticket))
    return i->second.foreign <= s;
  return i->second.open_writes == 0 && i->second.touched <= s;
}

void write_gate::open(ticket_id t, std::span<const key> keys) {
  auto& ticket = tickets_[t];
  for (auto& k : keys) {
    auto& state = touch(k);
    if (++state.open_writes > 1)
      state.contended = true;
    ticket.keys.push_back(k);
  }
  if (ticket.opened == 0)
    ticket.opened = seq_;
}

bool write_gate::under_ticket(const key& k) const {
  auto i = keys_.find(k);
  return i != keys_.end() && i->second.open_writes > 0;
}

std::vector<write_gate::closed_key> write_gate::close(ticket_id t) {
  auto node = tickets_.extract(t);
  if (node.empty())
    return {};
  auto& ticket = node.mapped();
  std::vector<closed_key> result;
  result.reserve(ticket.keys.size());
  for (auto& k : ticket.keys) {
    auto& state = touch(k);
    auto overtaken = state.contended || state.foreign > ticket.opened
                     || flushed_ > ticket.opened;
    if (planted_.has(planted_bug::late_reply_overwrites_foreign))
      overtaken = false;
    if (--state.open_writes == 0)
      state.contended = false;
    closed_key closed{std::move(k),
                      overtaken ? verdict::drop : verdict::install};
    if (state.logged > ticket.opened)
      closed.logged = state.logged_hash;
    result.push_back(std::move(closed));
  }
  prune();
  return result;
}

void write_gate::on_change(const key& k) {
  if (planted_.has(planted_bug::no_seal_on_invalidation))
    return;
  auto& state = touch(k);
  state.foreign = state.touched;
  prune();
}

void write_gate::on_logged(const key& k, uint64_t content_hash) {
  auto& state = touch(k);
  if (state.open_writes > 0) {
    state.logged = state.touched;
    state.logged_hash = content_hash;
  }
  prune();
}

bool write_gate::is_written(const key& k) const {
  auto i = keys_.find(k);
  return i != keys_.end() && i->second.open_writes > 0;
}

void write_gate::on_read(const key& k) {
  auto i = keys_.find(k);
  if (i != keys_.end() && i->second.open_writes > 0)
    i->second.foreign = ++seq_;
}

void write_gate::on_index_change(index_id i) {
  index_flushed_[i] = ++seq_;
}

void write_gate::on_flush() {
  flushed_ = ++seq_;
  index_flushed_.clear();
  prune();
}

write_gate::key_state& write_gate::touch(const key& k) {
  auto& state = keys_[k];
  state.touched = ++seq_;
  touches_.emplace_back(seq_, k);
  return state;
}

// Forgets the touches that no open fill can ask about any more. A fill asks
// whether a key was touched after its stamp, so touches up to the oldest open
// stamp are of no use, and without open fills none is.
void write_gate::prune() {
  auto useless = fills_.empty() ? seq_ : fills_.begin()->first;
  if (touches_.size() > max_touches_count) {
    flushed_ = seq_; // refuses every open fill; tickets opened earlier drop
    useless = seq_;
  }
  while (!touches_.empty() && touches_.front().first <= useless) {
    auto i = keys_.find(touches_.front().second);
    if (i != keys_.end() && i->second.touched == touches_.front().first
        && i->second.open_writes == 0)
      keys_.erase(i);
    touches_.pop_front();
  }
}

} // namespace toadcache
