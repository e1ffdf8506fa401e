// The edge at which exceptions end: a storage call runs inside `guarded` and
// yields a result. Thread-safe.
#pragma once

#include <exception>
#include <string>

#include "model/error.hpp"

namespace toadcache {

/// Runs `f`, which yields some result<T>; an exception becomes errc::internal.
template <class F>
auto guarded(F f) noexcept -> decltype(f()) {
  try {
    return f();
  } catch (const std::exception& e) {
    return fail(errc::internal, e.what());
  } catch (...) {
    return fail(errc::internal, "an exception of unknown type");
  }
}

} // namespace toadcache
