// Turns entity types as written (names everywhere) into a catalog (positions,
// indexes, children), checking every name on the way. Used by the JSON form
// and by learning from a live schema; stateless, thread-safe, never blocks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog.hpp"

namespace toadcache {

/// A unique key or lookup by column names.
struct index_draft {
  std::string name;
  std::vector<std::string> columns;
};

/// A foreign key by names.
struct relation_draft {
  std::string name;
  std::string list_name;
  std::vector<std::string> columns;
  std::string parent;
  std::vector<std::string> parent_columns;
  reference_action on_update = reference_action::restrict;
  reference_action on_delete = reference_action::restrict;
};

/// An entity type by names; the fields mean what they mean in entity_type.
struct entity_draft {
  std::string name;
  std::string table;
  std::vector<column> columns;
  std::vector<std::string> primary_key;
  std::vector<index_draft> unique;
  std::vector<index_draft> lookups;
  std::vector<relation_draft> relations;
  std::optional<std::string> group_column;
  std::optional<std::string> group_relation;
  ttl_options ttl;
  double weight = 1.0;
  std::string eviction{default_eviction};
};

class catalog_builder {
public:
  /// Entity ids follow the order of the drafts, indexes the order unique keys,
  /// lookups, relations. errc::invalid: one line with origin, entity, column
  /// and expectation.
  [[nodiscard]] static result<std::shared_ptr<const catalog>>
  build(std::string_view origin, std::vector<entity_draft> drafts);

  /// errc::invalid as one line: "origin: mistake", line breaks (names may hold
  /// any character) replaced.
  [[nodiscard]] static tl::unexpected<failure>
  refusal(std::string_view origin, std::string_view mistake);
};

} // namespace toadcache
