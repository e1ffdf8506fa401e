// Handles of the seven ToadOverlay entities for C++ callers: the operations of
// entity_handle, with records whose columns have names and types. Zero-copy: a
// typed record shares its row. Thread-safe as entity_handle is.
#pragma once

#include <utility>
#include <vector>

#include "client/entity_handle.hpp"
#include "model/views.hpp"

namespace toadcache {

/// A record that is also a view: `user->name()`. Requires for `->`: found().
template <class View>
class typed_record : public record {
public:
  typed_record() = default;
  explicit typed_record(record r) : record(std::move(r)) {}

  [[nodiscard]] View view() const { return View{content()}; }

  class arrow {
  public:
    explicit arrow(View v) : view_(std::move(v)) {}
    const View* operator->() const noexcept { return &view_; }

  private:
    View view_;
  };
  [[nodiscard]] arrow operator->() const { return arrow{view()}; }
};

template <class View>
class typed_handle {
public:
  using row_type = typed_record<View>;
  using rows_type = std::vector<row_type>;

  explicit typed_handle(entity_handle h) : handle_(std::move(h)) {}

  /// The operations that are the same for every entity.
  [[nodiscard]] const entity_handle& untyped() const noexcept {
    return handle_;
  }

  answer<row_type, record> find_by_pk(const values& id,
                                      const read_options& how = {}) const {
    return handle_.find_by_pk(id, how);
  }
  answer<rows_type, records> find_many(const std::vector<value>& ids,
                                       const read_options& how = {}) const {
    return handle_.find_many(ids, how);
  }
  answer<row_type, record> find_one(std::string_view index, const values& v,
                                    const read_options& how = {}) const {
    return handle_.find_one(index, v, how);
  }
  answer<rows_type, records> find_all(std::string_view index, const values& v,
                                      const read_options& how = {}) const {
    return handle_.find_all(index, v, how);
  }
  answer<rows_type, records> find_where(const query& q,
                                        const read_options& how = {}) const {
    return handle_.find_where(q, how);
  }

  answer<row_type, record> create(const fields& set,
                                  const write_options& how = {}) const {
    return handle_.create(set, how);
  }
  answer<row_type, record> update(const values& id, const fields& set,
                                  const write_options& how = {}) const {
    return handle_.update(id, set, how);
  }
  answer<row_type, record> save(const record& r,
                                const write_options& how = {}) const {
    return handle_.save(r, how);
  }
  answer<affected> destroy(const values& id,
                           const write_options& how = {}) const {
    return handle_.destroy(id, how);
  }

private:
  entity_handle handle_;
};

} // namespace toadcache
