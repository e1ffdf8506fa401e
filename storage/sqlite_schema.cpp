#include "storage/sqlite_schema.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include "storage/sql_types.hpp"
#include "storage/sqlite_sql.hpp"

namespace toadcache {

namespace {

/// Calls `f` for each row of `text`, whose parameter 1 is `argument`.
result<void> for_each_row(sqlite_connection& c, const std::string& text,
                          const std::string& argument,
                          const std::function<void(sqlite_statement&)>& f) {
  auto statement = c.prepare(text);
  if (!statement)
    return fail(statement.error());
  auto& s = **statement;
  sqlite_reset at_end{s};
  if (s.bind(1, column_type::text, std::string_view{argument}) != SQLITE_OK)
    return fail(c.error("schema"));
  int code = SQLITE_DONE;
  while ((code = s.step()) == SQLITE_ROW)
    f(s);
  if (code != SQLITE_DONE)
    return fail(c.error("schema"));
  return {};
}

reference_action action_of(const std::string& text) {
  if (text == "CASCADE")
    return reference_action::cascade;
  if (text == "SET NULL")
    return reference_action::set_null;
  return text == "RESTRICT" ? reference_action::restrict
                            : reference_action::no_action;
}

result<void> read_columns(sqlite_connection& c, live_table& t,
                          bool autoincrement) {
  std::map<int64_t, std::string> key; // by place in the primary key
  auto done = for_each_row(
      c,
      "SELECT name, type, \"notnull\", dflt_value IS NOT NULL, dflt_value, pk "
      "FROM pragma_table_info(?) ORDER BY cid",
      t.name, [&](sqlite_statement& s) {
        column out;
        out.name = s.text(0);
        out.sql_type = mysql_type_of(s.text(1));
        auto meaning = meaning_of(out.sql_type);
        if (!meaning) {
          t.unfit = "column " + out.name + ": " + meaning.error().what;
          return;
        }
        out.type = meaning->type;
        out.max_length = meaning->max_length;
        if (out.type == column_type::text)
          out.collation = "binary";
        auto in_key = s.integer(5);
        out.nullable = s.integer(2) == 0 && in_key == 0;
        if (s.integer(3) != 0)
          out.sql_default = s.text(4);
        if (in_key != 0)
          key[in_key] = out.name;
        t.entity.columns.push_back(std::move(out));
      });
  for (auto& [place, name] : key)
    t.entity.primary_key.push_back(name);
  if (key.empty() && t.unfit.empty())
    t.unfit = "it has no primary key";
  if (autoincrement && key.size() == 1)
    for (auto& column : t.entity.columns)
      column.auto_increment = column.name == key.begin()->second;
  return done;
}

result<void> read_indexes(sqlite_connection& c, live_table& t) {
  struct found {
    std::string name;
    bool unique;
    bool usable;
  };
  std::vector<found> all;
  auto done = for_each_row(
      c,
      "SELECT name, \"unique\", origin <> 'pk' AND partial = 0 "
      "FROM pragma_index_list(?) ORDER BY name",
      t.name, [&](sqlite_statement& s) {
        all.push_back({s.text(0), s.integer(1) != 0, s.integer(2) != 0});
      });
  if (!done)
    return done;
  for (auto& i : all) {
    index_draft out{i.name, {}};
    if (auto prefix = t.name + "."; out.name.starts_with(prefix))
      out.name.erase(0, prefix.size());
    bool expression = false;
    done = for_each_row(c,
                        "SELECT name IS NULL, name FROM pragma_index_info(?) "
                        "ORDER BY seqno",
                        i.name, [&](sqlite_statement& s) {
                          expression = expression || s.integer(0) != 0;
                          out.columns.push_back(s.text(1));
                        });
    if (!done)
      return done;
    if (i.usable && !expression)
      (i.unique ? t.entity.unique : t.entity.lookups).push_back(std::move(out));
  }
  return {};
}

result<void> read_foreign_keys(sqlite_connection& c, live_table& t) {
  std::map<int64_t, relation_draft> all;
  auto done = for_each_row(
      c,
      "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete "
      "FROM pragma_foreign_key_list(?) ORDER BY id, seq",
      t.name, [&](sqlite_statement& s) {
        auto& r = all[s.integer(0)];
        r.parent = s.text(1);
        r.columns.push_back(s.text(2));
        r.parent_columns.push_back(s.text(3));
        r.on_update = action_of(s.text(4));
        r.on_delete = action_of(s.text(5));
      });
  // SQLite lists the foreign key declared last first.
  for (auto i = all.rbegin(); i != all.rend(); ++i)
    t.entity.relations.push_back(std::move(i->second));
  return done;
}

/// REFERENCES parent without columns means the parent's primary key.
void name_referenced_keys(std::vector<live_table>& tables) {
  for (auto& t : tables)
    for (auto& r : t.entity.relations) {
      if (r.parent_columns.empty() || !r.parent_columns[0].empty())
        continue;
      auto parent = std::find_if(tables.begin(), tables.end(),
                                 [&](auto& p) { return p.name == r.parent; });
      if (parent != tables.end())
        r.parent_columns = parent->entity.primary_key;
    }
}

} // namespace

result<std::vector<live_table>> sqlite_tables(sqlite_connection& c) {
  std::vector<live_table> tables;
  std::vector<bool> autoincrement;
  auto done = for_each_row(
      c,
      "SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_master "
      "WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
      "AND name <> ? ORDER BY rowid",
      sqlite_identity_table, [&](sqlite_statement& s) {
        live_table t;
        t.name = t.entity.name = t.entity.table = s.text(0);
        tables.push_back(std::move(t));
        autoincrement.push_back(s.integer(1) != 0);
      });
  if (!done)
    return fail(done.error());
  for (size_t i = 0; i < tables.size(); ++i) {
    if (done = read_columns(c, tables[i], autoincrement[i]); !done)
      return fail(done.error());
    if (done = read_indexes(c, tables[i]); !done)
      return fail(done.error());
    if (done = read_foreign_keys(c, tables[i]); !done)
      return fail(done.error());
  }
  name_referenced_keys(tables);
  return tables;
}

} // namespace toadcache
