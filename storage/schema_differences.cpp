#include <algorithm>

#include "storage/live_schema.hpp"

namespace toadcache {

namespace {

using names = std::vector<std::string>;

std::string_view action_name(reference_action a) {
  switch (a) {
  case reference_action::restrict:
    return "restrict";
  case reference_action::cascade:
    return "cascade";
  case reference_action::set_null:
    return "set null";
  case reference_action::no_action:
    return "no action";
  }
  return "restrict";
}

/// InnoDB and SQLite check NO ACTION when RESTRICT is checked, or later; for a
/// cache they are one.
reference_action effective(reference_action a) {
  return a == reference_action::no_action ? reference_action::restrict : a;
}

bool is_integer(const column& c) {
  return c.type == column_type::int64 || c.type == column_type::uint64;
}

std::string joined(const names& columns) {
  std::string out;
  for (auto& c : columns)
    out += (out.empty() ? "" : ", ") + c;
  return "(" + out + ")";
}

/// Compares one entity with its table, adding lines.
class comparison_of {
public:
  comparison_of(const catalog& c, const entity_type& type,
                const live_table& live, bool collations,
                std::vector<std::string>& lines)
      : catalog_(c), type_(type), live_(live.entity), collations_(collations),
        lines_(lines) {}

  void run() {
    for (auto& c : type_.columns)
      compare_column(c);
    for (auto& c : live_.columns)
      if (!type_.find_column(c.name) && !c.nullable && !c.sql_default
          && !c.auto_increment)
        add("column " + c.name
            + ": expected a default or NULL, since the catalog does not know "
              "it");
    auto key = names_of(type_.primary_key);
    if (key != live_.primary_key)
      add("primary key: expected " + joined(key) + ", found "
          + joined(live_.primary_key));
    for (auto& i : type_.indexes)
      if (i.kind == index::kind_type::unique)
        compare_unique(i);
    for (auto& u : live_.unique)
      if (!known_unique(u.columns))
        add("unique key " + joined(u.columns)
            + ": found, but the catalog does not know it");
    for (auto& r : type_.relations)
      compare_relation(r);
    for (auto& r : live_.relations)
      if (!known_relation(r))
        add("foreign key " + joined(r.columns) + " to " + r.parent
            + ": found, but the catalog does not know it");
  }

private:
  void add(const std::string& line) {
    lines_.push_back("table " + type_.table + ", " + line);
  }

  names names_of(const std::vector<size_t>& columns) const {
    return names_of(type_, columns);
  }
  static names names_of(const entity_type& type,
                        const std::vector<size_t>& columns) {
    names out;
    for (auto c : columns)
      out.push_back(type.columns[c].name);
    return out;
  }

  void compare_column(const column& c) {
    auto i = std::find_if(live_.columns.begin(), live_.columns.end(),
                          [&](auto& l) { return l.name == c.name; });
    auto where = "column " + c.name + ": ";
    if (i == live_.columns.end())
      return add(where + "expected " + std::string{to_string(c.type)}
                 + ", found none");
    // A generated id is never negative, whatever its declaration.
    auto generated = i->auto_increment && c.auto_increment && is_integer(*i)
                     && is_integer(c);
    // MariaDB's JSON is LONGTEXT.
    auto json = c.type == column_type::json && i->sql_type == "longtext";
    if (i->type != c.type && !generated && !json)
      add(where + "expected " + std::string{to_string(c.type)} + ", found "
          + std::string{to_string(i->type)} + " (" + i->sql_type + ")");
    if (i->nullable != c.nullable)
      add(where + (c.nullable ? "expected NULL" : "expected NOT NULL")
          + ", found " + (i->nullable ? "NULL" : "NOT NULL"));
    if (i->max_length != c.max_length)
      add(where + "expected length " + std::to_string(c.max_length) + ", found "
          + std::to_string(i->max_length));
    if (i->auto_increment != c.auto_increment)
      add(where
          + (c.auto_increment ? "expected generated values, found none"
                              : "expected no generated values, found them"));
    if (collations_ && c.type == column_type::text
        && i->type == column_type::text && i->collation != c.collation)
      add(where + "expected collation " + c.collation + ", found "
          + i->collation);
  }

  void compare_unique(const index& i) {
    auto columns = names_of(i.columns);
    if (std::none_of(live_.unique.begin(), live_.unique.end(),
                     [&](auto& u) { return u.columns == columns; }))
      add("unique key " + joined(columns) + ": expected, found none");
  }

  bool known_unique(const names& columns) const {
    return columns == names_of(type_.primary_key)
           || std::any_of(type_.indexes.begin(), type_.indexes.end(),
                          [&](auto& i) {
                            return i.kind == index::kind_type::unique
                                   && names_of(i.columns) == columns;
                          });
  }

  bool same_relation(const relation& r, const relation_draft& l) const {
    auto& parent = catalog_[r.parent];
    return l.columns == names_of(r.columns) && l.parent == parent.table
           && l.parent_columns == names_of(parent, r.parent_columns);
  }

  void compare_relation(const relation& r) {
    auto where = "foreign key " + joined(names_of(r.columns)) + " to "
                 + catalog_[r.parent].table + ": ";
    auto i = std::find_if(live_.relations.begin(), live_.relations.end(),
                          [&](auto& l) { return same_relation(r, l); });
    if (i == live_.relations.end())
      return add(where + "expected, found none");
    compare_action(where + "on update ", r.on_update, i->on_update);
    compare_action(where + "on delete ", r.on_delete, i->on_delete);
  }

  void compare_action(const std::string& where, reference_action expected,
                      reference_action found) {
    if (effective(expected) != effective(found))
      add(where + "expected " + std::string{action_name(expected)} + ", found "
          + std::string{action_name(found)});
  }

  bool known_relation(const relation_draft& l) const {
    return std::any_of(type_.relations.begin(), type_.relations.end(),
                       [&](auto& r) { return same_relation(r, l); });
  }

  const catalog& catalog_;
  const entity_type& type_;
  const entity_draft& live_;
  bool collations_;
  std::vector<std::string>& lines_;
};

} // namespace

std::vector<std::string>
schema_differences(const catalog& c, const std::vector<live_table>& tables,
                   bool collations) {
  std::vector<std::string> lines;
  for (auto& type : c.types()) {
    auto live = std::find_if(tables.begin(), tables.end(),
                             [&](auto& t) { return t.name == type.table; });
    if (live == tables.end())
      lines.push_back("table " + type.table + ": expected, found none");
    else if (!live->unfit.empty())
      lines.push_back("table " + type.table + ": " + live->unfit);
    else
      comparison_of{c, type, *live, collations, lines}.run();
  }
  return lines;
}

} // namespace toadcache
