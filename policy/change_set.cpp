#include "policy/change_set.hpp"

#include <unordered_set>
#include <utility>

namespace toadcache {

void change_set::add(entity_id type, row before, row after) {
  auto& shape = (*types_)[type];
  auto was = shape.key_of(before ? before : after);
  auto is = shape.key_of(after ? after : before);
  size_t place = records_.size();
  if (auto known = places_.find(was); known != places_.end()) {
    place = known->second;
    places_.erase(known);
    records_[place].after = std::move(after);
  } else {
    records_.push_back({type, std::move(before), std::move(after)});
  }
  places_.insert_or_assign(std::move(is), place);
}

std::vector<row_change> change_set::rows() const {
  std::vector<row_change> changed;
  for (auto& r : records_) {
    if (!r.before && !r.after)
      continue;
    auto id = (*types_)[r.type].key_of(r.before ? r.before : r.after);
    changed.push_back({std::move(id), r.before, r.after, true});
  }
  return changed;
}

std::map<entity_id, std::vector<key>> change_set::keys() const {
  std::map<entity_id, std::vector<key>> all;
  std::unordered_set<key> seen;
  auto add_key = [&](entity_id type, key k) {
    if (seen.insert(k).second)
      all[type].push_back(std::move(k));
  };
  auto add_image = [&](entity_id type, const row& image) {
    auto& shape = (*types_)[type];
    for (size_t i = 0; i <= shape.indexes.size(); ++i) {
      auto k = shape.key_of(image, static_cast<index_id>(i));
      if (auto folded = shape.aliases_of(k).folded)
        add_key(type, std::move(*folded));
      if (auto form = shape.common_form(k))
        add_key(type, std::move(*form));
      add_key(type, std::move(k));
    }
  };
  for (auto& r : records_) {
    if (r.before)
      add_image(r.type, r.before);
    if (r.after)
      add_image(r.type, r.after);
  }
  return all;
}

} // namespace toadcache
