#include "storage/sqlite_sql.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "storage/sql_types.hpp"

namespace toadcache {

namespace {

class dialect final : public sql_dialect {
public:
  std::string quote(std::string_view name) const override {
    std::string out = "\"";
    for (auto c : name)
      out.append(c == '"' ? 2 : 1, c);
    return out + "\"";
  }
  std::string selected(const column& c) const override { return quote(c.name); }
  std::string ordered(const column& c) const override {
    // Decimals are stored as text, which does not order as numbers do.
    if (c.type == column_type::decimal)
      return "CAST(" + quote(c.name) + " AS REAL)";
    return quote(c.name);
  }
  std::string placeholder(const column& c, bool by_order) const override {
    return by_order && c.type == column_type::decimal ? "CAST(? AS REAL)" : "?";
  }
  std::string_view tuples_prefix() const override { return "VALUES "; }
  std::string_view like_suffix() const override { return " ESCAPE '\\'"; }
  std::string_view primary_hint() const override { return ""; }
  std::string_view lock_suffix() const override {
    return ""; // a transaction holds the write lock from its begin
  }
  std::string_view insert_defaults() const override {
    return " DEFAULT VALUES";
  }
};

constexpr std::string_view text_mark = "_TEXT";

std::string upper(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return out;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return out;
}

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
           + sqlite_dialect().quote(type.columns[column].name);
  return out;
}

std::string default_of(const column& c) {
  auto& literal = *c.sql_default;
  return lower(literal).starts_with("current_timestamp") ? "CURRENT_TIMESTAMP"
                                                         : literal;
}

std::string column_text(const column& c) {
  auto name = sqlite_dialect().quote(c.name);
  auto out = name + " " + sqlite_type_of(c);
  if (c.auto_increment)
    return out + " PRIMARY KEY AUTOINCREMENT NOT NULL";
  if (!c.nullable)
    out += " NOT NULL";
  if (c.sql_default)
    out += " DEFAULT " + default_of(c);
  if (c.max_length != 0)
    out += " CHECK (length(" + name + ") <= " + std::to_string(c.max_length)
           + ")";
  if (auto limit = byte_limit(declared_type(c)); limit != 0)
    out += " CHECK (length(CAST(" + name
           + " AS BLOB)) <= " + std::to_string(limit) + ")";
  return out;
}

bool has_generated_id(const entity_type& type) {
  return type.primary_key.size() == 1
         && type.columns[type.primary_key[0]].auto_increment;
}

} // namespace

const sql_dialect& sqlite_dialect() noexcept {
  static const dialect instance;
  return instance;
}

std::string sqlite_type_of(const column& c) {
  if (c.auto_increment)
    return "INTEGER"; // what AUTOINCREMENT needs
  auto parts = split_sql_type(declared_type(c));
  auto arguments = parts.arguments.empty() ? "" : "(" + parts.arguments + ")";
  switch (c.type) {
  case column_type::int64:
  case column_type::uint64:
  case column_type::float64:
    return upper(parts.base) + arguments
           + (parts.is_unsigned ? " UNSIGNED" : "");
  case column_type::text:
    if (parts.base.ends_with("char"))
      return upper(parts.base) + arguments;
    if (parts.base.ends_with("text"))
      return upper(parts.base);
    return "LONGTEXT"; // enum, set and the like
  case column_type::binary:
    if (parts.base.ends_with("binary"))
      return upper(parts.base) + arguments;
    return upper(parts.base);
  default:
    return upper(parts.base) + std::string{text_mark} + arguments;
  }
}

std::string mysql_type_of(std::string_view declared) {
  auto out = lower(declared);
  if (out == "integer")
    return "bigint";
  auto mark = lower(text_mark);
  if (auto at = out.find(mark); at != std::string::npos)
    out.erase(at, mark.size());
  return out;
}

std::vector<std::string> sqlite_create(const catalog& c,
                                       const entity_type& type) {
  auto& d = sqlite_dialect();
  auto table = d.quote(type.table);
  auto sql = "CREATE TABLE IF NOT EXISTS " + table + " (";
  for (size_t i = 0; i < type.columns.size(); ++i)
    sql += (i == 0 ? "" : ", ") + column_text(type.columns[i]);
  auto generated = has_generated_id(type);
  if (!generated)
    sql += ", PRIMARY KEY (" + names_of(type, type.primary_key) + ")";
  for (auto& r : type.relations) {
    auto& parent = c[r.parent];
    sql += ", FOREIGN KEY (" + names_of(type, r.columns) + ") REFERENCES "
           + d.quote(parent.table) + " (" + names_of(parent, r.parent_columns)
           + ") ON UPDATE " + std::string{action_text(r.on_update)}
           + " ON DELETE " + std::string{action_text(r.on_delete)};
  }
  sql += generated ? ")" : ") WITHOUT ROWID";
  std::vector<std::string> out{std::move(sql)};
  // Unique keys too: only an index keeps its name.
  for (auto& i : type.indexes)
    out.push_back((i.kind == index::kind_type::unique ? "CREATE UNIQUE INDEX "
                                                      : "CREATE INDEX ")
                  + ("IF NOT EXISTS " + d.quote(type.table + "." + i.name))
                  + " ON " + table + " (" + names_of(type, i.columns) + ")");
  return out;
}

} // namespace toadcache
