#include "actors/runtime.hpp"

#include <algorithm>
#include <thread>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/frugal_scheduler.hpp"
#include "actors/node.hpp"
#include "actors/spawn_blocking.hpp"
#include "messages/errors.hpp"

namespace toadcache {

result<std::shared_ptr<runtime>> runtime::start(caf::actor_system& system,
                                                shared_ptr_state shared) {
  std::shared_ptr<runtime> made{new runtime{system, std::move(shared)}};
  if (is_simulated(system)) { // the test drives it
    made->node_ = system.spawn(toadcache::node, made->shared_, nullptr);
    return made;
  }
  auto ready = std::make_shared<std::promise<void>>();
  auto started = ready->get_future();
  made->node_ = system.spawn(toadcache::node, made->shared_, ready);
  if (started.wait_for(made->shared_->config.node.shutdown_grace)
      != std::future_status::ready)
    return fail(errc::timeout, "the actors did not start in time; is the actor "
                               "system's scheduler blocked?");
  return made;
}

runtime::~runtime() {
  if (node_)
    caf::anon_send(node_, stop_all{});
}

void runtime::stop() {
  if (!node_)
    return;
  shared_->stopping.store(true, std::memory_order_release);
  // Four steps with twice the grace time each, at the worst.
  auto limit = 10 * shared_->config.node.shutdown_grace;
  caf::scoped_actor self{system_};
  self->request(node_, limit, stop_all{})
      .receive([](const stopped&) {},
               [this](caf::error& e) {
                 shared_->log->error("shutdown: {}", to_failure(e).what);
               });
  node_ = nullptr;
}

void configure(caf::actor_system_config& config, size_t connections_count) {
  config.module_factories.emplace_back(make_scheduler);
  config.set("scheduler.max-threads", scheduler_threads(connections_count));
  // An actor whose mailbox never empties lets the others run now and then.
  config.set("scheduler.max-throughput", size_t{64});
  config.add_message_types<caf::id_block::toadcache>();
  config.add_error_category(
      caf::atom("toadcache"),
      [](uint8_t code, caf::atom_value, const caf::message& context) {
        std::string text{to_string(static_cast<errc>(code))};
        if (context.match_elements<std::string>())
          text += ": " + context.get_as<std::string>(0);
        return text;
      });
}

} // namespace toadcache
