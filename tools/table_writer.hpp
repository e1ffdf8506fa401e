// Statements by entity and column names over one plain database session: what
// the simulation needs to fill tables and to work without a cache. One thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/values.hpp"
#include "storage/database.hpp"

namespace toadcache {

class table_writer {
public:
  /// Requires: `types` has the entities asked for, and outlives this.
  table_writer(std::unique_ptr<session> to, const catalog& types);

  [[nodiscard]] session& connection() { return *to_; }
  [[nodiscard]] const catalog& types() const { return types_; }

  /// One row by primary key; an empty row when there is none.
  result<row> find(std::string_view entity, const std::vector<value>& id);
  /// The rows of a lookup, or of a relation by its parent's name.
  result<std::vector<row>> list(std::string_view entity, std::string_view index,
                                const std::vector<value>& of);

  // Within a transaction that the caller began. `created` and `updated` are
  // filled in.
  result<void> insert(std::string_view entity, fields set);
  result<void> update(std::string_view entity, const std::vector<value>& id,
                      fields set);

  /// One write in a transaction of its own.
  result<void> insert_alone(std::string_view entity, fields set);
  result<void> update_alone(std::string_view entity,
                            const std::vector<value>& id, fields set);

private:
  template <class F>
  result<void> alone(F write);
  std::unique_ptr<session> to_;
  const catalog& types_;
};

/// Now in UTC, as the `created` and `updated` columns hold it.
[[nodiscard]] std::string time_stamp();

} // namespace toadcache
