#include "client/operations.hpp"

#include <algorithm>
#include <array>
#include <ctime>

namespace toadcache {

namespace {

result<size_t> position_of(const entity_type& type, std::string_view column) {
  auto i = type.find_column(column);
  if (!i)
    return fail(errc::invalid,
                type.name + "." + std::string{column} + ": no such column");
  return *i;
}

result<value> coerced(const entity_type& type, size_t column, const value& v) {
  auto x = coerce(v, type.types[column]);
  if (!x)
    return fail(errc::invalid, type.name + "." + type.columns[column].name
                                   + ": " + x.error().what);
  return x;
}

std::string utc_text(wall_time at) {
  auto t = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
#ifdef _WIN32
  gmtime_s(&parts, &t);
#else
  gmtime_r(&t, &parts);
#endif
  std::array<char, 32> text{};
  auto n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {text.data(), n};
}

operation make(const entity_type& type, operation::kind_type kind) {
  operation op;
  op.kind = kind;
  op.type = type.id;
  return op;
}

// `where` as equalities.
result<filter> equalities(const entity_type& type, const fields& where) {
  query q;
  for (auto& [column, v] : where)
    q.all_of.push_back(equals(column, v));
  return to_filter(type, q);
}

} // namespace

result<index_id> find_list(const entity_type& type, std::string_view name) {
  if (auto i = type.find_index(name))
    return *i;
  for (auto& r : type.relations)
    if (r.name == name)
      return r.list_index;
  const auto lists
      = std::ranges::count(type.relations, name, &relation::list_name);
  if (lists == 1)
    return std::ranges::find(type.relations, name, &relation::list_name)
        ->list_index;
  if (lists > 1)
    return fail(errc::invalid, type.name + ": several relations are called '"
                                   + std::string{name}
                                   + "'; name the parent instead");
  return fail(errc::invalid, type.name + ": there is no index or relation '"
                                 + std::string{name} + "'");
}

result<key> list_key(const entity_type& type, std::string_view name,
                     const values& v) {
  return find_list(type, name).and_then([&](index_id i) {
    return type.make_key(i, v.all());
  });
}

result<assignments> to_assignments(const entity_type& type, const fields& set) {
  assignments out;
  for (auto& [column, v] : set) {
    auto i = position_of(type, column);
    if (!i)
      return fail(std::move(i.error()));
    if (std::ranges::any_of(out, [&](auto& a) { return a.first == *i; }))
      return fail(errc::invalid, type.name + "." + column + ": named twice");
    if (v.is_null() && !type.columns[*i].nullable)
      return fail(errc::invalid, type.name + "." + column + ": expected "
                                     + std::string{to_string(type.types[*i])}
                                     + ", got NULL");
    auto x = coerced(type, *i, v);
    if (!x)
      return fail(std::move(x.error()));
    out.emplace_back(*i, std::move(*x));
  }
  return out;
}

result<filter> to_filter(const entity_type& type, const query& q) {
  filter out;
  out.limit = q.limit;
  for (auto& c : q.all_of) {
    auto i = position_of(type, c.column);
    if (!i)
      return fail(std::move(i.error()));
    const bool tests_null
        = c.op == compare::is_null || c.op == compare::is_not_null;
    if (tests_null != c.operands.empty()
        || (c.op != compare::in && c.operands.size() > 1))
      return fail(errc::invalid, type.name + "." + c.column
                                     + ": wrong number of operands ("
                                     + std::to_string(c.operands.size()) + ")");
    comparison made{*i, c.op, {}};
    for (auto& v : c.operands) {
      auto x = coerced(type, *i, v);
      if (!x)
        return fail(std::move(x.error()));
      made.operands.push_back(std::move(*x));
    }
    out.all_of.push_back(std::move(made));
  }
  for (auto& [column, descending] : q.order_by) {
    auto i = position_of(type, column);
    if (!i)
      return fail(std::move(i.error()));
    out.order_by.emplace_back(*i, descending);
  }
  return out;
}

void stamp(const entity_type& type, assignments& set, wall_time now,
           bool create) {
  auto fill = [&](std::string_view column) {
    auto i = type.find_column(column);
    if (i && type.types[*i] == column_type::datetime
        && std::ranges::none_of(set, [&](auto& a) { return a.first == *i; }))
      set.emplace_back(*i, value{utc_text(now)});
  };
  if (create)
    fill("created");
  fill("updated");
}

result<operation> make_insert(const entity_type& type, const fields& set,
                              wall_time now) {
  auto a = to_assignments(type, set);
  if (!a)
    return fail(std::move(a.error()));
  auto op = make(type, operation::kind_type::insert);
  op.set = std::move(*a);
  stamp(type, op.set, now, true);
  return op;
}

result<operation> make_update(const entity_type& type, const values& id,
                              const fields& set, wall_time now) {
  auto k = type.make_key(primary_index, id.all());
  if (!k)
    return fail(std::move(k.error()));
  auto a = to_assignments(type, set);
  if (!a)
    return fail(std::move(a.error()));
  auto op = make(type, operation::kind_type::update);
  op.keys = {std::move(*k)};
  op.set = std::move(*a);
  stamp(type, op.set, now, false);
  return op;
}

result<operation> make_update_where(const entity_type& type, const query& q,
                                    const fields& set, wall_time now) {
  auto f = to_filter(type, q);
  if (!f)
    return fail(std::move(f.error()));
  auto a = to_assignments(type, set);
  if (!a)
    return fail(std::move(a.error()));
  auto op = make(type, operation::kind_type::update_where);
  op.where = std::move(*f);
  op.set = std::move(*a);
  stamp(type, op.set, now, false);
  return op;
}

result<operation> make_erase(const entity_type& type, const values& id) {
  auto k = type.make_key(primary_index, id.all());
  if (!k)
    return fail(std::move(k.error()));
  auto op = make(type, operation::kind_type::erase);
  op.keys = {std::move(*k)};
  return op;
}

result<operation> make_erase_where(const entity_type& type, const query& q) {
  auto f = to_filter(type, q);
  if (!f)
    return fail(std::move(f.error()));
  auto op = make(type, operation::kind_type::erase_where);
  op.where = std::move(*f);
  return op;
}

result<operation> make_find_or_create(const entity_type& type,
                                      const fields& where,
                                      const fields& defaults, wall_time now) {
  auto f = equalities(type, where);
  if (!f)
    return fail(std::move(f.error()));
  auto all = where;
  for (auto& d : defaults) // what `where` says counts
    if (std::ranges::none_of(where,
                             [&](auto& w) { return w.first == d.first; }))
      all.push_back(d);
  auto a = to_assignments(type, all);
  if (!a)
    return fail(std::move(a.error()));
  auto op = make(type, operation::kind_type::find_or_create);
  op.where = std::move(*f);
  op.set = std::move(*a);
  if (auto k = primary_key_in(type, where))
    op.keys = {std::move(*k)};
  stamp(type, op.set, now, true);
  return op;
}

result<std::vector<operation>> make_upsert(const entity_type& type,
                                           const fields& set, wall_time now) {
  fields where;
  fields rest;
  for (auto& f : set) {
    auto i = position_of(type, f.first);
    if (!i)
      return fail(std::move(i.error()));
    const bool in_key = std::ranges::count(type.primary_key, *i) > 0;
    (in_key ? where : rest).push_back(f);
  }
  auto id = primary_key_in(type, where);
  if (!id)
    return fail(errc::invalid,
                type.name + ": an upsert names the whole primary key");
  auto find = make_find_or_create(type, where, rest, now);
  if (!find)
    return fail(std::move(find.error()));
  auto a = to_assignments(type, rest);
  if (!a)
    return fail(std::move(a.error()));
  auto write = make(type, operation::kind_type::update);
  write.keys = {std::move(*id)};
  write.set = std::move(*a);
  stamp(type, write.set, now, false);
  if (write.set.empty()) // nothing but the key: there is nothing to update
    return std::vector{std::move(*find)};
  return std::vector{std::move(*find), std::move(write)};
}

std::optional<key> primary_key_in(const entity_type& type,
                                  const fields& where) {
  if (where.size() != type.primary_key.size())
    return std::nullopt;
  std::vector<value> id;
  for (auto i : type.primary_key) {
    auto f = std::ranges::find(where, type.columns[i].name,
                               &fields::value_type::first);
    if (f == where.end())
      return std::nullopt;
    id.push_back(f->second);
  }
  auto k = type.make_key(primary_index, id);
  if (!k)
    return std::nullopt;
  return std::move(*k);
}

} // namespace toadcache
