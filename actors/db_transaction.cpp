#include "actors/db_transaction.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace toadcache {

namespace {

using kind = operation::kind_type;

bool is_primary(const entity_type& type, size_t column) {
  auto& columns = type.primary_key;
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/// The primary key that a row has after `set` was applied to `before`.
result<key> key_after(const entity_type& type, const row& before,
                      const assignments& set) {
  std::vector<value> values;
  for (auto column : type.primary_key) {
    auto given = std::find_if(set.begin(), set.end(),
                              [&](auto& a) { return a.first == column; });
    if (given != set.end())
      values.push_back(given->second);
    else if (before)
      values.emplace_back(before.at(column));
    else
      return fail(errc::invalid, type.name + "." + type.columns[column].name
                                     + ": expected a value for this column of "
                                       "the primary key");
  }
  return type.make_key(primary_index, values);
}

/// What a cache would hold that applied its own columns to the row it knew.
result<row> assume(const entity_type& type, const key& id, const row& before,
                   const assignments& set) {
  std::vector<value> values(type.columns.size());
  for (size_t i = 0; before && i < values.size(); ++i)
    values[i] = value{before.at(i)};
  if (auto ids = decode_key(id.bytes()))
    for (size_t i = 0; i < ids->size(); ++i)
      values[type.primary_key[i]] = (*ids)[i];
  for (auto& [column, content] : set)
    values[column] = content;
  return row::encode(type.types, values);
}

} // namespace

db_transaction::db_transaction(session& s, const catalog& types,
                               counters& count, planted_bugs planted,
                               bool interactive)
    : session_(s), types_(types), count_(count), planted_(planted),
      interactive_(interactive), changes_(types) {}

result<operation_result> db_transaction::run(const operation& op) {
  if (auto fits = check(op); !fits)
    return fail(fits.error());
  auto& type = types_[op.type];
  auto set = typed(type, op.set);
  if (!set)
    return fail(set.error());
  auto done = run_checked(type, op, *set);
  if (!done) {
    auto code = done.error().code;
    if (code != errc::not_found && code != errc::duplicate
        && code != errc::foreign_key && code != errc::invalid)
      broken_ = true;
  }
  return done;
}

result<void> db_transaction::check(const operation& op) const {
  if (op.type >= types_.size())
    return fail(errc::invalid, "operation on entity type "
                                   + std::to_string(op.type)
                                   + ": the catalog has only "
                                   + std::to_string(types_.size()));
  auto& type = types_[op.type];
  auto wants_row_key = op.kind == kind::read_keys || op.kind == kind::update
                       || op.kind == kind::erase;
  if ((op.kind == kind::update || op.kind == kind::erase)
      && op.keys.size() != 1)
    return fail(errc::invalid, type.name + ": expected one key, got "
                                   + std::to_string(op.keys.size()));
  for (auto& k : op.keys)
    if (k.type() != op.type || (wants_row_key && !k.is_row())
        || k.index() > type.indexes.size())
      return fail(errc::invalid,
                  type.name
                      + ": a key of the operation is of another entity "
                        "type or index");
  if (op.lock_first
      && (op.lock_first->type() >= types_.size() || !op.lock_first->is_row()))
    return fail(errc::invalid,
                type.name + ": lock_first expects the primary key of a row");
  if (op.set.empty()
      && (op.kind == kind::update || op.kind == kind::upsert
          || op.kind == kind::update_where))
    return fail(errc::invalid, type.name + ": nothing to set");
  return {};
}

result<assignments> db_transaction::typed(const entity_type& type,
                                          const assignments& set) const {
  assignments all;
  for (auto& [column, content] : set) {
    if (column >= type.columns.size())
      return fail(errc::invalid,
                  type.name + ": no column " + std::to_string(column));
    auto coerced = coerce(content, type.columns[column].type);
    if (!coerced)
      return fail(errc::invalid, type.name + "." + type.columns[column].name
                                     + ": " + coerced.error().what);
    all.emplace_back(column, std::move(*coerced));
  }
  return all;
}

result<operation_result> db_transaction::run_checked(const entity_type& type,
                                                     const operation& op,
                                                     const assignments& set) {
  switch (op.kind) {
  case kind::read_keys:
  case kind::read_index:
  case kind::read_where:
    return read(type, op);
  case kind::insert: {
    auto after = insert_row(type, set);
    if (!after)
      return fail(after.error());
    return operation_result{{std::move(*after)}, 1, 1, true};
  }
  case kind::update:
    return update(type, op.keys.front(), set);
  case kind::upsert:
    return upsert(type, set);
  case kind::erase: {
    auto before = read_one(type, op.keys.front(), true);
    if (!before)
      return fail(before.error());
    if (!*before)
      return operation_result{};
    if (auto erased = erase_row(type, *before); !erased)
      return fail(erased.error());
    return operation_result{{}, 1, 1, false};
  }
  case kind::update_where:
  case kind::erase_where:
    return write_where(type, op, set);
  case kind::find_or_create:
    return find_or_create(type, op, set);
  }
  return fail(errc::invalid, type.name + ": unknown kind of operation");
}

result<operation_result> db_transaction::read(const entity_type& type,
                                              const operation& op) {
  if (op.kind != kind::read_where && op.keys.empty())
    return operation_result{};
  auto found = ask_database(count_, [&]() -> rows_result {
    if (op.kind == kind::read_keys)
      return session_.read_keys(type, op.keys, op.for_update);
    if (op.kind == kind::read_index)
      return session_.read_index(type, op.keys.front().index(), op.keys,
                                 op.for_update);
    return session_.read_where(type, op.where, op.for_update);
  });
  if (!found)
    return fail(found.error());
  operation_result done;
  done.matched = found->size();
  done.rows = std::move(*found);
  return done;
}

result<operation_result> db_transaction::update(const entity_type& type,
                                                const key& id,
                                                const assignments& set) {
  auto before = read_one(type, id, true);
  if (!before)
    return fail(before.error());
  if (!*before)
    return fail(errc::not_found, type.name + ": no row to update");
  auto after = update_row(type, *before, set);
  if (!after)
    return fail(after.error());
  auto changed = uint64_t{*after == *before ? 0u : 1u};
  return operation_result{{std::move(*after)}, 1, changed, false};
}

result<operation_result> db_transaction::upsert(const entity_type& type,
                                                const assignments& set) {
  auto id = key_after(type, row{}, set);
  if (!id)
    return fail(id.error());
  auto before = read_one(type, *id, true);
  if (!before)
    return fail(before.error());
  if (!*before) {
    auto after = insert_row(type, set);
    if (!after)
      return fail(after.error());
    return operation_result{{std::move(*after)}, 0, 1, true};
  }
  // The row keeps its own key bytes, which may differ under a collation.
  assignments rest;
  for (auto& a : set)
    if (!is_primary(type, a.first))
      rest.push_back(a);
  if (rest.empty())
    return operation_result{{std::move(*before)}, 1, 0, false};
  auto after = update_row(type, *before, rest);
  if (!after)
    return fail(after.error());
  auto changed = uint64_t{*after == *before ? 0u : 1u};
  return operation_result{{std::move(*after)}, 1, changed, false};
}

result<operation_result> db_transaction::write_where(const entity_type& type,
                                                     const operation& op,
                                                     const assignments& set) {
  auto found = ask_database(count_, [&]() -> rows_result {
    return session_.read_where(type, op.where, true);
  });
  if (!found)
    return fail(found.error());
  operation_result done;
  done.matched = found->size();
  for (auto& before : *found) {
    if (op.kind == kind::erase_where) {
      if (auto erased = erase_row(type, before); !erased)
        return fail(erased.error());
      ++done.changed;
      continue;
    }
    auto after = update_row(type, before, set);
    if (!after)
      return fail(after.error());
    if (*after != before)
      ++done.changed;
    done.rows.push_back(std::move(*after));
  }
  return done;
}

result<operation_result>
db_transaction::find_or_create(const entity_type& type, const operation& op,
                               const assignments& set) {
  if (op.lock_first) {
    auto& parent = types_[op.lock_first->type()];
    auto locked = read_one(parent, *op.lock_first, true);
    if (!locked)
      return fail(locked.error());
    if (!*locked)
      return fail(errc::foreign_key, type.name + ": the row of " + parent.name
                                         + " to lock first does not exist");
  }
  auto where = op.where;
  where.limit = 1;
  auto find = [&](bool for_update) {
    return ask_database(count_, [&]() -> rows_result {
      return session_.read_where(type, where, for_update);
    });
  };
  auto found = find(true);
  if (!found)
    return fail(found.error());
  if (!found->empty()) {
    // The caller's cache did not know the row: it is told as after a write.
    changes_.add(type.id, found->front(), found->front());
    return operation_result{std::move(*found), 1, 0, false};
  }
  auto after = insert_row(type, set);
  if (after)
    return operation_result{{std::move(*after)}, 0, 1, true};
  auto same_snapshot
      = planted_.has(planted_bug::duplicate_read_in_same_snapshot);
  if (after.error().code != errc::duplicate || !(interactive_ || same_snapshot))
    return fail(after.error());
  // A locking read sees what others have committed since; a plain one need not.
  found = find(!same_snapshot);
  if (!found)
    return fail(found.error());
  if (found->empty() && !same_snapshot)
    return fail(after.error());
  if (!found->empty() && !same_snapshot)
    changes_.add(type.id, found->front(), found->front());
  auto matched = uint64_t{found->size()};
  return operation_result{std::move(*found), matched, 0, false};
}

result<row> db_transaction::read_one(const entity_type& type, const key& id,
                                     bool for_update) {
  auto found = ask_database(count_, [&]() -> rows_result {
    return session_.read_keys(type, std::span{&id, 1}, for_update);
  });
  if (!found)
    return fail(found.error());
  return found->empty() ? row{} : std::move(found->front());
}

result<row> db_transaction::insert_row(const entity_type& type,
                                       const assignments& set) {
  auto id = ask_database(
      count_, [&]() -> result<key> { return session_.insert(type, set); });
  if (!id)
    return fail(id.error());
  auto after = read_back(type, *id, row{}, set);
  if (after)
    changes_.add(type.id, row{}, *after);
  return after;
}

result<row> db_transaction::update_row(const entity_type& type,
                                       const row& before,
                                       const assignments& set) {
  auto id = key_after(type, before, set);
  if (!id)
    return fail(id.error());
  auto matched = ask_database(count_, [&]() -> result<uint64_t> {
    return session_.update(type, type.key_of(before), set);
  });
  if (!matched)
    return fail(matched.error());
  auto after = read_back(type, *id, before, set);
  if (after)
    changes_.add(type.id, before, *after);
  return after;
}

result<void> db_transaction::erase_row(const entity_type& type,
                                       const row& before) {
  auto erased = ask_database(count_, [&]() -> result<uint64_t> {
    return session_.erase(type, type.key_of(before));
  });
  if (!erased)
    return fail(erased.error());
  changes_.add(type.id, before, row{});
  return {};
}

result<row> db_transaction::read_back(const entity_type& type, const key& id,
                                      const row& before,
                                      const assignments& set) {
  if (planted_.has(planted_bug::install_without_read_back))
    return assume(type, id, before, set);
  auto after = read_one(type, id, false);
  if (after && *after)
    return after;
  broken_ = true; // written, but what was written is not known
  if (!after)
    return fail(after.error());
  return fail(errc::internal,
              type.name + ": the row just written cannot be read back");
}

} // namespace toadcache
