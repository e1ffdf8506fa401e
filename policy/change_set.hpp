// What one transaction has changed so far: per row the image before its first
// change and after its last, and from these the keys that a write ticket must
// cover. Owned by one transaction; not thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <unordered_map>
#include <vector>

#include "model/operation.hpp"

namespace toadcache {

class change_set {
public:
  /// The catalog must outlive the set.
  explicit change_set(const catalog& types) : types_(&types) {}

  /// One statement changed one row. `before` empty: inserted; `after` empty:
  /// erased. Several changes of a row become one.
  void add(entity_id type, row before, row after);

  /// The rows written, in the order of their first change. One that ends as it
  /// began is among them, since a cache may know an older content; one that was
  /// inserted and erased again is not.
  [[nodiscard]] std::vector<row_change> rows() const;

  /// Every key that the changes touch, by type and without repetition: primary
  /// keys and index keys of the images before and after, and the forms that
  /// they share with other spellings. O(rows * indexes).
  [[nodiscard]] std::map<entity_id, std::vector<key>> keys() const;

private:
  struct record {
    entity_id type = 0;
    row before;
    row after;
  };
  const catalog* types_;
  std::vector<record> records_;
  /// By the key under which the row is now, or was when it was erased.
  std::unordered_map<key, size_t> places_;
};

} // namespace toadcache
