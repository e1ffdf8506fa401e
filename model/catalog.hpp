// The catalog: entity types as data. Parsed from JSON or learned from a
// database's information_schema, validated once, then immutable and
// thread-safe (shared by pointer).
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.hpp"
#include "model/eviction_names.hpp"
#include "model/key.hpp"
#include "model/row.hpp"

namespace toadcache {

struct column {
  std::string name;
  column_type type = column_type::text;
  bool nullable = false;
  /// Text: longest value in characters, binary: in bytes; 0 is unbounded.
  uint32_t max_length = 0;
  /// Text: the collation; most of them find 'abc' for 'ABC', and the older
  /// "_bin" ones still find 'abc' for 'abc  '.
  std::string collation;
  /// The column's type in SQL as the server writes it, for schema creation.
  std::string sql_type;
  /// The default as an SQL literal; absent: none.
  std::optional<std::string> sql_default;
  bool auto_increment = false;
  /// True when two values are equal for the database only if their bytes are:
  /// integers, binary, and text whose collation is "binary" or a "_bin" without
  /// padding.
  [[nodiscard]] bool compares_bytes() const noexcept;
  friend bool operator==(const column&, const column&) = default;
};

/// What a foreign key does to the child when the parent's key goes or changes.
enum class reference_action : uint8_t {
  restrict,
  cascade,
  set_null,
  no_action
};

/// A way to find rows other than by primary key. Its cached form is a list of
/// primary keys per value tuple.
struct index {
  enum class kind_type : uint8_t {
    unique,   ///< at most one row per tuple
    lookup,   ///< several rows, not a foreign key
    relation, ///< several rows: the children of one parent row
  };
  /// Unique within the entity: "auth"; for a relation the parent and its list
  /// name, "user.profiles".
  std::string name;
  kind_type kind = kind_type::lookup;
  std::vector<size_t> columns; ///< positions in entity_type::columns
  friend bool operator==(const index&, const index&) = default;
};

/// A foreign key, seen from the child.
struct relation {
  std::string name;            ///< to-one name on the child: "user"
  std::string list_name;       ///< to-many name on the parent: "profiles"
  std::vector<size_t> columns; ///< the child's columns
  entity_id parent = 0;
  std::vector<size_t> parent_columns; ///< the parent's columns, same length
  reference_action on_update = reference_action::restrict;
  reference_action on_delete = reference_action::restrict;
  index_id list_index = 0; ///< the index of the child that lists by parent
  friend bool operator==(const relation&, const relation&) = default;
};

struct entity_type {
  entity_id id = 0;
  std::string name; ///< "user_channel"
  std::string table;
  std::vector<column> columns;
  std::vector<column_type> types; ///< of the columns, in order
  std::vector<size_t> primary_key;
  std::vector<index> indexes; ///< index_id n is indexes[n - 1]
  std::vector<relation> relations;
  /// How a row reaches its group (guild): the position of the column that
  /// holds it, or the relation to follow first. Neither: no group.
  std::optional<size_t> group_column;
  std::optional<size_t> group_relation;
  ttl_options ttl;     ///< absent values filled from the defaults
  double weight = 1.0; ///< share of the memory budget, relative
  std::string eviction{default_eviction};

  [[nodiscard]] std::optional<size_t> find_column(std::string_view n) const;
  [[nodiscard]] const std::vector<size_t>& index_columns(index_id i) const;
  /// By index name: "auth", "user.profiles".
  [[nodiscard]] std::optional<index_id> find_index(std::string_view n) const;

  /// The key of an index from asked values, coerced to the columns' types.
  /// errc::invalid names entity, column and what was expected. NULL is refused:
  /// in SQL it equals nothing, so no key finds it.
  [[nodiscard]] result<key> make_key(index_id i,
                                     std::span<const value> v) const;
  /// The key that `r` itself holds. Requires: r is of this type.
  [[nodiscard]] key key_of(const row& r, index_id i = primary_index) const;
  /// True when no other tuple finds the same rows, as far as `aliases_of` can
  /// name them: every value compares as bytes, or is text that is lower-case
  /// printable ASCII without trailing blanks under a collation known to keep
  /// such text apart. Only then may "no such row" or a list be cached under it.
  [[nodiscard]] bool may_cache_absence(const key& k) const;
  /// The other keys under which an absence or list may be cached that a row
  /// with key `k` contradicts: the folded form. `all` is true when it cannot
  /// be named: drop every absence and list of that index.
  struct aliases {
    std::optional<key> folded;
    bool all = false;
  };
  [[nodiscard]] aliases aliases_of(const key& k) const;
  /// True when the database may find a row of this index under other bytes: a
  /// column of it is text that does not compare as bytes.
  [[nodiscard]] bool folds(index_id i) const;
  /// One form for all keys of an index that the database may take for one
  /// another ('B' and 'b'); coarser than any collation, for comparing only. A
  /// key that compares as bytes is its own. nullopt: text beyond printable
  /// ASCII, which may equal any other.
  [[nodiscard]] std::optional<key> common_form(const key& k) const;
  friend bool operator==(const entity_type&, const entity_type&) = default;
};

class catalog {
public:
  /// Version of the JSON form; others are refused.
  static constexpr int format_version = 1;

  /// Parses and validates. `origin` names the source in errors
  /// ("catalog.json"); types without TTLs take `defaults`. errc::invalid: one
  /// line with origin, entity, column and expectation.
  [[nodiscard]] static result<std::shared_ptr<const catalog>>
  parse(std::string_view json, std::string_view origin,
        const ttl_options& defaults = {});

  /// Reads a file, or the shipped ToadOverlay catalog when `path` is empty.
  [[nodiscard]] static result<std::shared_ptr<const catalog>>
  load(const std::string& path, const ttl_options& defaults = {});

  /// The shipped catalog of the seven ToadOverlay entities, as JSON.
  [[nodiscard]] static std::string_view shipped_json();

  [[nodiscard]] std::span<const entity_type> types() const { return types_; }
  [[nodiscard]] size_t size() const { return types_.size(); }
  /// Requires: id < size().
  [[nodiscard]] const entity_type& operator[](entity_id id) const {
    return types_[id];
  }
  /// nullptr when there is none.
  [[nodiscard]] const entity_type* find(std::string_view name) const;

  /// A relation into `parent`, as seen from there.
  struct child_relation {
    entity_id child;
    size_t relation; ///< position in the child's relations
    friend bool operator==(const child_relation&, const child_relation&)
        = default;
  };
  [[nodiscard]] std::span<const child_relation>
  children(entity_id parent) const;
  /// The relation that `parent` calls `list_name` ("profiles"), if any.
  [[nodiscard]] std::optional<child_relation>
  find_list(entity_id parent, std::string_view list_name) const;

  /// XXH3 over everything that changes what stored bytes mean.
  [[nodiscard]] uint64_t fingerprint() const { return fingerprint_; }

  /// The catalog as JSON, parseable by `parse` to an equal catalog.
  [[nodiscard]] std::string to_json() const;

private:
  std::vector<entity_type> types_;
  std::vector<std::vector<child_relation>> children_;
  uint64_t fingerprint_ = 0;
  friend class catalog_builder;
};

using catalog_ptr = std::shared_ptr<const catalog>;

} // namespace toadcache
