// Which of the keys at hand the database may take for one another, by the form
// that they share (entity_type::common_form). Keys that are their own form need
// not be added. One instance per owner, which alone calls it.
#pragma once

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "model/key.hpp"

namespace toadcache {

class spellings {
public:
  /// Adding a key again changes nothing. O(keys of the form).
  void add(const key& form, const key& k) {
    auto& all = by_form_[form];
    if (std::find(all.begin(), all.end(), k) == all.end())
      all.push_back(k);
  }

  void remove(const key& form, const key& k) {
    auto i = by_form_.find(form);
    if (i == by_form_.end())
      return;
    std::erase(i->second, k);
    if (i->second.empty())
      by_form_.erase(i);
  }

  /// The keys added of that form.
  [[nodiscard]] std::vector<key> of(const key& form) const {
    auto i = by_form_.find(form);
    return i == by_form_.end() ? std::vector<key>{} : i->second;
  }

  [[nodiscard]] size_t form_count() const { return by_form_.size(); }
  void clear() { by_form_.clear(); }

private:
  std::unordered_map<key, std::vector<key>> by_form_;
};

} // namespace toadcache
