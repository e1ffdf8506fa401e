#include "model/catalog_builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include <xxhash.h>

namespace toadcache {

namespace {

using names = std::vector<std::string>;

// Thrown and caught in this file only: the one line of the first mistake.
struct bad_draft {
  std::string line;
};

[[noreturn]] void refuse(std::string where, std::string_view expected) {
  throw bad_draft{std::move(where) + ": " + std::string{expected}};
}

std::string entity_place(std::string_view name) {
  return "entity '" + std::string{name} + "'";
}

template <class Range, class Name>
void require_distinct(const Range& range, Name name_of,
                      const std::string& where, std::string_view what) {
  std::set<std::string> seen;
  for (const auto& x : range) {
    const std::string& name = name_of(x);
    if (name.empty())
      refuse(where, "expected a " + std::string{what} + " with a name");
    if (!seen.insert(name).second)
      refuse(where, "expected distinct names, got " + std::string{what} + " '"
                        + name + "' twice");
  }
}

std::vector<size_t> positions(const entity_type& type, const names& columns,
                              const std::string& where) {
  if (columns.empty())
    refuse(where, "expected at least one column");
  std::vector<size_t> out;
  for (const auto& name : columns) {
    auto at = type.find_column(name);
    if (!at)
      refuse(where,
             "expected a column of '" + type.name + "', got '" + name + "'");
    if (std::find(out.begin(), out.end(), *at) != out.end())
      refuse(where, "expected distinct columns, got '" + name + "' twice");
    out.push_back(*at);
  }
  return out;
}

void check_ttl(const ttl_options& ttl, const std::string& where) {
  for (auto t : {ttl.fresh, ttl.stale_while_revalidate, ttl.stale_on_error,
                 ttl.negative})
    if (t < milliseconds{0})
      refuse(where, "expected times of zero or more");
}

entity_type make_type(entity_draft& draft, size_t id) {
  auto where = entity_place(draft.name);
  if (draft.columns.empty() || draft.columns.size() > UINT16_MAX)
    refuse(where, "expected 1 to 65535 columns");
  require_distinct(
      draft.columns, [](const column& c) -> auto& { return c.name; }, where,
      "column");
  check_ttl(draft.ttl, where + ": ttl");
  if (!std::isfinite(draft.weight) || draft.weight <= 0)
    refuse(where + ": weight", "expected a number above zero");
  if (!is_eviction(draft.eviction))
    refuse(where + ": eviction", "expected one of " + known_evictions()
                                     + ", got '" + draft.eviction + "'");
  entity_type type;
  type.id = static_cast<entity_id>(id);
  type.name = draft.name;
  type.table = draft.table;
  type.columns = std::move(draft.columns);
  for (const auto& c : type.columns)
    type.types.push_back(c.type);
  type.primary_key
      = positions(type, draft.primary_key, where + ": primary_key");
  for (auto at : type.primary_key)
    if (type.columns[at].nullable)
      refuse(where + ": primary_key", "expected columns that are not nullable, "
                                      "got '"
                                          + type.columns[at].name + "'");
  auto add = [&](const index_draft& i, index::kind_type kind) {
    type.indexes.push_back(
        {i.name, kind,
         positions(type, i.columns, where + ": index '" + i.name + "'")});
  };
  for (const auto& i : draft.unique)
    add(i, index::kind_type::unique);
  for (const auto& i : draft.lookups)
    add(i, index::kind_type::lookup);
  type.ttl = draft.ttl;
  type.weight = draft.weight;
  type.eviction = draft.eviction;
  return type;
}

// May `columns` of the parent be pointed at: do they name one row?
bool names_one_row(const entity_type& parent,
                   const std::vector<size_t>& columns) {
  if (columns == parent.primary_key)
    return true;
  return std::any_of(
      parent.indexes.begin(), parent.indexes.end(), [&](const index& i) {
        return i.kind == index::kind_type::unique && i.columns == columns;
      });
}

relation make_relation(const relation_draft& draft, const entity_type& child,
                       const std::vector<entity_type>& types) {
  auto where = entity_place(child.name) + ": relation '" + draft.name + "'";
  auto parent = std::find_if(types.begin(), types.end(), [&](const auto& t) {
    return t.name == draft.parent;
  });
  if (parent == types.end())
    refuse(where,
           "expected an entity of this catalog, got '" + draft.parent + "'");
  if (draft.list_name.empty())
    refuse(where, "expected the name of the parent's list");
  relation r;
  r.name = draft.name;
  r.list_name = draft.list_name;
  r.parent = parent->id;
  r.columns = positions(child, draft.columns, where);
  r.parent_columns = positions(*parent, draft.parent_columns, where);
  if (r.columns.size() != r.parent_columns.size())
    refuse(where, "expected as many columns as it references");
  if (!names_one_row(*parent, r.parent_columns))
    refuse(where, "expected to reference the primary key or a unique key of '"
                      + parent->name + "', in its order");
  for (size_t i = 0; i < r.columns.size(); ++i) {
    auto own = child.types[r.columns[i]];
    auto referenced = parent->types[r.parent_columns[i]];
    if (own != referenced)
      refuse(where, "expected column '" + draft.columns[i] + "' to be "
                        + std::string{to_string(referenced)} + " as '"
                        + parent->name + "." + draft.parent_columns[i]
                        + "' is, got " + std::string{to_string(own)});
  }
  r.on_update = draft.on_update;
  r.on_delete = draft.on_delete;
  return r;
}

void add_relations(const entity_draft& draft, std::vector<entity_type>& types,
                   size_t id) {
  auto& type = types[id];
  for (const auto& d : draft.relations) {
    auto r = make_relation(d, type, types);
    type.indexes.push_back({types[r.parent].name + "." + r.list_name,
                            index::kind_type::relation, r.columns});
    if (type.indexes.size() > UINT16_MAX)
      refuse(entity_place(type.name), "expected at most 65535 indexes");
    r.list_index = static_cast<index_id>(type.indexes.size());
    type.relations.push_back(std::move(r));
  }
  auto where = entity_place(type.name);
  require_distinct(
      type.relations, [](const relation& r) -> auto& { return r.name; }, where,
      "relation");
  require_distinct(
      type.indexes, [](const index& i) -> auto& { return i.name; }, where,
      "index");
}

void set_group(const entity_draft& draft, entity_type& type) {
  auto where = entity_place(type.name) + ": group";
  if (draft.group_column && draft.group_relation)
    refuse(where, "expected either a column or a relation");
  if (draft.group_column)
    type.group_column = positions(type, {*draft.group_column}, where).front();
  if (!draft.group_relation)
    return;
  for (size_t i = 0; i < type.relations.size(); ++i)
    if (type.relations[i].name == *draft.group_relation)
      type.group_relation = i;
  if (!type.group_relation)
    refuse(where, "expected a relation of '" + type.name + "', got '"
                      + *draft.group_relation + "'");
}

// Every group path must end at a column.
void check_group_path(const entity_type& start,
                      const std::vector<entity_type>& types) {
  auto where = entity_place(start.name) + ": group";
  std::string path = start.name;
  const auto* at = &start;
  for (size_t steps = 0; at->group_relation; ++steps) {
    at = &types[at->relations[*at->group_relation].parent];
    path += " -> " + at->name;
    if (steps == types.size() || at == &start)
      refuse(where, "expected a path that ends, got the cycle " + path);
  }
  if (start.group_relation && !at->group_column)
    refuse(where,
           "expected a path to an entity with a group column, got " + path);
}

// The text whose hash is the fingerprint: what decides how stored rows and
// keys are read. Names end with a zero byte, which no name contains.
class meaning {
public:
  void add(std::string_view name) {
    text_ += name;
    text_ += '\0';
  }
  void add(uint64_t number) { add(std::to_string(number)); }
  void add(const std::vector<size_t>& columns) {
    add(columns.size());
    for (auto c : columns)
      add(c);
  }
  void add(const entity_type& type) {
    add(type.name);
    add(type.table);
    add(type.columns.size());
    for (const auto& c : type.columns) {
      add(c.name);
      add(to_string(c.type));
      add(c.collation);
    }
    add(type.primary_key);
    add(type.indexes.size());
    for (const auto& i : type.indexes) {
      add(i.name);
      add(static_cast<uint64_t>(i.kind));
      add(i.columns);
    }
  }
  [[nodiscard]] uint64_t hash() const {
    return XXH3_64bits(text_.data(), text_.size());
  }

private:
  std::string text_;
};

} // namespace

tl::unexpected<failure> catalog_builder::refusal(std::string_view origin,
                                                 std::string_view mistake) {
  auto line = std::string{origin} + ": ";
  for (char c : mistake)
    line += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
  return fail(errc::invalid, std::move(line));
}

result<std::shared_ptr<const catalog>>
catalog_builder::build(std::string_view origin,
                       std::vector<entity_draft> drafts) {
  try {
    if (drafts.empty() || drafts.size() > UINT16_MAX)
      refuse("entities", "expected 1 to 65535 entities");
    require_distinct(
        drafts, [](const entity_draft& d) -> auto& { return d.name; },
        "entities", "entity");
    require_distinct(
        drafts, [](const entity_draft& d) -> auto& { return d.table; },
        "entities", "table");
    auto out = std::make_shared<catalog>();
    for (auto& draft : drafts)
      out->types_.push_back(make_type(draft, out->types_.size()));
    for (size_t id = 0; id < drafts.size(); ++id) {
      add_relations(drafts[id], out->types_, id);
      set_group(drafts[id], out->types_[id]);
    }
    out->children_.resize(out->types_.size());
    meaning all;
    all.add(row::format);
    for (const auto& type : out->types_) {
      check_group_path(type, out->types_);
      all.add(type);
      for (size_t i = 0; i < type.relations.size(); ++i) {
        const auto& r = type.relations[i];
        if (out->find_list(r.parent, r.list_name))
          refuse(entity_place(type.name) + ": relation '" + r.name + "'",
                 "expected a list name that '" + out->types_[r.parent].name
                     + "' does not have yet, got '" + r.list_name + "'");
        out->children_[r.parent].push_back({type.id, i});
      }
    }
    out->fingerprint_ = all.hash();
    return std::shared_ptr<const catalog>(std::move(out));
  } catch (const bad_draft& e) {
    return refusal(origin, e.line);
  }
}

} // namespace toadcache
