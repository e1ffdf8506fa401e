#include "storage/mysql_sql.hpp"

#include <algorithm>
#include <charconv>

#include "storage/sql_types.hpp"

namespace toadcache {

namespace {

class dialect final : public sql_dialect {
public:
  std::string quote(std::string_view name) const override {
    std::string out = "`";
    for (auto c : name)
      out.append(c == '`' ? 2 : 1, c);
    return out + "`";
  }
  std::string selected(const column& c) const override {
    auto name = quote(c.name);
    // The driver cannot bind MySQL's JSON, and reads BIT as bytes.
    if (c.type == column_type::json)
      return "CAST(" + name + " AS CHAR)";
    if (c.type == column_type::uint64
        && split_sql_type(c.sql_type).base == "bit")
      return "CAST(" + name + " AS UNSIGNED)";
    return mysql_reads_as_text(c) ? "CAST(" + name + " AS CHAR)" : name;
  }
  std::string ordered(const column& c) const override { return quote(c.name); }
  std::string placeholder(const column& c, bool) const override {
    // A text would make it a comparison of doubles.
    return c.type == column_type::decimal ? "CAST(? AS DECIMAL(65,30))" : "?";
  }
  std::string_view tuples_prefix() const override { return ""; }
  std::string_view like_suffix() const override { return ""; }
  std::string_view primary_hint() const override {
    // A scan of a small table would wait for, and lock, rows not asked for;
    // and with several indexes that hold the columns of a composite key,
    // planning 512 tuples takes MariaDB 0.6 s instead of milliseconds.
    return " FORCE INDEX (PRIMARY)";
  }
  std::string_view lock_suffix() const override { return " FOR UPDATE"; }
  std::string_view insert_defaults() const override { return " () VALUES ()"; }
};

std::string_view action_text(reference_action a) {
  switch (a) {
  case reference_action::restrict:
    return "RESTRICT";
  case reference_action::cascade:
    return "CASCADE";
  case reference_action::set_null:
    return "SET NULL";
  case reference_action::no_action:
    return "NO ACTION";
  }
  return "RESTRICT";
}

std::string names_of(const entity_type& type, const std::vector<size_t>& cols) {
  std::string out;
  for (auto column : cols)
    out += (out.empty() ? "" : ", ")
           + mysql_dialect().quote(type.columns[column].name);
  return out;
}

std::string column_text(const column& c) {
  auto type = declared_type(c);
  auto out = mysql_dialect().quote(c.name) + " " + type;
  if (c.type == column_type::text && !c.collation.empty())
    out += " COLLATE " + c.collation;
  out += c.nullable ? " NULL" : " NOT NULL";
  if (c.sql_default) {
    auto base = split_sql_type(type).base;
    auto expression = base.ends_with("text") || base.ends_with("blob");
    out += expression ? " DEFAULT (" + *c.sql_default + ")"
                      : " DEFAULT " + *c.sql_default;
  }
  return c.auto_increment ? out + " AUTO_INCREMENT" : out;
}

} // namespace

const sql_dialect& mysql_dialect() noexcept {
  static const dialect instance;
  return instance;
}

bool mysql_reads_as_text(const column& c) {
  constexpr size_t safe_digits_count = 60;
  if (c.type == column_type::decimal) {
    auto digits = split_sql_type(declared_type(c)).arguments;
    size_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count > safe_digits_count;
  }
  auto timed = c.type == column_type::time || c.type == column_type::datetime
               || c.type == column_type::timestamp;
  return timed && c.sql_type.find('(') != std::string::npos;
}

std::string mysql_literal(std::string_view text) {
  std::string out = "'";
  for (auto c : text)
    out.append(c == '\'' || c == '\\' ? 2 : 1, c);
  return out + "'";
}

std::string mysql_create(const catalog& c, const entity_type& type) {
  auto& d = mysql_dialect();
  auto sql = "CREATE TABLE IF NOT EXISTS " + d.quote(type.table) + " (";
  for (auto& column : type.columns)
    sql += column_text(column) + ", ";
  sql += "PRIMARY KEY (" + names_of(type, type.primary_key) + ")";
  for (auto& i : type.indexes) {
    if (i.kind == index::kind_type::relation)
      continue; // InnoDB gives foreign keys their index
    sql += i.kind == index::kind_type::unique ? ", UNIQUE KEY " : ", KEY ";
    sql += d.quote(i.name) + " (" + names_of(type, i.columns) + ")";
  }
  for (auto& r : type.relations) {
    auto& parent = c[r.parent];
    sql += ", FOREIGN KEY (" + names_of(type, r.columns) + ") REFERENCES "
           + d.quote(parent.table) + " (" + names_of(parent, r.parent_columns)
           + ") ON UPDATE " + std::string{action_text(r.on_update)}
           + " ON DELETE " + std::string{action_text(r.on_delete)};
  }
  return sql
         + ") ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 "
           "COLLATE utf8mb4_general_ci";
}

std::vector<entity_id> parents_first(const catalog& c, bool& cyclic) {
  std::vector<entity_id> out;
  std::vector<bool> done(c.size());
  auto ready = [&](const entity_type& type) {
    return std::all_of(
        type.relations.begin(), type.relations.end(),
        [&](auto& r) { return r.parent == type.id || done[r.parent]; });
  };
  cyclic = false;
  while (out.size() < c.size()) {
    auto before = out.size();
    for (auto& type : c.types())
      if (!done[type.id] && (cyclic || ready(type))) {
        done[type.id] = true;
        out.push_back(type.id);
      }
    cyclic = cyclic || out.size() == before;
  }
  return out;
}

} // namespace toadcache
