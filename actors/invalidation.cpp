#include "actors/invalidation.hpp"

#include <algorithm>
#include <stdexcept>

#include "actors/ask.hpp"
#include "messages/errors.hpp"
#include "policy/relation_graph.hpp"

namespace toadcache {

namespace {

constexpr milliseconds retry_pause{5};

std::string scope_name(invalidation_scope s) {
  switch (s) {
  case invalidation_scope::key:
    return "key";
  case invalidation_scope::dependents:
    return "dependents";
  case invalidation_scope::type:
    return "type";
  case invalidation_scope::all:
    return "all";
  case invalidation_scope::unseen:
    return "unseen";
  default:
    return "none";
  }
}

std::string source_name(change_source s) {
  switch (s) {
  case change_source::write:
    return "write";
  case change_source::admin:
    return "admin";
  case change_source::feed:
    return "feed";
  case change_source::peer:
    return "peer";
  default:
    return "database";
  }
}

// A key for people: its values, separated by commas.
std::string printed(const key& k) {
  auto values = decode_key(k.bytes());
  if (!values)
    return {};
  std::string text;
  for (auto& v : *values)
    text += (text.empty() ? "" : ",") + to_string(v);
  return text;
}

} // namespace

invalidation_state::~invalidation_state() {
  for (auto& [seq, f] : open_)
    if (!f.answered)
      f.promise.deliver(to_caf(
          {errc::tier_closed, "invalidation ended before it was applied"}));
}

invalidation_self::behavior_type
invalidation_state::start(shared_ptr_state shared, uint64_t incarnation) {
  shared_ = std::move(shared);
  self_->set_exception_handler(
      [](std::exception_ptr& thrown) { return to_caf(thrown); });
  // Sequence numbers of a later incarnation stay above the earlier ones'.
  for (auto& p : shared_->partitions)
    seq_ = std::max(seq_, p->applied_seq());
  if (incarnation > 0
      && !shared_->config.planted.has(planted_bug::fan_out_lost_at_restart)) {
    auto seq = ++seq_;
    changes all;
    all.source = change_source::admin;
    all.scope = invalidation_scope::all;
    open_[seq].answered = true;
    send_all(seq, split(all, seq));
  }
  return {
      [this](const changes& msg) { return on_changes(msg); },
      [](const fail_now&) { throw std::runtime_error("asked to fail"); },
      [this](caf::tick_atom, uint64_t seq, cache_id cache) {
        send(seq, cache);
      },
  };
}

caf::result<applied> invalidation_state::on_changes(const changes& msg) {
  auto seq = ++seq_;
  auto parts = split(msg, seq);
  shared_->count.changes_applied.fetch_add(1, std::memory_order_relaxed);
  if (msg.scope != invalidation_scope::none)
    log(msg);
  if (parts.empty())
    return applied{seq};
  auto promise = self_->make_response_promise<applied>();
  auto early
      = shared_->config.planted.has(planted_bug::acknowledge_before_install);
  open_[seq].promise = promise;
  open_[seq].answered = early;
  send_all(seq, std::move(parts));
  if (early)
    promise.deliver(applied{seq});
  return promise;
}

std::map<entity_id, apply_changes> invalidation_state::split(const changes& msg,
                                                             uint64_t seq) {
  std::map<entity_id, apply_changes> parts;
  auto part = [&](entity_id type) -> apply_changes& {
    auto [i, fresh] = parts.try_emplace(type);
    if (fresh) {
      i->second.seq = seq;
      i->second.source = msg.source;
      i->second.ticket = msg.ticket;
      i->second.how = msg.how;
      i->second.resolved = msg.resolved;
    }
    return i->second;
  };
  for (auto type : msg.ticket_types)
    part(type);
  for (auto& change : msg.rows) {
    part(change.id.type()).rows.push_back(change);
    if (msg.how == outcome::rolled_back)
      continue;
    // The database changes these by itself and tells nobody (rule 13).
    for (auto child : cascaded_types(*shared_->types, change))
      part(child).flush = true;
  }
  auto flush = [&](entity_id type) { part(type).flush = true; };
  for (auto type : msg.flushed) {
    flush(type);
    // Any row of it may have changed, and others with it.
    row_change any{key{type, primary_index, {}}, {}, {}, false};
    for (auto child : cascaded_types(*shared_->types, any))
      flush(child);
  }
  switch (msg.scope) {
  case invalidation_scope::none:
    break;
  case invalidation_scope::key:
    part(msg.target.type()).drop.push_back(msg.target);
    break;
  case invalidation_scope::dependents: {
    part(msg.target.type()).drop.push_back(msg.target);
    auto hanging = dependents_of(*shared_->types, msg.target);
    for (auto& list : hanging.lists)
      part(list.type()).drop_listed.push_back(list);
    for (auto type : hanging.whole_types)
      flush(type);
    break;
  }
  case invalidation_scope::type:
    flush(msg.type);
    break;
  case invalidation_scope::all:
    for (auto& t : shared_->types->types())
      flush(t.id);
    break;
  case invalidation_scope::unseen:
    for (auto& t : shared_->types->types())
      part(t.id).unseen = true;
    break;
  }
  return parts;
}

void invalidation_state::send_all(uint64_t seq,
                                  std::map<entity_id, apply_changes> parts) {
  auto& all = open_[seq];
  all.parts = std::move(parts);
  for (auto& [type, part] : all.parts)
    for (auto cache : shared_->caches.of(type))
      all.open.insert(cache);
  for (auto cache : std::vector<cache_id>(all.open.begin(), all.open.end()))
    send(seq, cache);
}

// To the current incarnation; again after a pause until it has applied.
void invalidation_state::send(uint64_t seq, cache_id cache) {
  auto again = [this, seq, cache] {
    self_->delayed_send(self_, retry_pause, caf::tick_atom::value, seq, cache);
  };
  auto target = shared_->actors.cache(cache);
  if (!target) {
    again();
    return;
  }
  ask(self_, target, shared_->config.client.request_timeout,
      open_.at(seq).parts.at(shared_->caches.type_of(cache)))
      .then([this, seq, cache](const applied&) { on_applied(seq, cache); },
            [this, seq, cache, again](caf::error&) {
              if (shared_->config.planted.has(
                      planted_bug::acknowledged_past_dead_incarnation))
                on_applied(seq, cache);
              else
                again();
            });
}

void invalidation_state::on_applied(uint64_t seq, cache_id cache) {
  auto i = open_.find(seq);
  if (i == open_.end())
    return;
  shared_->count.parts_acknowledged.fetch_add(1, std::memory_order_relaxed);
  i->second.open.erase(cache);
  if (!i->second.open.empty())
    return;
  if (!i->second.answered)
    i->second.promise.deliver(applied{seq});
  open_.erase(i);
}

void invalidation_state::log(const changes& msg) {
  auto target = shared_->actors.persistence();
  if (!target)
    return;
  invalidation_record r;
  r.at = shared_->wall_now();
  r.scope = scope_name(msg.scope);
  r.source = source_name(msg.source);
  if (msg.scope == invalidation_scope::type)
    r.entity = (*shared_->types)[msg.type].name;
  if (msg.scope == invalidation_scope::key
      || msg.scope == invalidation_scope::dependents) {
    r.entity = (*shared_->types)[msg.target.type()].name;
    r.id = printed(msg.target);
  }
  self_->send(target, log_invalidation{std::move(r)});
}

invalidation_self::behavior_type
invalidation(invalidation_self::stateful_pointer<invalidation_state> self,
             shared_ptr_state shared, uint64_t incarnation) {
  return self->state.start(std::move(shared), incarnation);
}

} // namespace toadcache
