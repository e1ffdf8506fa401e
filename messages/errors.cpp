#include "messages/errors.hpp"

#include <caf/atom.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>
#include <caf/to_string.hpp>

namespace toadcache {

namespace {

constexpr auto category = caf::atom("toadcache");

} // namespace

caf::error make_error(errc code) {
  return {static_cast<uint8_t>(code), category};
}

caf::error to_caf(const failure& f) {
  return {static_cast<uint8_t>(f.code), category, caf::make_message(f.what)};
}

caf::error to_caf(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return to_caf({errc::internal, e.what()});
  } catch (...) {
    return to_caf({errc::internal, "something that is no exception"});
  }
}

failure to_failure(const caf::error& e) {
  if (e.category() == category) {
    const auto& context = e.context();
    auto code = static_cast<errc>(e.code());
    if (context.match_elements<std::string>())
      return {code, context.get_as<std::string>(0)};
    return {code, std::string{to_string(code)}};
  }
  if (e == caf::sec::request_timeout)
    return {errc::timeout, "no answer within the deadline"};
  if (e == caf::sec::request_receiver_down)
    return {errc::tier_closed, "the actor asked is restarting or gone"};
  return {errc::internal, "actor system: " + caf::to_string(e)};
}

} // namespace toadcache
