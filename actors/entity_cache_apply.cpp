// ENTITY CACHE: applying changes. A change drops what it contradicts, in memory
// and on disk, and seals the fills that began before it.
#include <algorithm>

#include "actors/entity_cache.hpp"

namespace toadcache {

namespace {

// Only text of an old character set, where any may equal any, has more.
constexpr size_t max_spellings_count = 64;

} // namespace

applied entity_cache_state::on_apply(const apply_changes& msg) {
  if (msg.flush)
    flush();
  if (msg.unseen)
    doubt();
  if (msg.source == change_source::feed)
    apply_logged(msg);
  else if (msg.how == outcome::unknown && !msg.resolved)
    quarantine(msg);
  else if (msg.how == outcome::rolled_back)
    for (auto& c : gate_.close(msg.ticket))
      release(c.id);
  else
    apply_commit(msg);
  if (!gate_.is_open(msg.ticket))
    opened_.erase(msg.ticket);
  for (auto& k : msg.drop) {
    if (k.is_row())
      drop_row(k);
    else
      drop_changed(k, removal_cause::removed);
  }
  for (auto& list : msg.drop_listed) {
    drop_changed(list, removal_cause::removed);
    for (auto& k : residents_->drop_rows_of(list)) {
      gate_.on_change(k);
      seal(k);
      disk_->erase(k);
    }
    // Rows that are on disk only, or being fetched, are not named by the list.
    gate_.on_index_change(primary_index);
    flights_.seal_all();
    // Erased rather than doubted: a later run must not believe them either.
    disk_->erase_all();
  }
  flush_disk_link();
  count_->parts_applied.fetch_add(1, std::memory_order_relaxed);
  memory_->set_applied_seq(std::max(memory_->applied_seq(), msg.seq));
  return applied{msg.seq};
}

// The end of a ticket, or news without one. A ticket that this incarnation does
// not know was opened with an earlier one: it closes as a change.
void entity_cache_state::apply_commit(const apply_changes& msg) {
  auto closed = gate_.close(msg.ticket);
  auto install_later = [&](const key& k, const row& image) {
    auto form = type_->common_form(k);
    auto says = [&](const key& wanted) {
      return std::any_of(closed.begin(), closed.end(), [&](auto& c) {
        return c.id == wanted && c.how == write_gate::verdict::install
               && (!c.logged || *c.logged == image.content_hash());
      });
    };
    return form && says(k) && says(*form);
  };
  for (auto& c : closed) {
    seal(c.id);
    if (planted(planted_bug::negative_survives_create))
      if (auto e = residents_->peek(c.id);
          e && c.id.is_row() && !e->has_content())
        continue;
    residents_->drop(c.id, removal_cause::invalidated);
    disk_->erase(c.id);
    drop_aliases_of(c.id);
  }
  for (auto& change : msg.rows) {
    auto ticketed = !closed.empty();
    for (auto& k : keys_of(change)) {
      auto known = std::any_of(closed.begin(), closed.end(),
                               [&](auto& c) { return c.id == k; });
      if (!known) {
        ticketed = false;
        drop_changed(k, removal_cause::invalidated);
        drop_aliases_of(k);
      }
    }
    if (!change.complete) // the old lists cannot be named (rule 13)
      for (index_id i = 1; i <= type_->indexes.size(); ++i)
        drop_index(i);
    if (ticketed && !msg.resolved)
      expect_echo(msg, change);
    if (!ticketed || msg.resolved || !change.after || !installing_)
      continue;
    auto k = type_->key_of(change.after);
    if (!owns(k))
      continue;
    if (!install_later(k, change.after)) {
      count_->writes_dropped.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    if (planted(planted_bug::negative_survives_create))
      if (auto e = residents_->peek(k); e && !e->has_content())
        continue;
    auto opened = opened_.find(msg.ticket);
    auto at = opened == opened_.end() ? now() : opened->second;
    if (install(k, change.after, {}, at, tier::database)) {
      count_->writes_installed.fetch_add(1, std::memory_order_relaxed);
      tombstones_.on_written(k, change.after.content_hash());
      put_on_disk(k, change.after, {}, at);
    }
  }
  for (auto& c : closed)
    release(c.id);
}

// Once no write of the key is open, nothing of it has to be kept for one.
void entity_cache_state::release(const key& k) {
  if (k.is_row() && !gate_.is_written(k))
    own_.on_released(k);
}

// The outcome is not known: the keys stay under their ticket, so that their
// reads go to the database and nothing of them is installed.
void entity_cache_state::quarantine(const apply_changes& msg) {
  count_->quarantined.fetch_add(1, std::memory_order_relaxed);
  std::vector<key> keys;
  for (auto& change : msg.rows)
    for (auto& k : keys_of(change)) {
      if (auto form = type_->common_form(k); form && *form != k)
        keys.push_back(std::move(*form));
      keys.push_back(k);
    }
  if (!gate_.is_open(msg.ticket))
    gate_.open(msg.ticket, keys);
  for (auto& k : keys) {
    seal(k);
    residents_->drop(k, removal_cause::invalidated);
    disk_->erase(k);
    drop_aliases_of(k);
  }
}

// Somebody named a row: it goes with its lists, however it is spelled.
void entity_cache_state::drop_row(const key& k) {
  if (type_->folds(primary_index)) {
    auto form = few_spellings(k);
    if (!form) {
      flush();
      return;
    }
    for (auto& other : residents_->spellings_of(*form))
      drop_row_spelled(other);
  }
  drop_row_spelled(k);
  drop_aliases_of(k);
}

// The form that `k` shares with other spellings; nothing when they cannot be
// named, or are so many that dropping everything is less work.
std::optional<key> entity_cache_state::few_spellings(const key& k) const {
  auto form = type_->common_form(k);
  if (form
      && residents_->spelling_count(*form) + disk_->spelling_count(*form)
             > max_spellings_count)
    return std::nullopt;
  return form;
}

void entity_cache_state::drop_row_spelled(const key& k) {
  auto e = residents_->peek(k);
  for (index_id i = 1; i <= type_->indexes.size(); ++i)
    if (e && e->has_content())
      drop_changed(type_->key_of(e->content(), i), removal_cause::removed);
    else
      drop_index(i); // its lists cannot be named
  drop_changed(k, removal_cause::removed);
}

void entity_cache_state::drop_changed(const key& k, removal_cause why) {
  gate_.on_change(k);
  if (!planted(planted_bug::no_seal_on_invalidation))
    seal(k);
  residents_->drop(k, why);
  disk_->erase(k);
}

// Every list, or for the primary index every absence, may be wrong.
void entity_cache_state::drop_index(index_id i) {
  gate_.on_index_change(i);
  flights_.seal_all();
  residents_->drop_index(i);
  disk_->distrust(i);
}

// What a collation may find for the same text (DESIGN: keys are the bytes that
// the row itself holds): absences and lists stand under the folded form only,
// rows under any.
void entity_cache_state::drop_aliases_of(const key& k) {
  auto aliases = type_->aliases_of(k);
  if (aliases.folded && *aliases.folded != k)
    drop_changed(*aliases.folded, removal_cause::invalidated);
  if (aliases.all)
    drop_index(k.index());
  if (!k.is_row() || !type_->folds(primary_index))
    return;
  auto form = few_spellings(k);
  if (!form) {
    flush();
    return;
  }
  gate_.on_change(*form);
  for (auto& other : residents_->spellings_of(*form))
    if (other != k)
      drop_changed(other, removal_cause::invalidated);
  disk_->distrust_spellings(*form);
}

// Later readers of the key, however they spell it, start a new flight.
void entity_cache_state::seal(const key& k) {
  if (!type_->folds(k.index())) {
    flights_.seal(k);
    return;
  }
  auto form = type_->common_form(k);
  flights_.seal_if([&](const key& other) {
    if (other.index() != k.index())
      return false;
    auto its = type_->common_form(other);
    return !form || !its || *its == *form;
  });
}

void entity_cache_state::flush() {
  hide_all();
  disk_->erase_all();
}

// Changes may have been missed: memory goes, and what is on disk is not served
// as fresh any more.
void entity_cache_state::doubt() {
  hide_all();
  disk_->distrust();
  replayed_ = false;
  judge_followed();
}

void entity_cache_state::hide_all() {
  gate_.on_flush();
  if (!planted(planted_bug::no_seal_on_invalidation))
    flights_.seal_all();
  residents_->flush();
  if (!sweeping_) {
    sweeping_ = true;
    later(milliseconds{0}, cache_tick::sweep_on);
  }
}

std::vector<key> entity_cache_state::keys_of(const row_change& change) const {
  std::vector<key> keys{change.id};
  auto add = [&](key k) {
    if (std::find(keys.begin(), keys.end(), k) == keys.end())
      keys.push_back(std::move(k));
  };
  for (auto* image : {&change.before, &change.after}) {
    if (!*image)
      continue;
    for (index_id i = 0; i <= type_->indexes.size(); ++i)
      add(type_->key_of(*image, i));
  }
  return keys;
}

} // namespace toadcache
