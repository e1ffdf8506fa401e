#include "actors/dispatcher.hpp"

#include <exception>

namespace toadcache {

void dispatcher_context::after(milliseconds delay,
                               std::function<void(dispatcher_context&)> f) {
  ++state_.outstanding_;
  auto* state
      = &state_; // the message runs inside the same actor, or not at all
  auto work = [state, f = std::move(f)](dispatcher_context& context) {
    state->run([&] { f(context); });
    state->finished();
  };
  state_.self_->delayed_send(
      state_.self_, delay,
      dispatch{std::make_shared<std::function<void(dispatcher_context&)>>(
          std::move(work))});
}

dispatcher_actor::behavior_type
dispatcher_state::start(shared_ptr_state shared) {
  shared_ = std::move(shared);
  return {
      [this](dispatch& msg) {
        auto work = std::move(msg.work); // destroyed as soon as it has run
        if (!work)
          return;
        dispatcher_context context{*this};
        run([&] { (*work)(context); });
      },
      [this](drain) { return on_drain(); },
  };
}

caf::result<stopped> dispatcher_state::on_drain() {
  if (outstanding_ == 0)
    return stopped{};
  drains_.push_back(self_->make_response_promise<stopped>());
  return drains_.back();
}

void dispatcher_state::run(const std::function<void()>& work) {
  try {
    work();
  } catch (const std::exception& e) {
    shared_->log->error("dispatcher: work threw: {}", e.what());
  } catch (...) {
    shared_->log->error("dispatcher: work threw something unknown");
  }
}

void dispatcher_state::finished() {
  if (--outstanding_ > 0)
    return;
  for (auto& promise : std::exchange(drains_, {}))
    promise.deliver(stopped{});
}

dispatcher_actor::behavior_type
dispatcher(dispatcher_actor::stateful_pointer<dispatcher_state> self,
           shared_ptr_state shared) {
  return self->state.start(std::move(shared));
}

} // namespace toadcache
