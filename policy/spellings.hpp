// Which of the keys at hand the database may take for one another, by the form
// that they share (entity_type::common_form). Keys that are their own form need
// not be added. Grows and shrinks with its owner's keys. One instance per
// owner, which alone calls it.
#pragma once

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/key.hpp"

namespace toadcache {

class spellings {
public:
  /// Adding a key again changes nothing. O(1).
  void add(const key& form, const key& k) { by_form_[form].insert(k); }

  /// O(1).
  void remove(const key& form, const key& k) {
    auto i = by_form_.find(form);
    if (i == by_form_.end())
      return;
    i->second.erase(k);
    if (i->second.empty())
      by_form_.erase(i);
  }

  /// The keys added of that form, in no particular order. O(keys of the form).
  [[nodiscard]] std::vector<key> of(const key& form) const {
    auto i = by_form_.find(form);
    if (i == by_form_.end())
      return {};
    return {i->second.begin(), i->second.end()};
  }
  /// How many `of` would name. O(1).
  [[nodiscard]] size_t count(const key& form) const {
    auto i = by_form_.find(form);
    return i == by_form_.end() ? 0 : i->second.size();
  }

  void clear() { by_form_.clear(); }

private:
  std::unordered_map<key, std::unordered_set<key>> by_form_;
};

} // namespace toadcache
