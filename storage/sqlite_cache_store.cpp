#include "storage/sqlite_cache_store.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "storage/disk_codec.hpp"

namespace toadcache {

namespace {

constexpr std::array<const char*, 2> tables{"entity_cache", "relation_cache"};
// Removed at once while the file is over its bound.
constexpr int64_t oldest_count = 256;

constexpr auto put_text
    = "INSERT INTO $(type, list, key, run, fetched, compressed, checksum, "
      "content) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT(type, list, "
      "key) DO UPDATE SET run = ?4, fetched = ?5, compressed = ?6, checksum = "
      "?7, content = ?8";
constexpr auto erase_text
    = "DELETE FROM $ WHERE type = ?1 AND list = ?2 AND key = ?3";
constexpr auto erase_type_text = "DELETE FROM $ WHERE type = ?1";
constexpr auto erase_damaged_text = "DELETE FROM $ WHERE id = ?1";
constexpr auto load_text
    = "SELECT id, run, fetched, compressed, checksum, content FROM $ WHERE "
      "type = ?1 AND list = ?2 AND key = ?3";
constexpr auto scan_text
    = "SELECT id, list, key, run FROM $ INDEXED BY $_by_type WHERE type = ?1 "
      "AND id > ?2 ORDER BY id LIMIT ?3";
constexpr auto erase_old_text
    = "DELETE FROM $ WHERE id IN (SELECT id FROM $ WHERE fetched < ?1 OR "
      "fetched > ?2 LIMIT ?3) RETURNING type, list, key";
constexpr auto erase_oldest_text
    = "DELETE FROM $ WHERE id IN (SELECT id FROM $ ORDER BY fetched LIMIT ?1) "
      "RETURNING type, list, key";
constexpr auto oldest_text = "SELECT min(fetched) FROM $";
constexpr auto count_text = "SELECT count(*) FROM $";
constexpr auto put_record_text
    = "INSERT INTO invalidation_log(at, scope, entity, key, source) VALUES(?1, "
      "?2, ?3, ?4, ?5)";
constexpr auto trim_log_text
    = "DELETE FROM invalidation_log WHERE id <= (SELECT max(id) FROM "
      "invalidation_log) - ?1";
constexpr auto log_text
    = "SELECT at, scope, entity, key, source FROM invalidation_log ORDER BY id "
      "DESC LIMIT ?1";

std::string for_table(std::string text, const char* table) {
  for (size_t at; (at = text.find('$')) != std::string::npos;)
    text.replace(at, 1, table);
  return text;
}

/// Resets a statement at the end of a scope, so that it holds no lock.
struct reset_later {
  cache_statement& statement;
  ~reset_later() { statement.reset(); }
};

int64_t count_of(wall_time t) {
  return t.time_since_epoch().count();
}

} // namespace

std::unique_ptr<cache_store> make_cache_store(const persistence_options& o,
                                              catalog_ptr c,
                                              std::string database_identity,
                                              planted_bugs planted) {
  return std::make_unique<sqlite_cache_store>(
      o, std::move(c), std::move(database_identity), planted);
}

sqlite_cache_store::sqlite_cache_store(persistence_options o, catalog_ptr c,
                                       std::string database_identity,
                                       planted_bugs planted)
    : options_(std::move(o)), catalog_(std::move(c)),
      identity_(std::move(database_identity)), planted_(planted) {}

sqlite_cache_store::~sqlite_cache_store() = default;

failure sqlite_cache_store::not_open() const {
  return {errc::tier_closed, "cache file '" + options_.file + "' is not open"};
}

// A corrupt file is moved aside at once, while the lock is held: the next
// open() builds a new one.
failure sqlite_cache_store::judge(failure why) {
  if (why.code != errc::corrupt || !file_)
    return why;
  statements_.reset();
  auto moved = file_->move_aside();
  file_.reset();
  why.what += moved ? "; moved to " + *moved : "; " + moved.error().what;
  return why;
}

template <class F>
auto sqlite_cache_store::guarded(F f) -> decltype(f()) {
  if (!file_)
    return fail(not_open());
  try {
    if (auto begun = file_->begin(); !begun)
      return fail(judge(begun.error()));
    auto made = f();
    if (!made) {
      auto why = made.error();
      file_->rollback();
      return fail(judge(std::move(why)));
    }
    if (auto committed = file_->commit(); !committed)
      return fail(judge(committed.error()));
    return made;
  } catch (const std::exception& e) {
    file_->rollback();
    return fail(errc::internal,
                "cache file '" + options_.file + "': " + e.what());
  }
}

result<store_opening> sqlite_cache_store::open() {
  store_opening opening;
  try {
    statements_.reset();
    file_.reset();
    sqlite_cache_file::purpose purpose{catalog_->fingerprint(), identity_};
    auto file = sqlite_cache_file::open(options_, purpose, planted_, opening);
    if (!file)
      return fail(file.error());
    file_ = std::move(*file);
    if (auto prepared = prepare(); !prepared)
      return fail(errc::tier_closed, judge(prepared.error()).what);
    return opening;
  } catch (const std::exception& e) {
    return fail(errc::internal,
                "cache file '" + options_.file + "': " + e.what());
  }
}

result<void> sqlite_cache_store::prepare() {
  auto all = std::make_unique<statements>();
  std::vector<std::pair<cache_statement*, std::string>> texts{
      {&all->put_record, put_record_text},
      {&all->trim_log, trim_log_text},
      {&all->log, log_text}};
  for (size_t i = 0; i < tables.size(); ++i) {
    auto& e = all->entries[i];
    for (auto [statement, text] :
         {std::pair{&e.put, put_text}, std::pair{&e.erase, erase_text},
          std::pair{&e.erase_type, erase_type_text},
          std::pair{&e.erase_damaged, erase_damaged_text},
          std::pair{&e.load, load_text}, std::pair{&e.scan, scan_text},
          std::pair{&e.erase_old, erase_old_text},
          std::pair{&e.erase_oldest, erase_oldest_text},
          std::pair{&e.oldest, oldest_text}, std::pair{&e.count, count_text}})
      texts.emplace_back(statement, for_table(text, tables[i]));
  }
  for (auto& [statement, text] : texts) {
    auto made = file_->prepare(text);
    if (!made)
      return fail(made.error());
    *statement = std::move(*made);
  }
  statements_ = std::move(all);
  return {};
}

void sqlite_cache_store::bind_key(cache_statement& s, const key& id) {
  s.bind_text(1, name_of(id.type()));
  s.bind(2, id.index());
  s.bind_bytes(3, id.bytes());
}

result<void> sqlite_cache_store::done(cache_statement& s) {
  reset_later later{s};
  if (s.step() != SQLITE_DONE)
    return fail(file_->error());
  return {};
}

result<void> sqlite_cache_store::apply(const batch& b) {
  return guarded([&] { return apply_items(b); });
}

result<void> sqlite_cache_store::apply_items(const batch& b) {
  for (auto type : b.flushed_types)
    for (auto& e : statements_->entries) {
      e.erase_type.bind_text(1, name_of(type));
      if (auto erased = done(e.erase_type); !erased)
        return erased;
    }
  for (auto& item : b.items)
    if (auto applied = item.erase ? erase(item.entry.id) : put(item.entry);
        !applied)
      return applied;
  if (auto put = put_records(b.records); !put || !b.checkpoint)
    return put;
  return file_->write_checkpoint(*b.checkpoint);
}

result<void> sqlite_cache_store::begin_run() {
  if (!file_)
    return fail(not_open());
  auto begun = file_->begin_new_run();
  return begun ? begun : fail(judge(begun.error()));
}

result<void> sqlite_cache_store::continue_run() {
  if (!file_)
    return fail(not_open());
  auto gone_on = file_->continue_run();
  return gone_on ? gone_on : fail(judge(gone_on.error()));
}

result<void> sqlite_cache_store::put(const disk_entry& entry) {
  auto content = encode_content(entry, options_.compress_from_bytes);
  // What has no place in the file must at least not leave an older entry there.
  if (!content || content->bytes.size() > options_.max_bytes / 4)
    return erase(entry.id);
  auto fetched = count_of(entry.fetched);
  auto checksum
      = content_checksum(name_of(entry.id.type()), entry.id, file_->run(),
                         fetched, content->bytes, content->compressed);
  auto& s = of(entry.id).put;
  bind_key(s, entry.id);
  s.bind(4, file_->run());
  s.bind(5, fetched);
  s.bind(6, content->compressed ? 1 : 0);
  s.bind(7, static_cast<int64_t>(checksum));
  s.bind_bytes(8, content->bytes);
  return done(s);
}

result<void> sqlite_cache_store::erase(const key& id) {
  auto& s = of(id).erase;
  bind_key(s, id);
  return done(s);
}

result<void> sqlite_cache_store::put_records(
    const std::vector<invalidation_record>& records) {
  if (records.empty())
    return {};
  auto& s = statements_->put_record;
  for (auto& record : records) {
    s.bind(1, count_of(record.at));
    s.bind_text(2, record.scope);
    s.bind_text(3, record.entity);
    s.bind_text(4, record.id);
    s.bind_text(5, record.source);
    if (auto put = done(s); !put)
      return put;
  }
  auto& trim = statements_->trim_log;
  trim.bind(1, static_cast<int64_t>(defaults::invalidation_log_count));
  return done(trim);
}

result<std::vector<disk_entry>>
sqlite_cache_store::load(std::span<const key> ids) {
  return guarded([&]() -> result<std::vector<disk_entry>> {
    std::vector<disk_entry> found;
    for (auto& id : ids)
      if (auto loaded = load_one(id, found); !loaded)
        return fail(loaded.error());
    return found;
  });
}

result<void> sqlite_cache_store::load_one(const key& id,
                                          std::vector<disk_entry>& found) {
  auto& s = of(id).load;
  bind_key(s, id);
  reset_later later{s};
  auto code = s.step();
  if (code == SQLITE_DONE)
    return {};
  if (code != SQLITE_ROW)
    return fail(file_->error());
  auto place = s.integer(0);
  auto run = s.integer(1);
  auto fetched = s.integer(2);
  auto compressed = s.integer(3) != 0;
  auto content = s.bytes(5);
  disk_entry entry;
  entry.id = id;
  entry.fetched = wall_time{milliseconds{fetched}};
  entry.current_run = run == file_->run();
  auto checksum = content_checksum(name_of(id.type()), id, run, fetched,
                                   content, compressed);
  if (checksum == static_cast<uint64_t>(s.integer(4))
      && decode_content(content, compressed, entry)) {
    found.push_back(std::move(entry));
    return {};
  }
  ++damaged_;
  s.reset();
  auto& erase = of(id).erase_damaged;
  erase.bind(1, place);
  return done(erase);
}

result<cache_store::key_slice>
sqlite_cache_store::scan(entity_id type, int64_t after, size_t limit) {
  return guarded([&]() -> result<key_slice> {
    key_slice slice;
    slice.last = after;
    if (after >= 0)
      if (auto rows = scan_table(0, type, after, limit, slice); !rows)
        return fail(rows.error());
    if (slice.keys.size() < limit)
      if (auto lists = scan_table(1, type, after < 0 ? -after : 0,
                                  limit - slice.keys.size(), slice);
          !lists)
        return fail(lists.error());
    return slice;
  });
}

result<void> sqlite_cache_store::scan_table(size_t table, entity_id type,
                                            int64_t after, size_t limit,
                                            key_slice& slice) {
  auto& s = statements_->entries[table].scan;
  s.bind_text(1, name_of(type));
  s.bind(2, after);
  s.bind(3, static_cast<int64_t>(limit));
  reset_later later{s};
  int code;
  while ((code = s.step()) == SQLITE_ROW) {
    slice.keys.emplace_back(
        key{type, static_cast<index_id>(s.integer(1)), std::string{s.bytes(2)}},
        file_->is_followed(s.integer(3)));
    slice.last = table == 0 ? s.integer(0) : -s.integer(0);
  }
  if (code != SQLITE_DONE)
    return fail(file_->error());
  return {};
}

result<std::vector<key>> sqlite_cache_store::clean_up(wall_time now,
                                                      size_t limit) {
  auto removed = guarded([&]() -> result<std::vector<key>> {
    std::vector<key> keys;
    if (auto old = remove_old(now, limit, keys); !old)
      return fail(old.error());
    if (auto fits = remove_to_fit(limit, keys); !fits)
      return fail(fits.error());
    return keys;
  });
  if (removed && !removed->empty())
    if (auto shrunk = file_->execute("PRAGMA incremental_vacuum"); !shrunk)
      return fail(judge(shrunk.error()));
  return removed;
}

// An entry from the future has no age that means anything.
result<void> sqlite_cache_store::remove_old(wall_time now, size_t limit,
                                            std::vector<key>& removed) {
  for (auto& e : statements_->entries) {
    e.erase_old.bind(1, count_of(now - options_.ttl));
    e.erase_old.bind(2, count_of(now + options_.ttl));
    e.erase_old.bind(3, static_cast<int64_t>(limit - removed.size()));
    if (auto taken = take_removed(e.erase_old, removed); !taken)
      return taken;
  }
  return {};
}

result<void> sqlite_cache_store::remove_to_fit(size_t limit,
                                               std::vector<key>& removed) {
  while (removed.size() < limit) {
    auto used = used_bytes();
    if (!used)
      return fail(used.error());
    if (*used <= options_.max_bytes)
      return {};
    std::array<int64_t, 2> oldest{};
    for (size_t i = 0; i < tables.size(); ++i) {
      auto& s = statements_->entries[i].oldest;
      reset_later later{s};
      if (s.step() != SQLITE_ROW)
        return fail(file_->error());
      oldest[i] = s.is_null(0) ? INT64_MAX : s.integer(0);
    }
    if (oldest[0] == INT64_MAX && oldest[1] == INT64_MAX)
      return {};
    auto& s = statements_->entries[oldest[0] <= oldest[1] ? 0 : 1].erase_oldest;
    s.bind(1, oldest_count);
    if (auto taken = take_removed(s, removed); !taken)
      return taken;
  }
  return {};
}

result<void> sqlite_cache_store::take_removed(cache_statement& s,
                                              std::vector<key>& removed) {
  reset_later later{s};
  int code;
  while ((code = s.step()) == SQLITE_ROW)
    if (auto type = catalog_->find(s.bytes(0)))
      removed.emplace_back(type->id, static_cast<index_id>(s.integer(1)),
                           std::string{s.bytes(2)});
  if (code != SQLITE_DONE)
    return fail(file_->error());
  return {};
}

result<uint64_t> sqlite_cache_store::used_bytes() {
  auto pages = file_->integer("PRAGMA page_count");
  auto unused = file_->integer("PRAGMA freelist_count");
  auto size = file_->integer("PRAGMA page_size");
  for (auto read : {&pages, &unused, &size})
    if (!*read)
      return fail(read->error());
  return static_cast<uint64_t>((*pages - *unused) * *size);
}

result<std::vector<invalidation_record>> sqlite_cache_store::log(size_t limit) {
  return guarded([&]() -> result<std::vector<invalidation_record>> {
    auto& s = statements_->log;
    s.bind(1, static_cast<int64_t>(
                  std::min(limit, defaults::invalidation_log_count)));
    reset_later later{s};
    std::vector<invalidation_record> newest;
    int code;
    while ((code = s.step()) == SQLITE_ROW)
      newest.push_back({wall_time{milliseconds{s.integer(0)}},
                        std::string{s.bytes(1)}, std::string{s.bytes(2)},
                        std::string{s.bytes(3)}, std::string{s.bytes(4)}});
    if (code != SQLITE_DONE)
      return fail(file_->error());
    return newest;
  });
}

result<cache_store::store_statistics> sqlite_cache_store::statistics() {
  return guarded([&]() -> result<store_statistics> {
    store_statistics now;
    for (auto [table, target] :
         {std::pair{0, &now.rows}, std::pair{1, &now.lists}}) {
      auto& s = statements_->entries[static_cast<size_t>(table)].count;
      reset_later later{s};
      if (s.step() != SQLITE_ROW)
        return fail(file_->error());
      *target = static_cast<uint64_t>(s.integer(0));
    }
    auto used = used_bytes();
    if (!used)
      return fail(used.error());
    now.bytes = *used;
    now.damaged = damaged_;
    return now;
  });
}

result<void> sqlite_cache_store::close() {
  if (!file_)
    return fail(not_open());
  auto marked = file_->mark_clean();
  if (!marked)
    return fail(judge(marked.error()));
  statements_.reset();
  file_.reset();
  return {};
}

} // namespace toadcache
