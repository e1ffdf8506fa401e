#include "storage/sql_text.hpp"

#include <algorithm>
#include <array>

#include "storage/sql_values.hpp"

namespace toadcache {

namespace {

using columns_t = std::vector<size_t>;

/// The statement under construction.
struct builder {
  const sql_dialect& d;
  const entity_type& type;
  sql_statement out;

  std::string name(size_t column) const {
    return d.quote(type.columns[column].name);
  }

  void add_names(const columns_t& columns) {
    for (size_t i = 0; i < columns.size(); ++i)
      out.text += (i == 0 ? "" : ",") + name(columns[i]);
  }

  void add_select() {
    out.text = "SELECT ";
    for (size_t i = 0; i < type.columns.size(); ++i)
      out.text += (i == 0 ? "" : ",") + d.selected(type.columns[i]);
    out.text += " FROM " + d.quote(type.table);
  }

  void add_order() {
    out.text += " ORDER BY ";
    add_names(type.primary_key);
  }

  void add_parameter(size_t column, value v) {
    out.parameters.push_back({type.columns[column].type, std::move(v)});
  }

  result<std::vector<value>> values_of(const key& k, index_id index,
                                       const columns_t& columns) const {
    if (k.type() != type.id || k.index() != index)
      return fail(errc::invalid,
                  "entity " + type.name + ": expected a key of its index "
                      + std::to_string(index) + ", got one of type "
                      + std::to_string(k.type()) + ", index "
                      + std::to_string(k.index()));
    auto values = decode_key(k.bytes());
    if (values && values->size() != columns.size())
      return fail(errc::invalid, "entity " + type.name + ": expected a key of "
                                     + std::to_string(columns.size())
                                     + " values, got "
                                     + std::to_string(values->size()));
    return values;
  }

  /// "a = ? AND b = ?" with the key's values.
  result<void> add_key(const key& k, index_id index) {
    auto& columns = type.index_columns(index);
    auto values = values_of(k, index, columns);
    if (!values)
      return fail(values.error());
    for (size_t i = 0; i < columns.size(); ++i) {
      out.text += (i == 0 ? "" : " AND ") + name(columns[i]) + "="
                  + d.placeholder(type.columns[columns[i]], false);
      add_parameter(columns[i], std::move((*values)[i]));
    }
    return {};
  }

  /// " WHERE <columns> IN (<keys>)", padded.
  result<void> add_keys(std::span<const key> keys, index_id index) {
    if (keys.size() > max_statement_keys_count)
      return fail(errc::invalid, "entity " + type.name + ": expected at most "
                                     + std::to_string(max_statement_keys_count)
                                     + " keys in a statement, got "
                                     + std::to_string(keys.size()));
    out.text += " WHERE ";
    if (keys.size() == 1)
      return add_key(keys[0], index);
    auto& columns = type.index_columns(index);
    auto composite = columns.size() > 1;
    out.text += composite ? "(" : "";
    add_names(columns);
    out.text += composite ? ") IN (" : " IN (";
    out.text += composite ? d.tuples_prefix() : "";
    std::string tuple = composite ? "(" : "";
    for (size_t i = 0; i < columns.size(); ++i)
      tuple += (i == 0 ? "" : ",")
               + d.placeholder(type.columns[columns[i]], false);
    tuple += composite ? ")" : "";
    auto count = padded_count(keys.size());
    for (size_t i = 0; i < count; ++i) {
      out.text += (i == 0 ? "" : ",") + tuple;
      auto values
          = values_of(keys[std::min(i, keys.size() - 1)], index, columns);
      if (!values)
        return fail(values.error());
      for (size_t j = 0; j < columns.size(); ++j)
        add_parameter(columns[j], std::move((*values)[j]));
    }
    out.text += ")";
    return {};
  }

  /// A value to be stored.
  result<value> assigned(size_t column, const value& v) const {
    if (auto ok = check_column(column); !ok)
      return fail(ok.error());
    auto checked = checked_value(type, column, v);
    if (!checked || is_fixed(type.types[column])
        || type.types[column] == column_type::binary)
      return checked;
    auto* text = std::get_if<std::string>(&checked->data());
    if (text != nullptr && !is_utf8(*text))
      return fail(errc::invalid,
                  place_of(type, column) + ": expected UTF-8 text");
    return checked;
  }

  result<void> check_column(size_t column) const {
    if (column < type.columns.size())
      return {};
    return fail(errc::invalid, "entity " + type.name
                                   + ": expected a column "
                                     "position below "
                                   + std::to_string(type.columns.size())
                                   + ", got " + std::to_string(column));
  }

  result<void> add_comparison(const comparison& c);
  result<void> add_operand(const comparison& c, const value& operand,
                           bool by_order);
};

struct operator_text {
  std::string_view text;
  bool by_order;
};

operator_text text_of(compare op) {
  switch (op) {
  case compare::eq:
    return {"=", false};
  case compare::ne:
    return {"<>", false};
  case compare::lt:
    return {"<", true};
  case compare::le:
    return {"<=", true};
  case compare::gt:
    return {">", true};
  case compare::ge:
    return {">=", true};
  case compare::like:
    return {" LIKE ", false};
  default:
    return {" IN ", false};
  }
}

result<void> builder::add_operand(const comparison& c, const value& operand,
                                  bool by_order) {
  auto& column = type.columns[c.column];
  auto as = c.op == compare::like ? column_type::text : column.type;
  auto typed = coerce(operand, as);
  if (!typed)
    return fail(errc::invalid,
                place_of(type, c.column) + ": " + typed.error().what);
  out.text += c.op == compare::like ? "?" : d.placeholder(column, by_order);
  out.parameters.push_back({as, std::move(*typed)});
  return {};
}

result<void> builder::add_comparison(const comparison& c) {
  if (auto ok = check_column(c.column); !ok)
    return ok;
  auto count = c.operands.size();
  if (c.op == compare::is_null || c.op == compare::is_not_null) {
    out.text += name(c.column)
                + (c.op == compare::is_null ? " IS NULL" : " IS NOT NULL");
    return {};
  }
  if (c.op == compare::in) {
    if (count == 0) {
      out.text += "1=0"; // nothing is in an empty set
      return {};
    }
    out.text += name(c.column) + " IN (";
    for (size_t i = 0; i < count; ++i) {
      out.text += i == 0 ? "" : ",";
      if (auto ok = add_operand(c, c.operands[i], false); !ok)
        return ok;
    }
    out.text += ")";
    return {};
  }
  if (count != 1)
    return fail(errc::invalid, place_of(type, c.column)
                                   + ": expected one operand to compare with, "
                                     "got "
                                   + std::to_string(count));
  auto null = c.operands[0].is_null();
  if (null && (c.op == compare::eq || c.op == compare::ne)) {
    out.text
        += name(c.column) + (c.op == compare::eq ? " IS NULL" : " IS NOT NULL");
    return {};
  }
  if (null)
    return fail(errc::invalid, place_of(type, c.column)
                                   + ": expected a value to compare with, got "
                                     "NULL");
  auto op = text_of(c.op);
  out.text += op.by_order ? d.ordered(type.columns[c.column]) : name(c.column);
  out.text += op.text;
  if (auto ok = add_operand(c, c.operands[0], op.by_order); !ok)
    return ok;
  if (c.op == compare::like)
    out.text += d.like_suffix();
  return {};
}

} // namespace

size_t padded_count(size_t count) noexcept {
  for (size_t size : {1, 8, 32, 128, 512})
    if (count <= size)
      return size;
  return (count + 511) / 512 * 512;
}

result<sql_statement> select_keys(const sql_dialect& d, const entity_type& type,
                                  std::span<const key> keys, bool for_update) {
  builder b{d, type, {}};
  b.add_select();
  b.out.text += d.primary_hint();
  if (auto ok = b.add_keys(keys, primary_index); !ok)
    return fail(ok.error());
  if (for_update)
    b.out.text += d.lock_suffix();
  return std::move(b.out);
}

result<sql_statement> select_index(const sql_dialect& d,
                                   const entity_type& type, index_id index,
                                   std::span<const key> tuples,
                                   bool for_update) {
  if (index > type.indexes.size())
    return fail(errc::invalid, "entity " + type.name
                                   + ": expected an index up "
                                     "to "
                                   + std::to_string(type.indexes.size())
                                   + ", got " + std::to_string(index));
  builder b{d, type, {}};
  b.add_select();
  if (auto ok = b.add_keys(tuples, index); !ok)
    return fail(ok.error());
  b.add_order();
  if (for_update)
    b.out.text += d.lock_suffix();
  return std::move(b.out);
}

result<sql_statement> select_where(const sql_dialect& d,
                                   const entity_type& type, const filter& where,
                                   bool for_update) {
  builder b{d, type, {}};
  b.add_select();
  for (size_t i = 0; i < where.all_of.size(); ++i) {
    b.out.text += i == 0 ? " WHERE " : " AND ";
    if (auto ok = b.add_comparison(where.all_of[i]); !ok)
      return fail(ok.error());
  }
  b.out.text += " ORDER BY ";
  for (auto& [column, descending] : where.order_by) {
    if (auto ok = b.check_column(column); !ok)
      return fail(ok.error());
    b.out.text += d.ordered(type.columns[column]);
    b.out.text += descending ? " DESC," : ",";
  }
  b.add_names(type.primary_key);
  if (where.limit != 0) {
    b.out.text += " LIMIT ?";
    auto limit = std::min<uint64_t>(where.limit, INT64_MAX);
    b.out.parameters.push_back({column_type::int64, int64_t(limit)});
  }
  if (for_update)
    b.out.text += d.lock_suffix();
  return std::move(b.out);
}

result<sql_statement> insert_row(const sql_dialect& d, const entity_type& type,
                                 const assignments& set) {
  builder b{d, type, {}};
  b.out.text = "INSERT INTO " + d.quote(type.table);
  if (set.empty()) {
    b.out.text += d.insert_defaults();
    return std::move(b.out);
  }
  std::string names;
  std::string places;
  for (auto& [column, v] : set) {
    auto checked = b.assigned(column, v);
    if (!checked)
      return fail(checked.error());
    names += (names.empty() ? "" : ",") + b.name(column);
    places += places.empty() ? "?" : ",?";
    b.add_parameter(column, std::move(*checked));
  }
  b.out.text += " (" + names + ") VALUES (" + places + ")";
  return std::move(b.out);
}

result<sql_statement> update_row(const sql_dialect& d, const entity_type& type,
                                 const key& id, const assignments& set) {
  builder b{d, type, {}};
  b.out.text = "UPDATE " + d.quote(type.table) + " SET ";
  for (size_t i = 0; i < set.size(); ++i) {
    auto& [column, v] = set[i];
    auto checked = b.assigned(column, v);
    if (!checked)
      return fail(checked.error());
    b.out.text += (i == 0 ? "" : ",") + b.name(column) + "=?";
    b.add_parameter(column, std::move(*checked));
  }
  if (set.empty()) {
    auto first = b.name(type.primary_key[0]);
    b.out.text += first + "=" + first;
  }
  b.out.text += " WHERE ";
  if (auto ok = b.add_key(id, primary_index); !ok)
    return fail(ok.error());
  return std::move(b.out);
}

result<sql_statement> delete_row(const sql_dialect& d, const entity_type& type,
                                 const key& id) {
  builder b{d, type, {}};
  b.out.text = "DELETE FROM " + d.quote(type.table) + " WHERE ";
  if (auto ok = b.add_key(id, primary_index); !ok)
    return fail(ok.error());
  return std::move(b.out);
}

bool needs_generated_id(const entity_type& type, const assignments& set) {
  return std::any_of(
      type.primary_key.begin(), type.primary_key.end(), [&](size_t column) {
        return type.columns[column].auto_increment
               && std::none_of(set.begin(), set.end(), [&](auto& assigned) {
                    return assigned.first == column;
                  });
      });
}

result<key> inserted_key(const entity_type& type, const assignments& set,
                         uint64_t generated) {
  std::vector<value> values;
  for (auto column : type.primary_key) {
    auto i = std::find_if(set.begin(), set.end(), [&](auto& assigned) {
      return assigned.first == column;
    });
    if (i != set.end())
      values.push_back(i->second);
    else if (type.columns[column].auto_increment)
      values.emplace_back(generated);
    else
      return fail(errc::invalid, place_of(type, column)
                                     + ": expected a value for the primary "
                                       "key, got none");
  }
  return type.make_key(primary_index, values);
}

} // namespace toadcache
