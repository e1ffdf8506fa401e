// Messages that never leave the process: work handed to the DISPATCHER.
#pragma once

#include <functional>
#include <memory>

#include <caf/allowed_unsafe_message_type.hpp>

namespace toadcache {

class dispatcher_context;

/// Runs inside the DISPATCHER, which sends requests on behalf of threads that
/// are no actors. If it is dropped unrun, its captures are destroyed: a
/// `completion` held by it then answers `shutting_down`.
struct dispatch {
  std::shared_ptr<std::function<void(dispatcher_context&)>> work;
};

} // namespace toadcache

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(toadcache::dispatch)
