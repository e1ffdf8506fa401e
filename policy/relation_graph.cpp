#include "policy/relation_graph.hpp"

#include <algorithm>

namespace toadcache {

namespace {

bool changes_children(reference_action a) {
  return a == reference_action::cascade || a == reference_action::set_null;
}

bool differ(const row& before, const row& after,
            const std::vector<size_t>& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](size_t i) { return before.at(i) != after.at(i); });
}

bool contains(const std::vector<entity_id>& types, entity_id t) {
  return std::find(types.begin(), types.end(), t) != types.end();
}

} // namespace

std::vector<entity_id> cascaded_types(const catalog& c,
                                      const row_change& change) {
  std::vector<entity_id> result;
  struct step {
    entity_id type;
    bool deleted; // its rows are gone, not merely rewritten
  };
  std::vector<step> open;
  auto visit = [&](entity_id parent, bool deleted, auto key_changed) {
    for (auto& [child, position] : c.children(parent)) {
      auto& r = c[child].relations[position];
      auto action = deleted ? r.on_delete : r.on_update;
      if (!changes_children(action) || contains(result, child)
          || (!deleted && !key_changed(r)))
        continue;
      result.push_back(child);
      open.push_back({child, deleted && action == reference_action::cascade});
    }
  };
  auto always = [](const relation&) { return true; };
  if (!change.after && (change.before || !change.complete))
    visit(change.id.type(), true, always);
  if (!change.complete)
    visit(change.id.type(), false, always);
  else if (change.before && change.after)
    visit(change.id.type(), false, [&](const relation& r) {
      return differ(change.before, change.after, r.parent_columns);
    });
  while (!open.empty()) {
    auto [type, gone] = open.back();
    open.pop_back();
    // A rewritten foreign key may be part of a key that others refer to.
    visit(type, gone, always);
  }
  return result;
}

dependents dependents_of(const catalog& c, const key& row_key) {
  dependents result;
  auto& parent = c[row_key.type()];
  for (auto& [child, position] : c.children(row_key.type())) {
    auto& r = c[child].relations[position];
    if (r.parent_columns == parent.primary_key)
      result.lists.emplace_back(child, r.list_index,
                                std::string{row_key.bytes()});
    else if (!contains(result.whole_types, child))
      result.whole_types.push_back(child);
  }
  return result;
}

} // namespace toadcache
