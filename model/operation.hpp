// Reads and writes as the database layer takes them: one flat struct, so that
// a transaction is a plain list of them. Values, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/catalog.hpp"
#include "model/reply.hpp"

namespace toadcache {

enum class compare : uint8_t {
  eq,
  ne,
  lt,
  le,
  gt,
  ge,
  like,
  in,
  is_null,
  is_not_null
};

/// column `op` operand; `in` takes several operands, the null tests none.
struct comparison {
  size_t column = 0;
  compare op = compare::eq;
  std::vector<value> operands;
  friend bool operator==(const comparison&, const comparison&) = default;
};

/// All comparisons hold. Arbitrary conditions are answered by the database,
/// uncached.
struct filter {
  std::vector<comparison> all_of;
  std::vector<std::pair<size_t, bool>> order_by; ///< column, descending
  uint64_t limit = 0;                            ///< 0: no limit
  friend bool operator==(const filter&, const filter&) = default;
};

/// New values by column position.
using assignments = std::vector<std::pair<size_t, value>>;

struct operation {
  enum class kind_type : uint8_t {
    // reads (within an interactive transaction; never cached)
    read_keys,  ///< rows of `keys`
    read_index, ///< rows of the lists `keys`
    read_where, ///< rows of `where`
    // writes
    insert,         ///< `set`; result: the new row
    update,         ///< `keys`[0], `set`; result: the row, or errc::not_found
    upsert,         ///< `set` names the primary key; result: the row
    erase,          ///< `keys`[0]; matched 0 or 1
    update_where,   ///< `where`, `set`: keys locked first, then written by key
    erase_where,    ///< `where`: keys locked first, then deleted by key
    find_or_create, ///< `where` finds, `set` creates; result: row, created
  };
  kind_type kind = kind_type::read_keys;
  entity_id type = 0;
  std::vector<key> keys;
  filter where;
  assignments set;
  bool for_update = false; ///< reads: lock the rows
  /// find_or_create: a row to lock first where uniqueness has no key (rule 8).
  std::optional<key> lock_first;
  friend bool operator==(const operation&, const operation&) = default;
};

[[nodiscard]] constexpr bool is_write(operation::kind_type k) noexcept {
  return k >= operation::kind_type::insert;
}

struct operation_result {
  std::vector<row> rows; ///< read, or read back after the write
  uint64_t matched = 0;  ///< rows the condition met
  uint64_t changed = 0;  ///< rows whose content differs afterwards
  bool created = false;  ///< find_or_create, upsert: inserted
  friend bool operator==(const operation_result&, const operation_result&)
      = default;
};

enum class outcome : uint8_t {
  committed,
  rolled_back, ///< for certain: nothing was changed
  unknown,     ///< the connection was lost in COMMIT
};

/// What happened to one row: images before and after, as read under its lock.
struct row_change {
  key id;     ///< primary key (of the before image where it changed)
  row before; ///< empty: was absent, or is not known (`complete` false)
  row after;  ///< empty: is absent, or is not known
  /// False where an image is missing: lists cannot be named, so the type's
  /// lists are dropped.
  bool complete = true;
  friend bool operator==(const row_change&, const row_change&) = default;
};

} // namespace toadcache
