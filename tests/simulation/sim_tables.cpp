// The writing half of the simulated server: rows, constraints, cascades.
#include "tests/simulation/sim_server.hpp"

#include <algorithm>

namespace toadcache::simulation {

namespace {

std::vector<value> values_of(const row& r) {
  std::vector<value> all;
  for (size_t i = 0; i < r.column_count(); ++i)
    all.emplace_back(r.at(i));
  return all;
}

// An SQL literal as a value: a number, or quoted text.
value literal(const std::string& sql) {
  if (sql.size() >= 2 && sql.front() == '\'')
    return value{sql.substr(1, sql.size() - 2)};
  if (sql == "NULL")
    return {};
  return value{static_cast<int64_t>(std::stoll(sql))};
}

value collated_value(const column& c, value v) {
  if (auto text = std::get_if<std::string>(&v.data());
      text && c.type == column_type::text && !c.compares_bytes())
    *text = collated(*text);
  return v;
}

bool has_null(const row& r, const std::vector<size_t>& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](size_t i) { return r.is_null(i); });
}

} // namespace

std::string collated(std::string_view text) {
  static const std::pair<std::string_view, char> letters[] = {
      {"à", 'a'}, {"À", 'a'}, {"é", 'e'}, {"É", 'e'}, {"ö", 'o'}, {"Ö", 'o'}};
  std::string out;
  while (!text.empty()) {
    auto known
        = std::find_if(std::begin(letters), std::end(letters),
                       [&](auto& l) { return text.starts_with(l.first); });
    if (known != std::end(letters)) {
      out += known->second;
      text.remove_prefix(known->first.size());
      continue;
    }
    auto c = text.front();
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    text.remove_prefix(1);
  }
  while (!out.empty() && out.back() == ' ')
    out.pop_back();
  return out;
}

std::string sim_server::compare_bytes(const entity_type& type,
                                      const std::vector<size_t>& columns,
                                      const row& r) const {
  std::vector<value> tuple;
  for (auto i : columns)
    tuple.push_back(collated_value(type.columns[i], value{r.at(i)}));
  return std::string{encode_key(std::span<const value>{tuple}).view()};
}

sim_server::row_id sim_server::id_of(const entity_type& type,
                                     const row& r) const {
  return {type.id, compare_bytes(type, type.primary_key, r)};
}

key sim_server::canonical(const key& k) const {
  auto& type = (*types_)[k.type()];
  auto& columns = type.index_columns(k.index());
  auto tuple = decode_key(k.bytes());
  if (!tuple || tuple->size() != columns.size())
    return k;
  for (size_t i = 0; i < columns.size(); ++i)
    (*tuple)[i] = collated_value(type.columns[columns[i]], (*tuple)[i]);
  return {k.type(), k.index(), encode_key(std::span<const value>{*tuple})};
}

// -- statements ---------------------------------------------------------------

// Runs a writing statement whole or not at all, in the open transaction or in
// one of its own.
template <class F>
auto sim_server::write(uint64_t id, F statement) -> decltype(statement()) {
  auto entered = enter(id, true);
  if (!entered)
    return fail(entered.error());
  auto& c = **entered;
  auto automatic = !c.open;
  if (automatic)
    c.open.emplace();
  auto before = *c.open;
  auto done = statement();
  if (!c.open) // a deadlock took the transaction away
    return done;
  if (!done)
    *c.open = std::move(before);
  if (!automatic)
    return done;
  if (done) {
    log(id);
    make_visible(id);
  } else {
    c.open.reset();
    release_locks(id);
  }
  return done;
}

result<key> sim_server::insert(uint64_t id, const entity_type& type,
                               const assignments& set) {
  return write(id, [&]() -> result<key> {
    std::vector<value> values(type.columns.size());
    for (size_t i = 0; i < values.size(); ++i)
      if (type.columns[i].sql_default)
        values[i] = literal(*type.columns[i].sql_default);
    for (auto& [column, v] : set)
      values[column] = v;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!type.columns[i].auto_increment)
        continue;
      auto& next = next_generated_[{type.id, i}];
      if (values[i].is_null())
        values[i] = value{++next};
      else
        next = std::max(next, std::get<int64_t>(values[i].data()));
    }
    auto stored = store(id, type, {}, std::move(values), false);
    if (!stored)
      return fail(stored.error());
    return type.key_of(*stored);
  });
}

result<uint64_t> sim_server::update(uint64_t id, const entity_type& type,
                                    const key& which, const assignments& set) {
  return write(id, [&]() -> result<uint64_t> {
    row_id target{type.id, std::string{canonical(which).bytes()}};
    if (auto locked = lock(id, target, true); !locked)
      return fail(locked.error());
    auto found = latest(*connections_[id].open, target);
    if (found == nullptr)
      return uint64_t{0};
    auto before = *found;
    auto values = values_of(before);
    for (auto& [column, v] : set)
      values[column] = v;
    auto stored = store(id, type, before, std::move(values), false);
    if (!stored)
      return fail(stored.error());
    return uint64_t{1};
  });
}

result<uint64_t> sim_server::erase(uint64_t id, const entity_type& type,
                                   const key& which) {
  return write(id, [&]() -> result<uint64_t> {
    row_id target{type.id, std::string{canonical(which).bytes()}};
    if (auto locked = lock(id, target, true); !locked)
      return fail(locked.error());
    auto found = latest(*connections_[id].open, target);
    if (found == nullptr)
      return uint64_t{0};
    auto before = *found;
    if (auto gone = drop(id, type, before, false); !gone)
      return fail(gone.error());
    return uint64_t{1};
  });
}

// -- one row ------------------------------------------------------------------

void sim_server::record(transaction& t, entity_id type, const row& before,
                        const row& after, bool cascaded) {
  t.changes.push_back({type, before, after, cascaded});
}

result<row> sim_server::store(uint64_t id, const entity_type& type,
                              const row& before, std::vector<value> values,
                              bool cascaded) {
  // A trigger of the simulated schema: what is stored is not what was sent.
  if (auto revision = type.find_column("revision"); revision && !cascaded)
    values[*revision]
        = value{before ? before.int_at(*revision) + 1 : int64_t{1}};
  for (size_t i = 0; i < values.size(); ++i) {
    auto& c = type.columns[i];
    if (values[i].is_null() && !c.nullable)
      return fail(errc::invalid, type.name + "." + c.name + " may not be NULL");
    auto typed = coerce(values[i], c.type);
    if (!typed)
      return fail(typed.error());
    values[i] = std::move(*typed);
  }
  auto after = row::encode(type.types, values);
  if (!after)
    return fail(after.error());
  auto new_id = id_of(type, *after);
  if (auto locked = lock(id, new_id, true); !locked)
    return fail(locked.error());
  if (auto unique = check_unique(id, type, before, *after); !unique)
    return fail(unique.error());
  if (auto parents = check_parents(id, type, *after); !parents)
    return fail(parents.error());
  auto& t = *connections_[id].open;
  if (before)
    t.writes[id_of(type, before)] = row{};
  t.writes[new_id] = *after;
  record(t, type.id, before, *after, cascaded);
  if (before)
    if (auto children = follow_children(id, type, before, *after); !children)
      return fail(children.error());
  return *after;
}

result<void> sim_server::drop(uint64_t id, const entity_type& type,
                              const row& before, bool cascaded) {
  if (auto children = follow_children(id, type, before, {}); !children)
    return children;
  auto& t = *connections_[id].open;
  t.writes[id_of(type, before)] = row{};
  record(t, type.id, before, {}, cascaded);
  return {};
}

result<void> sim_server::check_unique(uint64_t id, const entity_type& type,
                                      const row& before, const row& after) {
  auto& t = *connections_[id].open;
  auto self = before ? std::optional{id_of(type, before)} : std::nullopt;
  auto new_id = id_of(type, after);
  if ((!self || *self != new_id) && latest(t, new_id) != nullptr)
    return fail(errc::duplicate, "simulated duplicate key in " + type.table);
  for (auto& index : type.indexes) {
    if (index.kind != index::kind_type::unique
        || has_null(after, index.columns))
      continue;
    auto tuple = compare_bytes(type, index.columns, after);
    for (auto& other : latest_rows(t, type.id))
      if ((!self || id_of(type, other) != *self)
          && compare_bytes(type, index.columns, other) == tuple)
        return fail(errc::duplicate,
                    "simulated duplicate " + index.name + " in " + type.table);
    if (written_by_another(id, type, index.columns, tuple))
      return fail(conflict(id));
  }
  return {};
}

// An uncommitted row of another transaction with the same tuple blocks.
bool sim_server::written_by_another(uint64_t id, const entity_type& type,
                                    const std::vector<size_t>& columns,
                                    const std::string& tuple) const {
  for (auto& [other_id, other] : connections_) {
    if (other_id == id || !other.open)
      continue;
    for (auto& [what, content] : other.open->writes)
      if (what.first == type.id && content
          && compare_bytes(type, columns, content) == tuple)
        return true;
  }
  return false;
}

result<void> sim_server::check_parents(uint64_t id, const entity_type& type,
                                       const row& after) {
  for (auto& relation : type.relations) {
    if (has_null(after, relation.columns))
      continue;
    auto& parent = (*types_)[relation.parent];
    auto wanted = compare_bytes(type, relation.columns, after);
    auto candidates = latest_rows(*connections_[id].open, parent.id);
    auto found
        = std::find_if(candidates.begin(), candidates.end(), [&](const row& r) {
            return compare_bytes(parent, relation.parent_columns, r) == wanted;
          });
    if (found == candidates.end()
        && written_by_another(id, parent, relation.parent_columns, wanted))
      return fail(conflict(id));
    if (found == candidates.end())
      return fail(errc::foreign_key, "simulated foreign key of " + type.table
                                         + ": no such " + parent.table);
    if (auto locked = lock(id, id_of(parent, *found), false); !locked)
      return locked;
  }
  return {};
}

// What the children's foreign keys do when a parent changes or goes.
result<void> sim_server::follow_children(uint64_t id, const entity_type& type,
                                         const row& before, const row& after) {
  for (auto& [child_id, position] : types_->children(type.id)) {
    auto& child = (*types_)[child_id];
    auto& relation = child.relations[position];
    auto old_tuple = compare_bytes(type, relation.parent_columns, before);
    if (after
        && compare_bytes(type, relation.parent_columns, after) == old_tuple)
      continue;
    for (auto& r : latest_rows(*connections_[id].open, child.id)) {
      if (has_null(r, relation.columns)
          || compare_bytes(child, relation.columns, r) != old_tuple)
        continue;
      if (auto locked = lock(id, id_of(child, r), true); !locked)
        return locked;
      auto action = after ? relation.on_update : relation.on_delete;
      if (action == reference_action::restrict
          || action == reference_action::no_action)
        return fail(errc::foreign_key,
                    "simulated foreign key: " + child.table + " still refers");
      if (!after && action == reference_action::cascade) {
        if (auto gone = drop(id, child, r, true); !gone)
          return gone;
        continue;
      }
      auto values = values_of(r);
      for (size_t i = 0; i < relation.columns.size(); ++i)
        values[relation.columns[i]]
            = action == reference_action::set_null
                  ? value{}
                  : value{after.at(relation.parent_columns[i])};
      auto stored = store(id, child, r, std::move(values), true);
      if (!stored)
        return fail(stored.error());
    }
  }
  return {};
}

} // namespace toadcache::simulation
