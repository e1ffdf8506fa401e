// One simulated run: a database server with its log, a disk, one process (or
// its successor), perhaps another one beside it, and their clients, all from
// one seed. Processes follow the log or do without. The schedule is permuted
// message by message, faults are injected, and the oracle judges every answer.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/dice.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/sim_log.hpp"
#include "tests/simulation/sim_process.hpp"

namespace toadcache::simulation {

/// What may happen in a run, as weights or chances out of 1000. `from_seed`
/// draws one: some runs are nothing but dense races, others everything at once.
struct run_plan {
  uint64_t seed = 0;
  planted_bug bug = planted_bug::none;
  size_t operations = 100;
  size_t clients = 4;
  uint32_t writes = 400;            ///< share of operations
  uint32_t notified_foreign = 0;    ///< chance per step
  uint32_t silent_foreign = 0;      ///< chance per step
  uint32_t foreign_between = 0;     ///< chance per statement
  uint32_t crashes = 0;             ///< chance per step
  const char* crash_role = nullptr; ///< of one actor only; null: of any
  uint32_t hot = 0;                 ///< chance that a row is the first owner
  uint32_t invalidations = 50;      ///< share of operations
  uint32_t toggles = 0;             ///< chance per step
  uint32_t outages = 0;             ///< chance per step
  uint32_t restarts = 0;            ///< chance per step
  /// Chance per restart that others write while the process is down, and that
  /// their log is purged, or the server restored, before it begins again.
  uint32_t away = 0;
  uint32_t restores = 0;    ///< chance per step: the server gets an old backup
  uint32_t disk_faults = 0; ///< chance per step
  uint32_t hangs = 0; ///< chance per step: an actor between log and memory
  const char* hang_role = nullptr; ///< of one actor only; null: of any
  /// Chance, when idle, of new work before time passes; a quarter of it per
  /// step.
  uint32_t starts = 500;
  uint32_t time_passes = 40; ///< chance per step while work is waiting
  bool disk = true;
  size_t memory_bytes = 1u << 20;
  size_t partitions_count = 1;
  size_t pool_count = 3;
  bool second_process = false; ///< another one beside it, on the same disk
  bool feed = false;           ///< the first process follows the log
  bool second_feed = false;    ///< the other one does
  milliseconds max_staleness{1000};
  milliseconds settle_time{100};
  milliseconds checkpoint_period{1000};
  milliseconds group_commit_delay{20}; ///< of the cache file
  size_t max_replay_count = 100000;
  uint32_t log_ahead = 0;  ///< chance per commit: readable before it is visible
  uint32_t log_faults = 0; ///< chance per step
  bool log_only_cut = false; ///< no other fault of the log
  log_shape log;
  stream_bug stream = stream_bug::none;
  /// Planted: trust is extended past the caches, which need not have applied
  /// anything.
  bool trust_past_caches = false;
  /// Planted: the processes do not know what the foreign keys do.
  bool cascades_unknown = false;
  sim_faults database;
  bool trace = false;

  [[nodiscard]] static run_plan from_seed(uint64_t seed);
};

struct run_report {
  std::vector<std::string> violations;
  std::vector<std::string> trace;
  uint64_t steps = 0;
  uint64_t judged = 0;
  uint64_t commits = 0;
  uint64_t memory_answers = 0;
  uint64_t disk_answers = 0;
  uint64_t restarts = 0;
  uint64_t logged = 0;    ///< changes of the log that a cache heard of
  uint64_t echoes = 0;    ///< of these
  uint64_t unsettled = 0; ///< fills refused by a tombstone
  uint64_t rewinds = 0;
  uint64_t losses = 0;            ///< of the place in the log
  uint64_t warm = 0;              ///< processes that went on from a checkpoint
  uint64_t warm_disk_answers = 0; ///< of these
  uint64_t restored = 0;          ///< backups of the server
};

class workload;

class simulation {
public:
  explicit simulation(run_plan plan);
  ~simulation();
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;

  /// Runs to the end, or to the first violation.
  run_report run();

  // -- for the workload -------------------------------------------------------

  [[nodiscard]] const run_plan& plan() const { return plan_; }
  [[nodiscard]] const catalog& types() const { return *types_; }
  [[nodiscard]] sim_server& server() { return *server_; }
  [[nodiscard]] history& past() { return past_; }
  [[nodiscard]] sim_process& process(size_t place) {
    return *seats_[place].process;
  }
  [[nodiscard]] process_id process_number(size_t place) const {
    return seats_[place].number;
  }
  [[nodiscard]] dice& chooser() { return dice_; }
  [[nodiscard]] const sim_time& time() const { return time_; }
  [[nodiscard]] run_report& report() { return report_; }
  /// What a process promises for what it serves; nullopt: it knows the times to
  /// live only.
  [[nodiscard]] std::optional<milliseconds> max_staleness(size_t place) const;
  /// For how long a commit of another program is in the log before it is
  /// visible.
  [[nodiscard]] milliseconds some_log_ahead();
  void note(const std::string& line);
  void violation(const std::string& line);

private:
  /// A place where a process runs, one after the other, and its clients.
  struct seat {
    std::unique_ptr<workload> clients;
    std::unique_ptr<sim_process> process;
    process_id number = 0;
    uint64_t slow_actor = 0;
    uint64_t hung_actor = 0; ///< does nothing until ...
    time_point hung_until{};
    bool feed = false;
    std::shared_ptr<sim_link> link; ///< of its process, with a feed
  };

  void start_process(seat& s);
  bool start_one();
  /// Places of the jobs whose actors do not hang.
  [[nodiscard]] std::vector<size_t> jobs_of(const seat& s) const;
  [[nodiscard]] size_t job_count() const;
  void hang_one(seat& s);
  void restart_process();
  void while_away();
  void restore_server();
  void step();
  void run_job();
  void run_job(sim_process& p, size_t i);
  void move_log();
  void disturb_log(seat& s);
  void mend_log(sim_link& l);
  void others_go_first();
  void trust_all();
  /// Of a process with a feed: what it serves, it serves as fresh.
  [[nodiscard]] bool trusted(const seat& s) const;
  void take_counts(const sim_process& p);
  void pass_time(std::chrono::microseconds t);
  void inject();
  void quiesce();
  void settle(const std::function<bool()>& done, milliseconds at_most);
  void check_resident(const seat& s);
  void check_acknowledged(const seat& s);
  template <class F>
  [[nodiscard]] bool all_seats(F f) const;
  void commit_visible(const sim_commit& c);

  run_plan plan_;
  dice dice_;
  sim_time time_;
  catalog_ptr types_;
  std::unique_ptr<sim_server> server_;
  std::unique_ptr<sim_log> log_;
  history past_{time_};
  std::shared_ptr<tests::cache_image> image_;
  struct server_backup {
    sim_server::backup tables;
    size_t log_size = 0;
  };
  std::optional<server_backup> backup_;
  std::vector<seat> seats_;    ///< the first one's process dies and restarts
  bool disturbed_ = true;      ///< faults and new work go on
  bool within_commit_ = false; ///< others go first meanwhile
  run_report report_;
};

/// The registers that a commit changes, with their new values.
[[nodiscard]] std::vector<register_version>
registers_of(const sim_server& server, const sim_commit& c);

/// A row or list for people.
[[nodiscard]] std::string describe(const catalog& types, const key& id,
                                   const register_value& v);

} // namespace toadcache::simulation
