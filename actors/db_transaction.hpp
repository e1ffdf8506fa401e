// One open transaction on one session: runs operations by the primitives of
// `session` and collects what they changed, as read back under the rows' locks
// (rules 2, 8). Used by DB WORKER inside its own thread; every call but the
// accessors may block.
#pragma once

#include <chrono>
#include <exception>
#include <string>

#include "actors/counters.hpp"
#include "actors/frugal_scheduler.hpp"
#include "config/planted_bugs.hpp"
#include "policy/change_set.hpp"
#include "storage/database.hpp"

namespace toadcache {

/// What `call` yields, which may block; an exception (a defect: neither
/// database nor session throws) becomes errc::internal.
template <class F>
auto never_throwing(F call) -> decltype(call()) {
  about_to_block();
  try {
    return call();
  } catch (const std::exception& e) {
    return fail(errc::internal, std::string{"database threw: "} + e.what());
  } catch (...) {
    return fail(errc::internal, "database threw something unknown");
  }
}

/// The same for a statement, which is counted with the time it took.
template <class F>
auto ask_database(counters& count, F statement) -> decltype(statement()) {
  using std::chrono::nanoseconds;
  auto begin = std::chrono::steady_clock::now();
  auto answer = never_throwing(std::move(statement));
  auto took = std::chrono::steady_clock::now() - begin;
  count.statements.fetch_add(1, std::memory_order_relaxed);
  count.database_nanoseconds.fetch_add(
      static_cast<uint64_t>(
          std::chrono::duration_cast<nanoseconds>(took).count()),
      std::memory_order_relaxed);
  return answer;
}

class db_transaction {
public:
  /// Requires: a transaction is open on `s`; all arguments outlive this.
  /// `interactive`: it cannot be rerun, so find_or_create reads again inside
  /// it after errc::duplicate.
  db_transaction(session& s, const catalog& types, counters& count,
                 planted_bugs planted, bool interactive);

  /// One operation. errc::not_found for an update of no row; errc::invalid
  /// names what does not fit the catalog; every error of the session.
  [[nodiscard]] result<operation_result> run(const operation& op);

  /// After an error of `run`: it cannot go on and must be rolled back, since
  /// the database has done so or what was changed is not known.
  [[nodiscard]] bool broken() const noexcept { return broken_; }

  [[nodiscard]] const change_set& changed() const noexcept { return changes_; }

private:
  using rows_result = result<std::vector<row>>;

  [[nodiscard]] result<void> check(const operation& op) const;
  [[nodiscard]] result<assignments> typed(const entity_type& type,
                                          const assignments& set) const;
  [[nodiscard]] result<operation_result> run_checked(const entity_type& type,
                                                     const operation& op,
                                                     const assignments& set);
  [[nodiscard]] result<operation_result> read(const entity_type& type,
                                              const operation& op);
  [[nodiscard]] result<operation_result>
  update(const entity_type& type, const key& id, const assignments& set);
  [[nodiscard]] result<operation_result> upsert(const entity_type& type,
                                                const assignments& set);
  [[nodiscard]] result<operation_result> write_where(const entity_type& type,
                                                     const operation& op,
                                                     const assignments& set);
  [[nodiscard]] result<operation_result> find_or_create(const entity_type& type,
                                                        const operation& op,
                                                        const assignments& set);

  /// The row of a key, or no row.
  [[nodiscard]] result<row> read_one(const entity_type& type, const key& id,
                                     bool for_update);
  /// Each writes one row whose before image is locked, and reads it back.
  [[nodiscard]] result<row> insert_row(const entity_type& type,
                                       const assignments& set);
  [[nodiscard]] result<row> update_row(const entity_type& type,
                                       const row& before,
                                       const assignments& set);
  [[nodiscard]] result<void> erase_row(const entity_type& type,
                                       const row& before);
  [[nodiscard]] result<row> read_back(const entity_type& type, const key& id,
                                      const row& before,
                                      const assignments& set);

  session& session_;
  const catalog& types_;
  counters& count_;
  planted_bugs planted_;
  bool interactive_;
  bool broken_ = false;
  change_set changes_;
};

} // namespace toadcache
