// ENTITY CACHE: what the database's log tells, by whomever it was written. A
// change drops the row that it contradicts and every list whose members it
// changes, and for the settle time nothing older is installed over it. The feed
// itself installs nothing, so that it never overwrites a later write.
#include <unordered_map>

#include "actors/entity_cache.hpp"

namespace toadcache {

namespace {

const row gone;

own_writes::images images_of(const row_change& c) {
  return {c.before.content_hash(), c.after.content_hash()};
}

} // namespace

void entity_cache_state::apply_logged(const apply_changes& msg) {
  if (msg.flush || msg.unseen)
    tombstones_.on_flush(now());
  if (msg.unseen) {
    own_.on_gap();
    missed_at_ = now();
  }
  std::unordered_map<key, int> times; // that a row is named in this commit
  for (auto& change : msg.rows) {
    ++times[change.id];
    for (auto* image : {&change.before, &change.after})
      if (auto k = *image ? type_->key_of(*image) : change.id; k != change.id)
        times[k] += 2; // a move is no single change of either
  }
  // Of a row that one commit changes several times, the last image is visible.
  std::unordered_map<key, const row*> last; // null: not known
  for (auto& change : msg.rows) {
    count_->logged_changes.fetch_add(1, std::memory_order_relaxed);
    auto& k = change.id;
    auto moves = change.before && change.after
                 && type_->key_of(change.before) != type_->key_of(change.after);
    auto single = change.complete && times[k] == 1 && !moves;
    if (single && !planted(planted_bug::echo_taken_for_foreign)
        && own_.is_echo(k, images_of(change))) {
      echoed(k, change);
      continue;
    }
    auto made = drop_lists_logged(change);
    if (single && gate_.is_written(k))
      own_.on_early(k, images_of(change), std::move(made));
    std::vector<key> named{k};
    for (auto* image : {&change.before, &change.after})
      if (*image)
        named.push_back(type_->key_of(*image));
    for (auto& n : named) {
      if (!single) {
        own_.on_other(n);
        if (gate_.is_written(n))
          own_.on_early_other(n);
      }
      if (!change.complete)
        last[n] = nullptr;
    }
    if (!change.complete)
      continue;
    if (change.before)
      last[type_->key_of(change.before)] = &gone;
    if (change.after)
      last[type_->key_of(change.after)] = &change.after;
  }
  for (auto& [k, after] : last)
    row_logged(k, after);
}

// The lists whose members a change changes.
std::vector<key>
entity_cache_state::lists_changed_by(const row_change& change) const {
  auto& before = change.before;
  auto& after = change.after;
  auto stays = before && after && type_->key_of(before) == type_->key_of(after);
  std::vector<key> out;
  for (index_id i = 1; i <= type_->indexes.size(); ++i) {
    if (stays && type_->key_of(before, i) == type_->key_of(after, i))
      continue; // the list keeps its members
    for (auto* image : {&before, &after})
      if (*image)
        out.push_back(type_->key_of(*image, i));
  }
  return out;
}

own_writes::graves
entity_cache_state::drop_lists_logged(const row_change& change) {
  own_writes::graves made;
  if (change.complete)
    for (auto& list : lists_changed_by(change))
      list_logged(list, made);
  else
    for (index_id i = 1; i <= type_->indexes.size(); ++i)
      index_logged(i);
  return made;
}

// The echo of a write that is closed: memory has dropped then what this drops.
// What has been put on disk since goes all the same (rule 4).
void entity_cache_state::echoed(const key& k, const row_change& change) {
  count_->echoes.fetch_add(1, std::memory_order_relaxed);
  disk_->erase(k);
  for (auto& list : lists_changed_by(change))
    disk_->erase(list);
}

// A write is closed whose change the log tells, or has told already.
void entity_cache_state::expect_echo(const apply_changes& msg,
                                     const row_change& change) {
  auto opened = opened_.find(msg.ticket);
  if (!shared_->make_stream || !change.complete || opened == opened_.end()
      || opened->second <= missed_at_)
    return;
  auto& k = change.id;
  for (auto* image : {&change.before, &change.after})
    if (*image && type_->key_of(*image) != k)
      return; // it moves
  for (auto& [grave, number] : own_.on_closed(k, images_of(change)))
    tombstones_.on_visible(grave, number);
}

// `after`: empty of a row that is gone, null when it is not known.
void entity_cache_state::row_logged(const key& k, const row* after) {
  auto e = residents_->visible(k);
  auto echo = after != nullptr && e && e->content() == *after;
  if (planted(planted_bug::echo_taken_for_foreign))
    echo = false;
  if (planted(planted_bug::foreign_taken_for_echo))
    echo = static_cast<bool>(e);
  if (after != nullptr)
    bury(k, after->content_hash());
  else
    bury(k, std::nullopt);
  if (!planted(planted_bug::fill_installs_against_log)) {
    if (after != nullptr)
      gate_.on_logged(k, after->content_hash());
    else
      gate_.on_change(k);
    seal(k);
  }
  if (echo)
    count_->echoes.fetch_add(1, std::memory_order_relaxed);
  else
    residents_->drop(k, removal_cause::invalidated);
  disk_->erase(k); // a put of the row of before may be on its way there
  drop_aliases_of(k);
}

void entity_cache_state::list_logged(const key& k, own_writes::graves& made) {
  bury(k, std::nullopt, &made);
  drop_changed(k, removal_cause::invalidated);
  drop_aliases_of(k);
}

void entity_cache_state::index_logged(index_id i) {
  tombstones_.on_index(i, now());
  drop_index(i);
}

// Under every spelling by which the database may find it.
void entity_cache_state::bury(const key& k,
                              std::optional<uint64_t> content_hash,
                              own_writes::graves* made) {
  auto bury_one = [&](const key& id, std::optional<uint64_t> hash) {
    auto number = tombstones_.on_logged(id, hash, now());
    if (made != nullptr && number != 0)
      made->emplace_back(id, number);
  };
  bury_one(k, content_hash);
  auto form = type_->common_form(k);
  if (!form)
    tombstones_.on_index(k.index(), now());
  else if (*form != k)
    bury_one(*form, std::nullopt);
}

bool entity_cache_state::settled(const key& k, const row& content) const {
  auto may = [&](const key& id) {
    return tombstones_.may_install(id, content.content_hash(), now());
  };
  if (!type_->folds(k.index()))
    return may(k);
  auto form = type_->common_form(k);
  return !form // such a key is never installed
         || (may(*form) && (*form == k || may(k)));
}

} // namespace toadcache
