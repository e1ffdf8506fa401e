// One simulated process: an actor system on virtual time under the test
// coordinator, a runtime in it on a simulated database and disk, and the
// facade's core. Driven message by message by the run. One thread.
//
// `cut` is a kill: from that moment nothing the process does reaches the
// database or the disk, and what it still does inside is of no interest.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/runtime.hpp"
#include "client/client_core.hpp"
#include "tests/simulation/sim_database.hpp"
#include "tests/support/memory_cache_store.hpp"

namespace toadcache::simulation {

/// Runs posted work when the run says so.
class sim_executor final : public executor {
public:
  void post(std::function<void()> work) override {
    work_.push_back(std::move(work));
  }
  /// Runs what is posted, and what that posts.
  void run();

private:
  std::deque<std::function<void()>> work_;
};

class sim_process {
public:
  struct parts {
    sim_server* server = nullptr;
    const sim_time* time = nullptr;
    catalog_ptr types;
    options config;
    /// The cache file; null: no disk tier.
    std::shared_ptr<tests::cache_image> image;
    /// What its change feed follows; empty: no feed.
    std::function<std::shared_ptr<change_stream>()> make_stream;
    feed_options feed;
    std::string name; ///< as the server's log calls it
  };

  explicit sim_process(parts p);
  /// Cuts, then lets the actors run to their end.
  ~sim_process();
  sim_process(const sim_process&) = delete;
  sim_process& operator=(const sim_process&) = delete;

  [[nodiscard]] client_core& core() { return *core_; }
  [[nodiscard]] shared_state& shared() const { return *shared_; }
  [[nodiscard]] const std::string& name() const { return parts_.name; }

  // -- the schedule -----------------------------------------------------------

  [[nodiscard]] size_t job_count() const { return scheduler().jobs.size(); }
  /// The id of the actor whose turn is `i`; the same in every run of a seed.
  [[nodiscard]] uint64_t actor_of(size_t i) const;
  /// "entity-cache".
  [[nodiscard]] std::string role_of(size_t i) const;
  /// What it would handle, for traces.
  [[nodiscard]] std::string describe_job(size_t i) const;
  /// The part of the log's news that it would handle, and of which partition;
  /// nullptr: something else.
  [[nodiscard]] const apply_changes* logged_part(size_t i,
                                                 const partition*& of) const;
  /// Lets one actor handle one message. Requires: i < job_count().
  void run_job(size_t i);
  /// Brings the clock to the run's now; fires what is due.
  void catch_up();

  // -- the end ----------------------------------------------------------------

  /// Asks for the ordered shutdown; goes on until `stopped`.
  void stop();
  [[nodiscard]] bool stopped() const;
  void cut();
  [[nodiscard]] bool alive() const { return !cut_; }

  /// Makes the actor of that role throw.
  void crash(const std::string& role);

private:
  struct system_config : caf::actor_system_config {
    system_config();
  };
  class process_clock final : public clock {
  public:
    explicit process_clock(const sim_time& time) : time_(time) {}
    [[nodiscard]] time_point now() const noexcept override { return time_.now; }

  private:
    const sim_time& time_;
  };
  struct disk_slot {
    std::unique_ptr<cache_store> store;
  };
  class cuttable_store;

  [[nodiscard]] caf::scheduler::test_coordinator& scheduler() const;
  std::unique_ptr<cache_store> make_store();

  parts parts_;
  process_clock clock_;
  system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  shared_ptr_state shared_;
  std::shared_ptr<sim_executor> executor_;
  std::shared_ptr<client_core> core_;
  std::shared_ptr<runtime> running_;
  std::vector<std::weak_ptr<disk_slot>> disks_;
  std::shared_ptr<bool> stopped_ = std::make_shared<bool>(false);
  bool cut_ = false;

public:
  [[nodiscard]] sim_executor& where() { return *executor_; }
};

} // namespace toadcache::simulation
