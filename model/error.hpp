// The errors of the product: one small enum with one sentence each, and the
// `result` that carries either a value or a failure. Values, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace toadcache {

/// What went wrong and, by that, what the caller can do. The numbers travel on
/// the wire: append only.
enum class errc : uint8_t {
  none = 0,        ///< No error; never carried by a failure.
  not_found,       ///< An update or delete met no row.
  duplicate,       ///< A primary or unique key exists already.
  foreign_key,     ///< A parent is missing, or children forbid the change.
  deadlock,        ///< Rolled back by the database; the transaction may rerun.
  unavailable,     ///< The database cannot be reached; nothing was changed.
  timeout,         ///< The deadline passed; a write was not sent.
  outcome_unknown, ///< A write may or may not have been committed.
  invalid,         ///< The request or the data does not fit the catalog.
  overloaded,      ///< A queue or permit limit is reached; try later.
  shutting_down,   ///< The runtime is stopping.
  tier_closed,     ///< The disk tier (or a restarting actor) cannot answer now.
  corrupt,         ///< Stored bytes failed their check.
  internal,        ///< A defect: an exception where none is expected.
};

/// The name of an error as printed, for example "outcome_unknown".
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// An error with one line for a person: what, where, what was expected.
struct failure {
  errc code = errc::internal;
  std::string what;
  friend bool operator==(const failure&, const failure&) = default;
};

/// "code: what".
[[nodiscard]] std::string to_string(const failure& f);

template <class T>
using result = tl::expected<T, failure>;

/// For `return fail(errc::invalid, "...")` from a function that yields result.
[[nodiscard]] inline tl::unexpected<failure> fail(errc code, std::string what) {
  return tl::unexpected<failure>(failure{code, std::move(what)});
}
[[nodiscard]] inline tl::unexpected<failure> fail(failure f) {
  return tl::unexpected<failure>(std::move(f));
}

} // namespace toadcache
