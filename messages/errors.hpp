// Failures as CAF errors and back. One category, "toadcache"; its text is the
// failure's own line.
#pragma once

#include <exception>

#include <caf/error.hpp>
#include <caf/fwd.hpp>

#include "model/error.hpp"

namespace toadcache {

[[nodiscard]] caf::error make_error(errc code);
[[nodiscard]] caf::error to_caf(const failure& f);
/// For an actor's exception handler: errc::internal with the exception's text.
/// The actor ends with it, and NODE, which starts it anew, logs it.
[[nodiscard]] caf::error to_caf(const std::exception_ptr& thrown);

/// CAF's own errors become: request_timeout -> timeout, a receiver that is gone
/// -> tier_closed, everything else -> internal with CAF's text.
[[nodiscard]] failure to_failure(const caf::error& e);

} // namespace toadcache
