// Row images of the replication log as rows of one entity type: the same bytes
// and the same content hash as a SELECT of the row gives.
#pragma once

#include <string>
#include <vector>

#include "storage/binlog_event.hpp"
#include "storage/binlog_values.hpp"
#include "storage/change_stream.hpp"
#include "storage/table_layout.hpp"

namespace toadcache {

/// The changes of one rows event.
struct decoded_rows {
  std::vector<logged_change> changes;
  /// Not empty: rows changed that cannot be named (no primary key in the
  /// image, a value that the catalog excludes); one line. The whole type is to
  /// be flushed.
  std::string unknown;
};

/// How the rows of one table map become rows of an entity type. Immutable,
/// thread-safe.
class row_decoder {
public:
  /// errc::invalid: the live table is not what the map describes, or not what
  /// the catalog says; the line names the column. `type` must outlive it.
  [[nodiscard]] static result<row_decoder> make(const entity_type& type,
                                                const table_map_event& map,
                                                const table_layout& live);

  /// errc::corrupt: the images do not fit the map. O(bytes).
  [[nodiscard]] result<decoded_rows> decode(const rows_event& e) const;

  [[nodiscard]] const entity_type& type() const noexcept { return *type_; }

private:
  /// What one image holds: a value per column of the entity; nullopt: unknown.
  using image = std::vector<std::optional<value>>;

  explicit row_decoder(const entity_type& type) : type_(&type) {}
  result<image> read_image(byte_cursor& c, std::string_view present) const;
  /// The row where all is known, else what is known.
  result<row> full_row(image& from) const;
  [[nodiscard]] assignments known(const image& from) const;
  result<key> key_in(const image& from) const;
  result<logged_change> change_of(rows_event::kind_type kind, image before,
                                  image after) const;

  static constexpr size_t unwanted = SIZE_MAX;
  struct source {
    column_reader reader;
    size_t column = unwanted; ///< of the entity
  };
  const entity_type* type_;
  std::vector<source> sources_; ///< by column of the table map
};

} // namespace toadcache
