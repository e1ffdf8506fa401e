// One row of an answer with its entity type: the row's bytes, where they came
// from, how old they are, and access by column name. A cheap value (two
// pointers and metadata); valid while the cache that answered exists.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/values.hpp"
#include "model/catalog.hpp"
#include "model/reply.hpp"

namespace toadcache {

class record {
public:
  record() = default;
  record(const entity_type& type, row_reply reply)
      : type_(&type), reply_(std::move(reply)) {}

  /// False: "no such row".
  [[nodiscard]] bool found() const noexcept { return reply_.found(); }
  explicit operator bool() const noexcept { return found(); }

  /// Requires: not default-constructed.
  [[nodiscard]] const entity_type& type() const noexcept { return *type_; }
  [[nodiscard]] const row& content() const noexcept { return reply_.content; }

  /// The column's value, borrowed from this record's row; changes made with
  /// `set` do not show. errc::invalid names entity and column when there is no
  /// such column, errc::not_found when there is no row. O(columns).
  [[nodiscard]] result<value_view> at(std::string_view column) const;
  /// As `at`, but zero, "" or NULL where that fails.
  [[nodiscard]] int64_t int_at(std::string_view column) const;
  [[nodiscard]] std::string_view text_at(std::string_view column) const;
  [[nodiscard]] bool is_null(std::string_view column) const;
  /// The values of the primary key. Requires: found().
  [[nodiscard]] std::vector<value> id() const;

  [[nodiscard]] tier from() const noexcept { return reply_.from; }
  [[nodiscard]] freshness state() const noexcept { return reply_.state; }
  /// Since the row was read from the database.
  [[nodiscard]] milliseconds age() const noexcept { return reply_.age; }
  /// The partition's generation; 0 unless in the development profile.
  [[nodiscard]] uint64_t generation() const noexcept {
    return reply_.generation;
  }
  /// Content hash and `updated` stamp. O(columns).
  [[nodiscard]] toadcache::version version() const;

  /// Notes a new value for `save`; the row itself is immutable.
  record& set(std::string column, value v);
  [[nodiscard]] const fields& changes() const noexcept { return changes_; }

private:
  const entity_type* type_ = nullptr;
  row_reply reply_;
  fields changes_;
};

using records = std::vector<record>;

/// A row with the rows related to it, assembled at read time from lists and
/// rows (not a snapshot). `related["profiles"]` has one tree per row.
struct tree {
  record self;
  std::map<std::string, std::vector<tree>, std::less<>> related;
  /// The related rows of one name; empty when there are none.
  [[nodiscard]] const std::vector<tree>& at(std::string_view name) const;
};

using trees = std::vector<tree>;

/// Rows met by a conditional write and rows whose content it changed.
struct affected {
  uint64_t matched = 0;
  uint64_t changed = 0;
  friend bool operator==(const affected&, const affected&) = default;
};

/// Of find_or_create and upsert.
struct found_or_created {
  record self;
  bool created = false;
};

} // namespace toadcache
