// A deterministic database server in memory: tables, row locks, transactions,
// foreign keys with cascades, collations, a change log, and faults by seed. It
// keeps logging, commit and visibility apart. One thread; no call blocks: what
// would wait for a lock fails as a deadlock or a lock timeout does.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/database.hpp"
#include "tests/simulation/sim_time.hpp"

namespace toadcache::simulation {

/// Chances out of 1000 per call, and modes of a run.
struct sim_faults {
  uint32_t connect_fails = 0;
  /// The connection breaks in a statement; an open transaction is rolled back,
  /// at once or up to `max_delay` later (its locks are held until then).
  uint32_t lost_in_statement = 0;
  /// COMMIT never arrived: rolled back, at once or later.
  uint32_t lost_before_commit = 0;
  /// COMMIT arrived, but the server carries it out up to `max_delay` later.
  uint32_t lost_in_commit = 0;
  /// Committed; only the answer is lost.
  uint32_t lost_after_commit = 0;
  /// A writing or locking statement becomes a deadlock's victim.
  uint32_t deadlock = 0;
  /// A lock conflict ends as a lock timeout, which keeps the transaction open,
  /// rather than as a deadlock, which rolls it back.
  uint32_t lock_timeout = 500;
  milliseconds max_delay{4000};
  /// For how long such a commit may stand in the log before it is visible.
  milliseconds max_log_ahead{4000};
  /// Plain reads of a transaction see the state of its first one.
  bool repeatable_read = false;
};

/// One row's part of a commit. Images are empty where the row was or is absent.
struct sim_change {
  entity_id type = 0;
  row before;
  row after;
  bool cascaded = false; ///< by a foreign key: not in the log
};

/// A transaction as the server carried it out.
struct sim_commit {
  uint64_t number = 0; ///< position in the log
  std::string origin;  ///< who wrote: the name given to `connect`
  std::vector<sim_change> changes;
};

class sim_server {
public:
  using row_predicate = std::function<bool(const row&)>;

  sim_server(catalog_ptr types, const sim_time& time, uint64_t seed);

  sim_faults faults;
  /// The commit is in the log; readers may not see it yet.
  std::function<void(const sim_commit&)> on_logged;
  /// In the midst of an unreliable connection's COMMIT: what stands in the log
  /// may be read, and others may go first.
  std::function<void()> between_log_and_visible;
  /// Every statement sent from now on sees it.
  std::function<void(const sim_commit&)> on_visible;
  /// Before a statement of an unreliable connection: others may go first.
  std::function<void()> between_statements;

  // -- the client's side: what a session calls --------------------------------

  /// `reliable`: no fault hits this connection.
  result<uint64_t> connect(std::string origin, bool reliable = false);
  /// The client closes; an open transaction is rolled back.
  void disconnect(uint64_t connection) noexcept;
  /// Every connection of an origin closes.
  void disconnect_all(const std::string& origin) noexcept;
  result<std::vector<row>> select(uint64_t connection, const entity_type& type,
                                  const row_predicate& wanted, bool for_update);
  result<void> begin(uint64_t connection);
  commit_result commit(uint64_t connection);
  /// COMMIT whose effect is in the log now, but visible only after `delay`.
  commit_result commit_slowly(uint64_t connection, milliseconds delay);
  void rollback(uint64_t connection) noexcept;
  /// Outside a transaction a write commits by itself.
  result<key> insert(uint64_t connection, const entity_type& type,
                     const assignments& set);
  result<uint64_t> update(uint64_t connection, const entity_type& type,
                          const key& id, const assignments& set);
  result<uint64_t> erase(uint64_t connection, const entity_type& type,
                         const key& id);
  [[nodiscard]] bool usable(uint64_t connection) const noexcept;
  [[nodiscard]] bool in_transaction(uint64_t connection) const noexcept;
  [[nodiscard]] std::string connection_id(uint64_t connection) const;
  /// Asks to kill it, which may take until what is pending has happened.
  [[nodiscard]] bool connection_gone(const std::string& id) const;

  // -- the run's side ---------------------------------------------------------

  /// Carries out what is due at the time's now.
  void tick();
  /// When the next pending thing is due; nullopt: nothing is pending.
  [[nodiscard]] std::optional<time_point> next_due() const;
  /// Crash: connections are lost, what is not in the log is rolled back.
  void stop();
  void start();
  [[nodiscard]] bool running() const noexcept { return running_; }
  /// So many times it was started: connections of an earlier one are lost.
  [[nodiscard]] uint64_t starts() const noexcept { return start_; }
  /// What stands in the tables and is visible.
  using backup = std::map<std::pair<entity_id, std::string>, row>;
  [[nodiscard]] backup back_up() const { return tables_; }
  /// Puts a backup in the place of the tables. `on_visible` is told what that
  /// changes, as a commit of "backup"; the log is not. Requires: !running().
  void restore(const backup& b);
  /// All rows that new statements see, in primary-key order.
  [[nodiscard]] std::vector<row> rows(entity_id type) const;
  /// The key as the collations of its columns compare it.
  [[nodiscard]] key canonical(const key& k) const;
  [[nodiscard]] const catalog& types() const { return *types_; }
  [[nodiscard]] uint64_t statements() const noexcept { return statements_; }

private:
  using row_id = std::pair<entity_id, std::string>;
  using tables = backup;

  struct transaction {
    std::map<row_id, row> writes;
    std::vector<sim_change> changes;
    std::optional<tables> snapshot;
  };
  /// What the server still does for a client that is gone.
  struct pending_end {
    bool commits = false;
    bool logged = false;
    time_point due{};
  };
  struct connection {
    std::string origin;
    bool reliable = false;
    bool usable = true; ///< the client's side is intact
    bool ended = false; ///< the server's side is gone
    uint64_t start = 0;
    std::optional<transaction> open;
    std::optional<pending_end> pending;
    uint64_t commit_number = 0;
  };

  bool chance(uint32_t of_1000);
  milliseconds some_delay(milliseconds at_most);
  result<connection*> enter(uint64_t c, bool locking);
  void lose(uint64_t c, bool commits);
  void end(uint64_t c);
  void release_locks(uint64_t c);
  /// Fails as a deadlock or lock timeout when another one holds the row.
  result<void> lock(uint64_t c, const row_id& id, bool exclusive);
  failure conflict(uint64_t c);
  const row* latest(const transaction& t, const row_id& id) const;
  std::vector<row> latest_rows(const transaction& t, entity_id type) const;
  template <class F>
  auto write(uint64_t c, F statement) -> decltype(statement());
  result<row> store(uint64_t c, const entity_type& type, const row& before,
                    std::vector<value> values, bool cascaded);
  result<void> drop(uint64_t c, const entity_type& type, const row& before,
                    bool cascaded);
  result<void> check_parents(uint64_t c, const entity_type& type,
                             const row& after);
  result<void> check_unique(uint64_t c, const entity_type& type,
                            const row& before, const row& after);
  [[nodiscard]] bool written_by_another(uint64_t c, const entity_type& type,
                                        const std::vector<size_t>& columns,
                                        const std::string& tuple) const;
  result<void> follow_children(uint64_t c, const entity_type& type,
                               const row& before, const row& after);
  void record(transaction& t, entity_id type, const row& before,
              const row& after, bool cascaded);
  void log(uint64_t c);
  void make_visible(uint64_t c);
  [[nodiscard]] row_id id_of(const entity_type& type, const row& r) const;
  [[nodiscard]] std::string compare_bytes(const entity_type& type,
                                          const std::vector<size_t>& columns,
                                          const row& r) const;

  catalog_ptr types_;
  const sim_time& time_;
  std::mt19937_64 random_;
  tables tables_;
  std::map<row_id, std::map<uint64_t, bool>> locks_; // connection -> exclusive
  std::map<uint64_t, connection> connections_;
  std::map<std::pair<entity_id, size_t>, int64_t> next_generated_;
  uint64_t last_connection_ = 0;
  uint64_t last_commit_ = 0;
  uint64_t start_ = 1;
  uint64_t statements_ = 0;
  bool running_ = true;
};

/// Text as utf8mb4_general_ci compares it: case, the accents of 'àéö' and
/// trailing blanks do not count.
[[nodiscard]] std::string collated(std::string_view text);

} // namespace toadcache::simulation
