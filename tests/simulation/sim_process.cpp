#include "tests/simulation/sim_process.hpp"

#include <caf/deep_to_string.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/send.hpp>

namespace toadcache::simulation {

void sim_executor::run() {
  while (!work_.empty()) {
    auto work = std::move(work_.front());
    work_.pop_front();
    work();
  }
}

sim_process::system_config::system_config() {
  configure(*this);
  set("scheduler.policy", caf::atom("testing"));
}

/// A store that goes away when its process is cut.
class sim_process::cuttable_store final : public cache_store {
public:
  explicit cuttable_store(std::shared_ptr<disk_slot> slot)
      : slot_(std::move(slot)) {}

  result<store_opening> open() override {
    return on([](auto& s) { return s.open(); });
  }
  result<void> apply(const batch& b) override {
    return on([&](auto& s) { return s.apply(b); });
  }
  result<std::vector<disk_entry>> load(std::span<const key> ids) override {
    return on([&](auto& s) { return s.load(ids); });
  }
  result<void> begin_run() override {
    return on([](auto& s) { return s.begin_run(); });
  }
  result<void> continue_run() override {
    return on([](auto& s) { return s.continue_run(); });
  }
  result<key_slice> scan(entity_id type, int64_t after, size_t limit) override {
    return on([&](auto& s) { return s.scan(type, after, limit); });
  }
  result<std::vector<key>> clean_up(wall_time now, size_t limit) override {
    return on([&](auto& s) { return s.clean_up(now, limit); });
  }
  result<std::vector<invalidation_record>> log(size_t limit) override {
    return on([&](auto& s) { return s.log(limit); });
  }
  result<store_statistics> statistics() override {
    return on([](auto& s) { return s.statistics(); });
  }
  result<void> close() override {
    return on([](auto& s) { return s.close(); });
  }

private:
  template <class F>
  auto on(F f) -> decltype(f(std::declval<cache_store&>())) {
    if (slot_->store)
      return f(*slot_->store);
    return fail(errc::tier_closed, "the process was killed");
  }
  std::shared_ptr<disk_slot> slot_;
};

std::unique_ptr<cache_store> sim_process::make_store() {
  auto slot = std::make_shared<disk_slot>();
  if (!cut_)
    slot->store = std::make_unique<tests::memory_cache_store>(
        parts_.image, parts_.config.persistence, "simulated",
        parts_.config.planted);
  disks_.push_back(slot);
  return std::make_unique<cuttable_store>(std::move(slot));
}

sim_process::sim_process(parts p) : parts_(std::move(p)), clock_(*parts_.time) {
  system_ = std::make_unique<caf::actor_system>(config_);
  scheduler().clock().current_time = parts_.time->now;
  shared_ = std::make_shared<shared_state>(parts_.types, parts_.config, clock_);
  shared_->source = std::make_shared<sim_database>(*parts_.server, parts_.name);
  if (parts_.image)
    shared_->make_store = [this] { return make_store(); };
  shared_->make_stream = parts_.make_stream;
  shared_->feed = parts_.feed;
  shared_->wall_now = [this] {
    // Virtual time after a fixed day, so that files of one run compare.
    return wall_time{std::chrono::hours{24 * 365 * 50}
                     + std::chrono::duration_cast<milliseconds>(
                         parts_.time->now.time_since_epoch())};
  };
  executor_ = std::make_shared<sim_executor>();
  core_ = std::make_shared<client_core>(shared_, executor_);
  running_ = runtime::start(*system_, shared_).value();
}

sim_process::~sim_process() {
  cut();
  shared_->stopping = true;
  caf::anon_send(running_->node(), stop_all{});
  // Virtual time runs as far as it must; the process sees nobody any more.
  for (int i = 0; i < 200000; ++i) {
    executor_->run();
    if (scheduler().has_job())
      scheduler().run_once();
    else if (!scheduler().trigger_timeout())
      break;
  }
  core_.reset();
  running_.reset();
  shared_.reset();
  system_.reset();
}

caf::scheduler::test_coordinator& sim_process::scheduler() const {
  return static_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

uint64_t sim_process::actor_of(size_t i) const {
  auto actor = dynamic_cast<caf::scheduled_actor*>(scheduler().jobs[i]);
  return actor == nullptr ? 0 : actor->id();
}

std::string sim_process::role_of(size_t i) const {
  auto actor = dynamic_cast<caf::scheduled_actor*>(scheduler().jobs[i]);
  return actor == nullptr ? "" : actor->name();
}

std::string sim_process::describe_job(size_t i) const {
  auto actor = dynamic_cast<caf::scheduled_actor*>(scheduler().jobs[i]);
  if (actor == nullptr)
    return "?";
  std::string out
      = name() + " " + actor->name() + "#" + std::to_string(actor->id());
  if (auto next = actor->mailbox().peek())
    out += " <- " + caf::to_string(next->content());
  return out;
}

const apply_changes* sim_process::logged_part(size_t i,
                                              const partition*& of) const {
  auto actor = dynamic_cast<caf::scheduled_actor*>(scheduler().jobs[i]);
  auto next = actor == nullptr ? nullptr : actor->mailbox().peek();
  if (next == nullptr || !next->content().match_elements<apply_changes>())
    return nullptr;
  auto& part = next->content().get_as<apply_changes>(0);
  for (cache_id id = 0; id < shared_->caches.size(); ++id)
    if (auto cache = shared_->actors.cache(id);
        cache && cache.id() == actor->id()) {
      of = shared_->partitions[id].get();
      return part.source == change_source::feed ? &part : nullptr;
    }
  return nullptr;
}

void sim_process::run_job(size_t i) {
  auto& jobs = scheduler().jobs;
  std::swap(jobs.front(), jobs[i]);
  scheduler().run_once();
  executor_->run();
}

void sim_process::catch_up() {
  auto behind = parts_.time->now - scheduler().clock().current_time;
  if (behind.count() > 0)
    scheduler().advance_time(std::chrono::duration_cast<caf::timespan>(behind));
  executor_->run();
}

void sim_process::stop() {
  shared_->stopping = true;
  auto done = stopped_;
  auto node = running_->node();
  system_->spawn([node, done](caf::event_based_actor* self) {
    self->request(node, std::chrono::minutes{10}, stop_all{})
        .then([done](const toadcache::stopped&) { *done = true; },
              [done](caf::error&) { *done = true; });
  });
}

bool sim_process::stopped() const {
  return *stopped_;
}

void sim_process::cut() {
  if (cut_)
    return;
  cut_ = true;
  static_cast<sim_database&>(*shared_->source).cut();
  for (auto& d : disks_)
    if (auto slot = d.lock())
      slot->store.reset();
}

void sim_process::crash(const std::string& role) {
  caf::anon_send(running_->node(), role, fail_now{});
}

} // namespace toadcache::simulation
