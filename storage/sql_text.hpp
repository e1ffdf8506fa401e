// The SQL of the `session` calls as text with parameters, for both dialects.
// Values never become part of the text. Pure functions, thread-safe, no I/O.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/operation.hpp"

namespace toadcache {

/// One statement: text with a '?' per parameter.
struct sql_statement {
  struct parameter {
    column_type type = column_type::text; ///< how `data` is sent
    value data;
  };
  std::string text;
  std::vector<parameter> parameters;
};

/// What differs between the databases' SQL. Implementations are stateless.
class sql_dialect {
public:
  virtual ~sql_dialect() = default;
  /// A name as an identifier, whatever characters it has.
  [[nodiscard]] virtual std::string quote(std::string_view name) const = 0;
  /// How a column is selected so that its text arrives exactly.
  [[nodiscard]] virtual std::string selected(const column& c) const = 0;
  /// How a column appears in a comparison with < and >.
  [[nodiscard]] virtual std::string ordered(const column& c) const = 0;
  /// The placeholder that a column is compared with.
  [[nodiscard]] virtual std::string placeholder(const column& c,
                                                bool by_order) const = 0;
  /// Encloses the tuples of `(a, b) IN ...`.
  [[nodiscard]] virtual std::string_view tuples_prefix() const = 0;
  /// Follows a pattern after LIKE.
  [[nodiscard]] virtual std::string_view like_suffix() const = 0;
  /// Follows the table of a SELECT by primary key.
  [[nodiscard]] virtual std::string_view primary_hint() const = 0;
  /// Ends a SELECT that locks its rows.
  [[nodiscard]] virtual std::string_view lock_suffix() const = 0;
  /// Follows the table in an INSERT of defaults only.
  [[nodiscard]] virtual std::string_view insert_defaults() const = 0;
};

/// Keys per statement at most; beyond the servers' limits of parameters.
inline constexpr size_t max_statement_keys_count = 8192;

/// Keys are padded to this count by repeating the last, so that few statement
/// texts exist: 1, 8, 32, 128, 512, then multiples of 512.
[[nodiscard]] size_t padded_count(size_t count) noexcept;

/// Rows by primary key, by the tuples of an index (ordered by primary key), and
/// by condition (ordered as asked, then by primary key). errc::invalid: a key
/// of another type or index, too many keys, a column that does not exist.
/// Requires: keys and tuples are not empty.
[[nodiscard]] result<sql_statement> select_keys(const sql_dialect& d,
                                                const entity_type& type,
                                                std::span<const key> keys,
                                                bool for_update);
[[nodiscard]] result<sql_statement>
select_index(const sql_dialect& d, const entity_type& type, index_id index,
             std::span<const key> tuples, bool for_update);
[[nodiscard]] result<sql_statement> select_where(const sql_dialect& d,
                                                 const entity_type& type,
                                                 const filter& where,
                                                 bool for_update);

/// One row. errc::invalid: a value that its column cannot hold.
[[nodiscard]] result<sql_statement> insert_row(const sql_dialect& d,
                                               const entity_type& type,
                                               const assignments& set);
/// With an empty `set` the row is matched and left as it is.
[[nodiscard]] result<sql_statement> update_row(const sql_dialect& d,
                                               const entity_type& type,
                                               const key& id,
                                               const assignments& set);
[[nodiscard]] result<sql_statement>
delete_row(const sql_dialect& d, const entity_type& type, const key& id);

/// The primary key of a row just inserted, where `set` names all of it; else
/// the one auto-increment column takes `generated`. errc::invalid when neither
/// gives the key.
[[nodiscard]] bool needs_generated_id(const entity_type& type,
                                      const assignments& set);
[[nodiscard]] result<key> inserted_key(const entity_type& type,
                                       const assignments& set,
                                       uint64_t generated);

} // namespace toadcache
