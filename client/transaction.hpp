// An interactive transaction: a worker of the pool is pinned to it until commit
// or rollback. Reads within it bypass the cache and see its own writes; its
// rows enter the cache after the commit. Movable, one thread at a time: await
// each answer before the next call. Bounded by the pool's idle and total limit.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/answer.hpp"
#include "client/record.hpp"
#include "client/values.hpp"

namespace toadcache {

class client_core;
class transaction_entity;

/// What a transaction's owner and its entity handles share.
struct transaction_state;

class transaction {
public:
  explicit transaction(std::shared_ptr<transaction_state> s);
  transaction(transaction&&) noexcept;
  transaction& operator=(transaction&&) noexcept;
  /// Rolls back when neither commit nor rollback was called; does not wait.
  ~transaction();

  /// errc::invalid by the first operation when there is no such entity.
  [[nodiscard]] transaction_entity entity(std::string_view name) const;

  /// errc::outcome_unknown: it may have been committed. After any outcome the
  /// transaction is over.
  answer<void> commit();
  answer<void> rollback();
  /// False after commit, rollback, or an error that ended it (deadlock).
  [[nodiscard]] bool open() const noexcept;

private:
  std::shared_ptr<transaction_state> state_;
};

/// The operations on one entity inside a transaction. errc::deadlock: the
/// transaction is already rolled back; begin anew.
class transaction_entity {
public:
  transaction_entity(std::shared_ptr<transaction_state> s, std::string name);

  /// `for_update` locks the row until the end of the transaction.
  answer<record> find_by_pk(const values& id, bool for_update = false) const;
  answer<records> find_all(std::string_view index, const values& v,
                           bool for_update = false) const;
  answer<records> find_where(const query& q, bool for_update = false) const;

  answer<record> create(const fields& set) const;
  answer<record> update(const values& id, const fields& set) const;
  answer<affected> update_where(const query& q, const fields& set) const;
  answer<affected> destroy(const values& id) const;
  answer<affected> destroy_where(const query& q) const;
  answer<found_or_created> find_or_create(const fields& where,
                                          const fields& defaults = {}) const;

private:
  [[nodiscard]] result<const entity_type*> type() const;
  std::shared_ptr<transaction_state> state_;
  std::string name_;
};

} // namespace toadcache
