// The cache store as a SQLite file in WAL mode: tables entity_cache,
// relation_cache, cache_metadata and invalidation_log, entries by type name.
// Owned by PERSISTENCE; every call may block; not thread-safe.
//
// What a power loss means. The unclean marker and the number of the run are on
// disk before the first write. Later commits are in order but not synced one by
// one (synchronous=NORMAL), so the last ones, erases too, can be lost; then the
// marker is still there and every entry is of an earlier run: it is revalidated
// against the database before it is served. Within a run nothing is lost
// unnoticed: a commit that fails says so, and ours is the only process.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "storage/sqlite_cache_file.hpp"

namespace toadcache {

class sqlite_cache_store final : public cache_store {
public:
  sqlite_cache_store(persistence_options o, catalog_ptr c,
                     std::string database_identity, planted_bugs planted);
  /// Without close(): the file keeps its unclean marker.
  ~sqlite_cache_store() override;

  result<store_opening> open() override;
  result<void> apply(const batch& b) override;
  result<std::vector<disk_entry>> load(std::span<const key> ids) override;
  result<void> begin_run() override;
  result<void> continue_run() override;
  /// Rows first; a negative `last` continues within the lists.
  result<key_slice> scan(entity_id type, int64_t after, size_t limit) override;
  result<std::vector<key>> clean_up(wall_time now, size_t limit) override;
  result<std::vector<invalidation_record>> log(size_t limit) override;
  result<store_statistics> statistics() override;
  result<void> close() override;

private:
  /// Statements on one of the two tables of entries.
  struct entry_statements {
    cache_statement put;
    cache_statement erase;
    cache_statement erase_type;
    cache_statement erase_damaged;
    cache_statement load;
    cache_statement scan;
    cache_statement erase_old;
    cache_statement erase_oldest;
    cache_statement oldest;
    cache_statement count;
  };
  struct statements {
    std::array<entry_statements, 2> entries; // rows, lists
    cache_statement put_record;
    cache_statement trim_log;
    cache_statement log;
  };

  result<void> prepare();
  result<void> apply_items(const batch& b);
  result<void> put(const disk_entry& entry);
  result<void> erase(const key& id);
  result<void> put_records(const std::vector<invalidation_record>& records);
  result<void> load_one(const key& id, std::vector<disk_entry>& found);
  result<void> scan_table(size_t table, entity_id type, int64_t after,
                          size_t limit, key_slice& slice);
  result<void> remove_old(wall_time now, size_t limit,
                          std::vector<key>& removed);
  result<void> remove_to_fit(size_t limit, std::vector<key>& removed);
  /// Runs a statement that yields the type, list and key of what it removed.
  result<void> take_removed(cache_statement& s, std::vector<key>& removed);
  [[nodiscard]] result<uint64_t> used_bytes();
  entry_statements& of(const key& id) {
    return statements_->entries[id.is_row() ? 0 : 1];
  }
  void bind_key(cache_statement& s, const key& id);
  [[nodiscard]] const std::string& name_of(entity_id type) const {
    return (*catalog_)[type].name;
  }
  /// One step that yields no row.
  result<void> done(cache_statement& s);
  [[nodiscard]] failure not_open() const;
  /// Begins or ends a transaction around `f`; moves a corrupt file aside.
  template <class F>
  auto guarded(F f) -> decltype(f());
  failure judge(failure why);

  const persistence_options options_;
  const catalog_ptr catalog_;
  const std::string identity_;
  const planted_bugs planted_;
  std::unique_ptr<sqlite_cache_file> file_;
  std::unique_ptr<statements> statements_; // gone before the file
  uint64_t damaged_ = 0;
};

} // namespace toadcache
