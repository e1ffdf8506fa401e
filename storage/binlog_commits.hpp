// Puts the events of a replication log together to commits: which events
// belong to one, what was rolled back, which tables are entity types, and what
// the log does not spell out. Belongs to one thread; blocks only in its layout
// source.
//
// What holds of images decoded while the log is behind the tables: a table
// altered meanwhile to other column types is noticed and flushed; one altered
// to the same types in another order is not, until the ALTER itself comes by
// and flushes the type. So who trusts rows must first have passed the log's end
// as it was when the layout was read.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/gtid_set.hpp"
#include "storage/binlog_event.hpp"
#include "storage/binlog_rows.hpp"
#include "storage/binlog_statement.hpp"
#include "storage/change_stream.hpp"
#include "storage/table_layout.hpp"

namespace toadcache {

class binlog_commits {
public:
  struct settings {
    std::string schema; ///< of the catalog's tables; others are passed over
    /// The server takes table names that differ in case for the same.
    bool fold_names = false;
    /// Row images of one commit; beyond, its types are flushed instead.
    size_t max_bytes = size_t{64} << 20;
    /// Prepared distributed transactions remembered; beyond, all is flushed
    /// when one commits.
    size_t max_prepared_count = 1000;
  };

  /// `layouts` must outlive it.
  binlog_commits(catalog_ptr types, settings s, layout_source& layouts);

  /// The next event is one behind `from`, or, with `verify`, `from.last`
  /// itself, which is compared and passed over. Forgets what was begun.
  void start(resume_point from, bool verify);

  /// True until `from.last` has been found.
  [[nodiscard]] bool verifying() const noexcept { return verifying_; }
  /// True when the format of the log file is known.
  [[nodiscard]] bool ready() const noexcept { return format_.known(); }

  /// Takes the next event; a commit when it was the last of one. Faults:
  /// position_lost (another history), not_decodable, connection_lost (no
  /// layout).
  stream_result<std::optional<logged_commit>> take(std::string_view bytes);

  [[nodiscard]] const resume_point& place() const noexcept { return place_; }

private:
  using step = stream_result<std::optional<logged_commit>>;
  /// What a table map's number stands for.
  struct table {
    const entity_type* type = nullptr; ///< nullptr: passed over
    uint64_t id = 0;
    std::string shape;
    std::optional<row_decoder> decoder;
    std::string misfit; ///< why there is no decoder
  };
  struct savepoint {
    std::string name;
    size_t changes = 0; ///< made before it
  };

  step verify(const log_event& e);
  step on(const rotate_event& e, const log_event& all);
  step on(const format_event& e, const log_event& all);
  step on(const gtid_event& e, const log_event& all);
  step on(const gtid_list_event& e, const log_event& all);
  step on(const query_event& e, const log_event& all);
  step on(const commit_event& e, const log_event& all);
  step on(const xa_prepare_event& e, const log_event& all);
  step on(const table_map_event& e, const log_event& all);
  step on(const rows_event& e, const log_event& all);
  step on(const heartbeat_event& e, const log_event& all);
  step on(const incident_event& e, const log_event& all);
  step on(const opaque_event& e, const log_event& all);
  step on(const undecodable_event& e, const log_event& all);
  step on(const other_event& e, const log_event& all);

  [[nodiscard]] event_identity identity_of(const log_event& e) const;
  void pass(const log_event& e);
  void forget_group();
  step finish(const log_event& e);
  step finish_if_alone(const log_event& e);
  void flush(std::optional<entity_id> type, std::string why);
  void flush_touched(size_t from, const std::string& why);
  step finish_xa(const logged_statement& s, const log_event& e);
  void roll_back_to(const std::string& name);
  void redefine(const logged_statement& s, const query_event& e);
  stream_result<void> change_by_text(const logged_statement& s,
                                     const query_event& e);
  stream_result<void> change_table_by_text(const std::string& name,
                                           const std::string& why);
  [[nodiscard]] std::string folded(std::string name) const;
  [[nodiscard]] const entity_type* type_of(const std::string& name) const;
  [[nodiscard]] bool is_own(const std::string& schema) const;
  stream_result<const table_layout*> layout_of(const std::string& name);

  catalog_ptr types_;
  settings settings_;
  layout_source& layouts_;
  std::unordered_map<std::string, const entity_type*> by_table_;

  log_format format_;
  resume_point place_;
  gtid_set seen_;
  bool verifying_ = false;
  /// The file that events come from now, and where the last one ended.
  std::string file_;
  uint64_t offset_ = 0;

  bool in_group_ = false; ///< between a group's first event and its last
  bool begun_ = false;    ///< ... and COMMIT, not the statement, ends it
  std::string gtid_;
  std::vector<logged_change> changes_;
  std::vector<logged_flush> flushes_;
  std::vector<savepoint> savepoints_;
  std::set<entity_id> too_many_; ///< types whose changes were too big to keep
  size_t bytes_ = 0;             ///< of row images
  std::unordered_map<uint64_t, const table*> maps_; ///< of this group, by id

  std::map<std::string, table> tables_; ///< by name; until redefined
  std::map<std::string, table_layout> layouts_by_name_; ///< of text changes
  std::map<std::string, std::set<entity_id>> prepared_; ///< by xid
};

} // namespace toadcache
