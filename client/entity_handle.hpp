// The operations on one entity type, by name. A cheap value, thread-safe, valid
// while its cache exists. Reads look into memory in the caller's thread; what
// is missing there, and every write, goes to the actors. Nothing here blocks;
// see client/answer.hpp for the three ways to take an answer.
//
// Errors of every call: errc::invalid (names entity and column), unavailable,
// timeout, overloaded, shutting_down. Writes also: duplicate, foreign_key,
// deadlock (after the reruns), outcome_unknown (may have been committed).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/answer.hpp"
#include "client/record.hpp"
#include "client/values.hpp"

namespace toadcache {

class client_core;

class entity_handle {
public:
  entity_handle(client_core& core, const entity_type& type)
      : core_(&core), type_(&type) {}

  [[nodiscard]] const entity_type& type() const noexcept { return *type_; }

  // -- reads ------------------------------------------------------------------

  /// The row of a primary key; a record that is not found() when there is none.
  answer<record> find_by_pk(const values& id,
                            const read_options& how = {}) const;

  /// The borrowing form of a hit, for what is read very often: when memory can
  /// answer, calls f(const row& content, freshness, milliseconds age) in this
  /// thread (an empty row: there is none) and yields true. False: it cannot,
  /// and nothing was asked; use find_by_pk. `f` must not wait and keeps nothing
  /// of the row. errc::invalid: the key does not fit.
  template <class F>
  result<bool> visit(const values& id, F f,
                     const read_options& how = {}) const {
    return visit_with(
        id, how,
        [](void* with, const row& content, freshness state, milliseconds age) {
          (*static_cast<F*>(with))(content, state, age);
        },
        &f);
  }
  /// The key of a primary key's values, to be made once and asked for often.
  /// errc::invalid: the values do not fit.
  [[nodiscard]] result<key> key_of(const values& id) const;
  /// `visit` with a key from `key_of`; saves making it. False also for a key of
  /// another entity.
  template <class F>
  bool visit_key(const key& id, F f, const read_options& how = {}) const {
    return visit_key_with(
        id, how,
        [](void* with, const row& content, freshness state, milliseconds age) {
          (*static_cast<F*>(with))(content, state, age);
        },
        &f);
  }

  /// One record per id, in the order of the ids.
  answer<records> find_many(const std::vector<value>& ids,
                            const read_options& how = {}) const;
  answer<records> find_many(const std::vector<std::vector<value>>& ids,
                            const read_options& how = {}) const;

  /// The rows of a list: `index` is a unique key, a lookup, or a relation, by
  /// the name of its list ("profiles") or of its parent ("user"). In the order
  /// of primary keys. Rows that have gone or moved meanwhile are left out.
  answer<records> find_all(std::string_view index, const values& v,
                           const read_options& how = {}) const;
  /// The first of find_all.
  answer<record> find_one(std::string_view index, const values& v,
                          const read_options& how = {}) const;

  /// Arbitrary conditions: asked of the database, never cached.
  answer<records> find_where(const query& q,
                             const read_options& how = {}) const;

  /// The row with its related rows. A path names a to-many list of this entity
  /// ("profiles"), a to-one relation ("guild"), or several, dotted:
  /// "user_channels.channel".
  answer<tree> find_with(const values& id,
                         const std::vector<std::string>& paths,
                         const read_options& how = {}) const;
  answer<trees> find_all_with(std::string_view index, const values& v,
                              const std::vector<std::string>& paths,
                              const read_options& how = {}) const;

  // -- writes -----------------------------------------------------------------
  // Acknowledged when committed and applied by every affected cache. `created`
  // and `updated` columns that the call does not name are filled in.

  answer<record> create(const fields& set, const write_options& how = {}) const;
  /// errc::not_found when there is no such row.
  answer<record> update(const values& id, const fields& set,
                        const write_options& how = {}) const;
  answer<affected> update_where(const query& q, const fields& set,
                                const write_options& how = {}) const;
  /// Creates the row, or updates it when its primary key exists. `set` names
  /// the whole primary key.
  answer<found_or_created> upsert(const fields& set,
                                  const write_options& how = {}) const;
  /// Writes what `record::set` noted; the new row. Without changes: `r`.
  answer<record> save(const record& r, const write_options& how = {}) const;
  /// matched is 0 when there was no such row.
  answer<affected> destroy(const values& id,
                           const write_options& how = {}) const;
  answer<affected> destroy_where(const query& q,
                                 const write_options& how = {}) const;
  /// The row whose columns equal `where`, or a new one of `where` and
  /// `defaults`. Found through the cache when `where` is the primary key.
  answer<found_or_created> find_or_create(const fields& where,
                                          const fields& defaults = {},
                                          const write_options& how = {}) const;

  // -- administration ---------------------------------------------------------

  /// Drops one row and the lists it is in, here and on disk.
  answer<void> invalidate(const values& id) const;
  /// Drops one row and everything that hangs on it.
  answer<void> invalidate_dependents(const values& id) const;
  /// Drops every row and list of the type.
  answer<void> invalidate_all() const;

private:
  result<bool> visit_with(const values& id, const read_options& how,
                          void (*f)(void* with, const row& content,
                                    freshness state, milliseconds age),
                          void* with) const; // row_visitor of reader.hpp
  bool visit_key_with(const key& id, const read_options& how,
                      void (*f)(void* with, const row& content, freshness state,
                                milliseconds age),
                      void* with) const;

  client_core* core_;
  const entity_type* type_;
};

} // namespace toadcache
