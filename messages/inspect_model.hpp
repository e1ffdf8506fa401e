// How CAF reads and writes the values of the model layer. Rows travel as their
// own bytes; foreign bytes are validated before they become a row.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <caf/error.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>

#include "model/operation.hpp"

namespace toadcache {

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, row& x) {
  std::string bytes;
  if constexpr (Inspector::reads_state)
    bytes = std::string{x.bytes()};
  auto load = [&]() -> caf::error {
    if (bytes.empty()) {
      x = row{};
      return caf::none;
    }
    auto decoded = row::decode(bytes);
    if (!decoded)
      return caf::make_error(caf::sec::invalid_argument, decoded.error().what);
    x = std::move(*decoded);
    return caf::none;
  };
  return f(caf::meta::type_name("row"), bytes, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, key& x) {
  auto type = x.type();
  auto index = x.index();
  std::string bytes;
  if constexpr (Inspector::reads_state)
    bytes = std::string{x.bytes()};
  auto load = [&]() -> caf::error {
    x = key{type, index, std::move(bytes)};
    return caf::none;
  };
  return f(caf::meta::type_name("key"), type, index, bytes,
           caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, value& x) {
  auto which = static_cast<uint8_t>(x.data().index());
  int64_t i = 0;
  uint64_t u = 0;
  double d = 0;
  std::string s;
  if constexpr (Inspector::reads_state) {
    if (auto p = std::get_if<int64_t>(&x.data()))
      i = *p;
    else if (auto q = std::get_if<uint64_t>(&x.data()))
      u = *q;
    else if (auto r = std::get_if<double>(&x.data()))
      d = *r;
    else if (auto t = std::get_if<std::string>(&x.data()))
      s = *t;
  }
  auto load = [&]() -> caf::error {
    switch (which) {
    case 0:
      x = value{};
      return caf::none;
    case 1:
      x = value{i};
      return caf::none;
    case 2:
      x = value{u};
      return caf::none;
    case 3:
      x = value{d};
      return caf::none;
    case 4:
      x = value{std::move(s)};
      return caf::none;
    default:
      return caf::make_error(caf::sec::invalid_argument, "value kind");
    }
  };
  return f(caf::meta::type_name("value"), which, i, u, d, s,
           caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, comparison& x) {
  return f(caf::meta::type_name("comparison"), x.column, x.op, x.operands);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, filter& x) {
  return f(caf::meta::type_name("filter"), x.all_of, x.order_by, x.limit);
}

namespace inspect_detail {

// std::optional as a flag and a value: CAF 0.17 knows only its own optional.
template <class T>
struct optional_field {
  std::optional<T>& field;
  bool present = false;
  T content{};
  explicit optional_field(std::optional<T>& f) : field(f) {
    present = f.has_value();
    if (present)
      content = *f;
  }
  void store() {
    if (present)
      field = std::move(content);
    else
      field.reset();
  }
};

} // namespace inspect_detail

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, operation& x) {
  inspect_detail::optional_field lock{x.lock_first};
  auto load = [&]() -> caf::error {
    lock.store();
    return caf::none;
  };
  return f(caf::meta::type_name("operation"), x.kind, x.type, x.keys, x.where,
           x.set, x.for_update, lock.present, lock.content,
           caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, operation_result& x) {
  return f(caf::meta::type_name("operation_result"), x.rows, x.matched,
           x.changed, x.created);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, row_change& x) {
  return f(caf::meta::type_name("row_change"), x.id, x.before, x.after,
           x.complete);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, row_reply& x) {
  return f(caf::meta::type_name("row_reply"), x.content, x.from, x.state, x.age,
           x.generation);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, list_reply& x) {
  return f(caf::meta::type_name("list_reply"), x.keys, x.rows, x.from, x.state,
           x.age);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, position& x) {
  return f(caf::meta::type_name("position"), x.source, x.gtid, x.file,
           x.offset);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, request_header& x) {
  return f(caf::meta::type_name("request_header"), x.trace, x.group,
           x.remaining);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, read_options& x) {
  inspect_detail::optional_field timeout{x.timeout};
  inspect_detail::optional_field max_age{x.max_age};
  inspect_detail::optional_field stale{x.accept_stale};
  auto load = [&]() -> caf::error {
    timeout.store();
    max_age.store();
    stale.store();
    return caf::none;
  };
  return f(caf::meta::type_name("read_options"), timeout.present,
           timeout.content, max_age.present, max_age.content, x.mode,
           stale.present, stale.content, caf::meta::load_callback(load));
}

} // namespace toadcache
