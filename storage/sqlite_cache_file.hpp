// The cache file as SQLite sees it: owner lock, checks at opening, moving an
// unusable file aside, the marker of an unclean end, prepared statements. Owned
// by one store; every call may block; not thread-safe.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <sqlite3.h>

#include "storage/cache_store.hpp"
#include "storage/file_lock.hpp"

namespace toadcache {

/// A prepared statement of the cache file. Parameters and columns count from 1
/// and 0; bound bytes must stay unchanged until `reset`.
class cache_statement {
public:
  cache_statement() = default;
  explicit cache_statement(sqlite3_stmt* s) : statement_(s) {}

  void bind(int i, int64_t x) { sqlite3_bind_int64(get(), i, x); }
  void bind_text(int i, std::string_view x);
  void bind_bytes(int i, std::string_view x);
  /// A code of sqlite3: SQLITE_ROW, SQLITE_DONE, or an error.
  int step() { return sqlite3_step(get()); }
  void reset() { sqlite3_reset(get()); }
  [[nodiscard]] int64_t integer(int column) const {
    return sqlite3_column_int64(get(), column);
  }
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(get(), column) == SQLITE_NULL;
  }
  /// Text or blob; valid until the next step or reset.
  [[nodiscard]] std::string_view bytes(int column) const;

private:
  struct finalizer {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };
  [[nodiscard]] sqlite3_stmt* get() const { return statement_.get(); }
  std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

class sqlite_cache_file {
public:
  static constexpr int schema_version = 1;
  /// "toad", so that `file` and a look at the header tell what it is.
  static constexpr int application_id = 0x746f6164;

  /// What a file must have been made for.
  struct purpose {
    uint64_t catalog_fingerprint = 0;
    std::string database_identity;
  };

  /// See cache_store::open.
  [[nodiscard]] static result<std::unique_ptr<sqlite_cache_file>>
  open(const persistence_options& o, const purpose& p, planted_bugs planted,
       store_opening& opening);
  sqlite_cache_file(const sqlite_cache_file&) = delete;
  sqlite_cache_file& operator=(const sqlite_cache_file&) = delete;
  ~sqlite_cache_file();

  /// Number of this run; random, so that no two runs share one.
  [[nodiscard]] int64_t run() const noexcept { return run_; }
  /// Whether it is this run, or the one that left the checkpoint.
  [[nodiscard]] bool is_followed(int64_t run) const noexcept {
    return run == run_ || (run == checkpoint_run_ && checkpoint_run_ != 0);
  }
  /// See cache_store. Each a commit of its own.
  result<void> begin_new_run();
  result<void> continue_run();
  /// As part of a commit.
  result<void> write_checkpoint(const std::string& text);

  [[nodiscard]] result<cache_statement> prepare(const std::string& text);
  result<void> execute(const char* text);
  [[nodiscard]] result<int64_t> integer(const char* text);
  /// The last error. errc::corrupt: the file cannot be trusted any more.
  [[nodiscard]] failure error() const;
  /// BEGIN and COMMIT; an error leaves no transaction open.
  result<void> begin() { return execute("BEGIN IMMEDIATE"); }
  result<void> commit();
  void rollback();

  /// Everything is on disk and the clean marker set when it returns.
  result<void> mark_clean();
  /// Closes the connection and renames the file with its log; the new name.
  /// The owner lock stays. Requires: every statement is gone.
  result<std::string> move_aside();

private:
  /// The rows of cache_metadata.
  struct metadata {
    std::string catalog;
    std::string database;
    std::string run;
    std::string clean;
    std::string seal; // a hash of the others
    std::array<std::pair<std::string_view, std::string*>, 5> fields() {
      return {{{"catalog", &catalog},
               {"database", &database},
               {"run", &run},
               {"clean", &clean},
               {"seal", &seal}}};
    }
    [[nodiscard]] std::string computed_seal() const;
  };

  sqlite_cache_file(const persistence_options& o, const purpose& p,
                    planted_bugs planted);

  result<void> lock();
  result<void> connect();
  void disconnect();
  result<void> configure();
  result<void> create();
  /// Schema, metadata, and after an unclean end the whole structure.
  /// errc::corrupt says why the file cannot be used.
  result<void> examine(store_opening& opening);
  result<void> examine_schema();
  result<void> examine_metadata(store_opening& opening);
  /// Puts the unclean marker and the number of this run on disk.
  result<void> begin_run();
  result<void> write_metadata(bool clean);
  result<void> read_metadata(std::string_view name, std::string& value);
  result<void> set_metadata(std::string_view name, std::string_view value);
  result<void> read_checkpoint(store_opening& opening);
  result<void> change_run(int64_t run);
  void remove_oldest_moved();
  [[nodiscard]] failure closed(const std::string& what) const;
  [[nodiscard]] failure corrupt(const std::string& what) const;

  std::string path_; // UTF-8
  purpose purpose_;
  planted_bugs planted_;
  std::optional<file_lock> lock_;
  sqlite3* db_ = nullptr;
  int64_t run_ = 0;
  int64_t checkpoint_run_ = 0; ///< of the checkpoint found at opening; 0: none
  bool foreign_ = false;       // the file was never ours: kept for ever
};

} // namespace toadcache
