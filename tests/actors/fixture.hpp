// Runs actors on CAF's test coordinator: one thread, virtual time, nothing
// happens until the test asks for it. For tests of single actors; the spawned
// ones are killed at the end.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include "actors/shared_state.hpp"
#include "messages/errors.hpp"

namespace toadcache::tests {

struct fixture_config : caf::actor_system_config {
  fixture_config() {
    set("scheduler.policy", caf::atom("testing"));
    add_message_types<caf::id_block::toadcache>();
  }
};

/// The virtual clock of an actor system as the cache's clock.
class actor_time final : public clock {
public:
  explicit actor_time(caf::actor_system& system) : system_(system) {}
  time_point now() const noexcept override { return system_.clock().now(); }

private:
  caf::actor_system& system_;
};

/// The answer to a request, once it is there.
template <class T>
class answer {
public:
  [[nodiscard]] bool ready() const { return slot_->has_value(); }
  /// Requires: ready().
  [[nodiscard]] const result<T>& get() const {
    if (!ready())
      throw std::logic_error("no answer yet");
    return **slot_;
  }
  [[nodiscard]] const T& value() const {
    if (!get())
      throw std::logic_error(to_string(get().error()));
    return *get();
  }
  /// errc::none when there is a value.
  [[nodiscard]] errc error() const {
    return get() ? errc::none : get().error().code;
  }

private:
  friend class actor_fixture;
  std::shared_ptr<std::optional<result<T>>> slot_
      = std::make_shared<std::optional<result<T>>>();
};

class actor_fixture {
  fixture_config config_;
  std::mt19937_64 random_;
  std::vector<caf::strong_actor_ptr> owned_;

public:
  caf::actor_system system;
  caf::scheduler::test_coordinator& scheduler;
  actor_time time;
  std::shared_ptr<shared_state> shared;

  /// `types`: the shipped catalog unless given. `seed` orders run_random().
  explicit actor_fixture(options o = {}, catalog_ptr types = nullptr,
                         uint64_t seed = 0)
      : random_(seed), system(config_),
        scheduler(dynamic_cast<caf::scheduler::test_coordinator&>(
            system.scheduler())),
        time(system) {
    if (!types) {
      auto shipped = catalog::load("");
      if (!shipped)
        throw std::runtime_error(to_string(shipped.error()));
      types = *shipped;
    }
    // Away from zero, so that earlier times exist.
    scheduler.clock().current_time += std::chrono::hours{1000};
    shared = std::make_shared<shared_state>(types, std::move(o), time);
    shared->wall_now = [this] { return wall(); };
    run();
  }

  ~actor_fixture() {
    shared->actors.clear();
    for (auto& a : owned_)
      caf::anon_send_exit(caf::actor_cast<caf::actor>(a),
                          caf::exit_reason::kill);
    owned_.clear();
    // ~actor_system waits for every actor; their timers are let run out.
    for (int i = 0; i < 100000; ++i) {
      if (run() == 0 && !scheduler.trigger_timeout())
        break;
    }
  }

  actor_fixture(const actor_fixture&) = delete;
  actor_fixture& operator=(const actor_fixture&) = delete;

  /// The system clock in tests: virtual, in step with `time`.
  [[nodiscard]] wall_time wall() const {
    return wall_time{std::chrono::duration_cast<milliseconds>(
        time.now().time_since_epoch())};
  }

  /// The actor is killed at the end of the test.
  template <class Handle>
  Handle own(Handle h) {
    owned_.push_back(caf::actor_cast<caf::strong_actor_ptr>(h));
    return h;
  }

  /// Handles messages, in the order of sending, until none is left. Timers
  /// stay.
  size_t run() {
    size_t n = 0;
    while (scheduler.try_run_once())
      ++n;
    return n;
  }

  /// As run(), but actors take turns in an order drawn from the seed.
  size_t run_random() {
    size_t n = 0;
    for (auto& jobs = scheduler.jobs; !jobs.empty(); ++n) {
      std::uniform_int_distribution<size_t> pick{0, jobs.size() - 1};
      std::swap(jobs.front(), jobs[pick(random_)]);
      scheduler.run_once();
    }
    return n;
  }

  /// Lets virtual time pass in steps of at most `step`, so that timers which
  /// arm themselves again fire as often as they would.
  void advance(milliseconds total, milliseconds step = milliseconds{10}) {
    run();
    while (total.count() > 0) {
      auto part = std::min(total, step);
      scheduler.advance_time(part);
      run();
      total -= part;
    }
  }

  /// Sends without waiting for anything.
  template <class Handle, class Message>
  void send(const Handle& h, Message m) {
    caf::anon_send(h, std::move(m));
  }

  /// Asks without running anything; the answer arrives during run().
  template <class T, class Handle, class Message>
  answer<T> ask(const Handle& h, Message m,
                milliseconds timeout = milliseconds{60000}) {
    answer<T> a;
    system.spawn([h, m = std::move(m), timeout,
                  slot = a.slot_](caf::event_based_actor* self) {
      self->request(h, timeout, m)
          .then([slot](T& x) { *slot = std::move(x); },
                [slot](caf::error& e) { *slot = fail(to_failure(e)); });
    });
    return a;
  }

  /// Asks, handles messages, and expects the answer to be there.
  template <class T, class Handle, class Message>
  result<T> ask_now(const Handle& h, Message m) {
    auto a = ask<T>(h, std::move(m));
    run();
    return a.get();
  }
};

} // namespace toadcache::tests
