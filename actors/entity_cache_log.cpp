// ENTITY CACHE: what the database's log tells, by whomever it was written. A
// change drops the row that it contradicts and every list whose members it
// changes, and for the settle time nothing older is installed over it. The feed
// itself installs nothing, so that it never overwrites a later write.
#include <unordered_map>

#include "actors/entity_cache.hpp"

namespace toadcache {

void entity_cache_state::apply_logged(const apply_changes& msg) {
  if (msg.flush || msg.unseen)
    tombstones_.on_flush(now());
  const row gone;
  // Of a row that one commit changes several times, the last image is visible.
  std::unordered_map<key, const row*> last; // null: not known
  for (auto& change : msg.rows) {
    count_->logged_changes.fetch_add(1, std::memory_order_relaxed);
    auto& before = change.before;
    auto& after = change.after;
    if (!change.complete) {
      last[change.id] = nullptr;
      for (auto* image : {&before, &after})
        if (*image)
          last[type_->key_of(*image)] = nullptr;
      for (index_id i = 1; i <= type_->indexes.size(); ++i)
        index_logged(i);
      continue;
    }
    auto stays
        = before && after && type_->key_of(before) == type_->key_of(after);
    if (before)
      last[type_->key_of(before)] = &gone;
    if (after)
      last[type_->key_of(after)] = &after;
    for (index_id i = 1; i <= type_->indexes.size(); ++i) {
      if (stays && type_->key_of(before, i) == type_->key_of(after, i))
        continue; // the list keeps its members
      for (auto* image : {&before, &after})
        if (*image)
          list_logged(type_->key_of(*image, i));
    }
  }
  for (auto& [k, after] : last)
    row_logged(k, after);
}

// `after`: empty of a row that is gone, null when it is not known.
void entity_cache_state::row_logged(const key& k, const row* after) {
  auto e = residents_->visible(k);
  auto echo = after != nullptr && e && e->content() == *after;
  if (after != nullptr) {
    bury(k, after->content_hash());
    gate_.on_logged(k, after->content_hash());
  } else {
    bury(k, std::nullopt);
    gate_.on_change(k);
  }
  seal(k);
  if (echo)
    count_->echoes.fetch_add(1, std::memory_order_relaxed);
  else
    residents_->drop(k, removal_cause::invalidated);
  disk_->erase(k); // a put of the row of before may be on its way there
  drop_aliases_of(k);
}

void entity_cache_state::list_logged(const key& k) {
  bury(k, std::nullopt);
  drop_changed(k, removal_cause::invalidated);
  drop_aliases_of(k);
}

void entity_cache_state::index_logged(index_id i) {
  tombstones_.on_index(i, now());
  drop_index(i);
}

// Under every spelling by which the database may find it.
void entity_cache_state::bury(const key& k,
                              std::optional<uint64_t> content_hash) {
  tombstones_.on_logged(k, content_hash, now());
  auto form = type_->common_form(k);
  if (!form)
    tombstones_.on_index(k.index(), now());
  else if (*form != k)
    tombstones_.on_logged(*form, std::nullopt, now());
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
