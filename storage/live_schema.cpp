#include "storage/live_schema.hpp"

#include <algorithm>
#include <set>

namespace toadcache {

namespace {

using names = std::vector<std::string>;

const live_table* find_table(const std::vector<live_table>& tables,
                             const std::string& name) {
  auto i = std::find_if(tables.begin(), tables.end(),
                        [&](auto& t) { return t.name == name; });
  return i == tables.end() ? nullptr : &*i;
}

/// "user_id" -> "user"; several columns: the parent's name.
std::string to_one_name(const relation_draft& r) {
  if (r.columns.size() != 1)
    return r.parent;
  std::string_view column = r.columns[0];
  for (std::string_view suffix : {"_id", "Id", "ID"})
    if (column.size() > suffix.size() && column.ends_with(suffix))
      return std::string{column.substr(0, column.size() - suffix.size())};
  return r.parent;
}

std::string made_unique(std::string name, std::set<std::string>& taken) {
  auto out = name;
  for (size_t n = 2; !taken.insert(out).second; ++n)
    out = name + "_" + std::to_string(n);
  return out;
}

/// Names each relation and its list; lists are unique within their parent.
void name_relations(std::vector<live_table>& tables) {
  std::set<std::string> lists; // "parent.list"
  for (auto& t : tables) {
    std::set<std::string> own;
    for (auto& r : t.entity.relations) {
      r.name = made_unique(to_one_name(r), own);
      auto list = t.name + "s";
      if (lists.contains(r.parent + "." + list))
        list += "_by_" + r.name;
      list = made_unique(r.parent + "." + list, lists);
      r.list_name = list.substr(r.parent.size() + 1);
    }
  }
}

bool names_one_row(const entity_draft& parent, const names& columns) {
  return parent.primary_key == columns
         || std::any_of(parent.unique.begin(), parent.unique.end(),
                        [&](auto& u) { return u.columns == columns; });
}

column_type type_of(const entity_draft& e, const std::string& column) {
  auto i = std::find_if(e.columns.begin(), e.columns.end(),
                        [&](auto& c) { return c.name == column; });
  return i == e.columns.end() ? column_type::binary : i->type;
}

/// Why a catalog cannot hold the foreign key; empty: it can.
std::string unfit_reason(const std::vector<live_table>& tables,
                         const live_table& child, const relation_draft& r) {
  auto* parent = find_table(tables, r.parent);
  if (parent == nullptr)
    return "its parent '" + r.parent + "' is not in the catalog";
  if (!names_one_row(parent->entity, r.parent_columns))
    return "it references no primary or unique key of '" + r.parent + "'";
  for (size_t i = 0; i < r.columns.size(); ++i)
    if (type_of(child.entity, r.columns[i])
        != type_of(parent->entity, r.parent_columns[i]))
      return "its columns' types differ from those of '" + r.parent + "'";
  return {};
}

std::string joined(const names& columns) {
  std::string out;
  for (auto& c : columns)
    out += (out.empty() ? "" : ", ") + c;
  return "(" + out + ")";
}

} // namespace

result<std::shared_ptr<const catalog>>
learned_catalog(std::string_view origin, std::vector<live_table> tables,
                std::vector<std::string>& notes) {
  std::erase_if(tables, [&](auto& t) {
    if (!t.unfit.empty())
      notes.push_back("table " + t.name + " left out: " + t.unfit);
    return !t.unfit.empty();
  });
  for (auto& t : tables) {
    std::erase_if(t.entity.relations, [&](auto& r) {
      auto why = unfit_reason(tables, t, r);
      if (!why.empty())
        notes.push_back("table " + t.name + ": foreign key " + joined(r.columns)
                        + " left out: " + why);
      return !why.empty();
    });
    // The index behind a foreign key is the relation's.
    std::erase_if(t.entity.lookups, [&](auto& i) {
      return std::any_of(t.entity.relations.begin(), t.entity.relations.end(),
                         [&](auto& r) { return r.columns == i.columns; });
    });
  }
  name_relations(tables);
  std::vector<entity_draft> drafts;
  for (auto& t : tables)
    drafts.push_back(std::move(t.entity));
  if (drafts.empty())
    return fail(errc::invalid, std::string{origin}
                                   + ": expected a table with a primary key, "
                                     "found none");
  return catalog_builder::build(origin, std::move(drafts));
}

} // namespace toadcache
