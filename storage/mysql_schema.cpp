#include "storage/mysql_schema.hpp"

#include <algorithm>
#include <map>

#include "storage/mysql_sql.hpp"
#include "storage/sql_types.hpp"

namespace toadcache {

namespace {

using tables = std::map<std::string, live_table>;
using fields = std::vector<std::optional<std::string>>;

std::string text(const fields& f, size_t i) {
  return f.at(i).value_or("");
}

reference_action action_of(const std::string& rule) {
  if (rule == "CASCADE")
    return reference_action::cascade;
  if (rule == "SET NULL")
    return reference_action::set_null;
  return rule == "RESTRICT" ? reference_action::restrict
                            : reference_action::no_action;
}

/// MariaDB writes the default as SQL; MySQL writes a literal's bare value.
std::optional<std::string> default_of(const fields& f, column_type type,
                                      bool mariadb) {
  auto& written = f.at(4);
  if (!written || (mariadb && *written == "NULL"))
    return std::nullopt;
  auto extra = text(f, 6);
  if (mariadb || extra.find("DEFAULT_GENERATED") != std::string::npos
      || is_fixed(type) || type == column_type::decimal)
    return written;
  return mysql_literal(*written);
}

void read_columns(mysql_connection& c, tables& all) {
  for (auto& f :
       c.query("SELECT TABLE_NAME, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, "
               "COLUMN_DEFAULT, COLLATION_NAME, EXTRA "
               "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = "
               "DATABASE() ORDER BY TABLE_NAME, ORDINAL_POSITION")) {
    auto t = all.find(text(f, 0));
    if (t == all.end())
      continue;
    column out;
    out.name = text(f, 1);
    out.sql_type = text(f, 2);
    auto meaning = meaning_of(out.sql_type);
    if (!meaning) {
      t->second.unfit = "column " + out.name + ": " + meaning.error().what;
      continue;
    }
    out.type = meaning->type;
    out.max_length = meaning->max_length;
    if (out.type == column_type::text)
      out.collation = text(f, 5).empty() ? "binary" : text(f, 5);
    out.nullable = text(f, 3) == "YES";
    out.sql_default = default_of(f, out.type, c.is_mariadb());
    out.auto_increment = text(f, 6).find("auto_increment") != std::string::npos;
    t->second.entity.columns.push_back(std::move(out));
  }
}

void read_indexes(mysql_connection& c, tables& all,
                  std::vector<std::string>& notes) {
  struct found {
    bool unique = false;
    bool whole = true;
    std::vector<std::string> columns;
  };
  std::map<std::string, std::map<std::string, found>> indexes;
  for (auto& f :
       c.query("SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, "
               "SUB_PART, INDEX_TYPE FROM information_schema.STATISTICS "
               "WHERE TABLE_SCHEMA = DATABASE() "
               "ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX")) {
    auto& i = indexes[text(f, 0)][text(f, 1)];
    i.unique = text(f, 2) == "0";
    // Prefixes, expressions, and FULLTEXT or SPATIAL ones find no tuples.
    i.whole = i.whole && f.at(3) && !f.at(4)
              && (text(f, 5) == "BTREE" || text(f, 5) == "HASH");
    i.columns.push_back(text(f, 3));
  }
  for (auto& [name, table] : all) {
    for (auto& [index, i] : indexes[name]) {
      if (index == "PRIMARY")
        table.entity.primary_key = i.columns;
      else if (!i.whole)
        notes.push_back("table " + name + ": index " + index
                        + " left out: it does not hold whole columns");
      else
        (i.unique ? table.entity.unique : table.entity.lookups)
            .push_back({index, i.columns});
    }
    if (table.entity.primary_key.empty() && table.unfit.empty())
      table.unfit = "it has no primary key";
  }
}

void read_foreign_keys(mysql_connection& c, tables& all,
                       std::vector<std::string>& notes) {
  std::map<std::pair<std::string, std::string>, relation_draft> found;
  for (auto& f : c.query(
           "SELECT k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, "
           "k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, "
           "r.UPDATE_RULE, r.DELETE_RULE, "
           "k.REFERENCED_TABLE_SCHEMA = DATABASE() "
           "FROM information_schema.KEY_COLUMN_USAGE k "
           "JOIN information_schema.REFERENTIAL_CONSTRAINTS r "
           "ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA "
           "AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME "
           "AND r.TABLE_NAME = k.TABLE_NAME "
           "WHERE k.TABLE_SCHEMA = DATABASE() "
           "AND k.REFERENCED_TABLE_NAME IS NOT NULL "
           "ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION")) {
    if (text(f, 7) != "1") {
      notes.push_back("table " + text(f, 0) + ": foreign key " + text(f, 1)
                      + " left out: it references another schema");
      continue;
    }
    auto& r = found[{text(f, 0), text(f, 1)}];
    r.columns.push_back(text(f, 2));
    r.parent = text(f, 3);
    r.parent_columns.push_back(text(f, 4));
    r.on_update = action_of(text(f, 5));
    r.on_delete = action_of(text(f, 6));
  }
  for (auto& [place, r] : found)
    if (auto t = all.find(place.first); t != all.end())
      t->second.entity.relations.push_back(std::move(r));
}

} // namespace

std::vector<live_table> mysql_tables(mysql_connection& c,
                                     std::vector<std::string>& notes) {
  tables all;
  for (auto& f : c.query("SELECT TABLE_NAME, TABLE_TYPE "
                         "FROM information_schema.TABLES "
                         "WHERE TABLE_SCHEMA = DATABASE() "
                         "ORDER BY TABLE_NAME")) {
    auto name = text(f, 0);
    if (text(f, 1) == "BASE TABLE") {
      auto& t = all[name];
      t.name = t.entity.name = t.entity.table = name;
    } else {
      notes.push_back("view " + name + " left out");
    }
  }
  read_columns(c, all);
  read_indexes(c, all, notes);
  read_foreign_keys(c, all, notes);
  std::vector<live_table> out;
  for (auto& [name, t] : all)
    out.push_back(std::move(t));
  return out;
}

} // namespace toadcache
