#include "tools/load_run.hpp"

#include <chrono>
#include <condition_variable>
#include <iterator>
#include <thread>

namespace toadcache {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds progress_period{250};

/// What the clients of one run share.
class load_runner {
public:
  explicit load_runner(const load_run& run) : run_(run) {}

  result<load_result> run() {
    auto before = run_.load.now();
    auto skipped = run_.load.intervals().size();
    start_ = steady_clock::now();
    auto planned = run_.actions.back().at;
    give_up_ = start_ + 3 * planned + std::chrono::seconds{10};
    running_ = run_.clients_count;
    std::vector<std::thread> clients;
    for (size_t i = 0; i < run_.clients_count; ++i)
      clients.emplace_back([this] { act(); });
    wait();
    for (auto& c : clients)
      c.join();
    if (problem_)
      return fail(*problem_);
    std::chrono::duration<double> taken = steady_clock::now() - start_;
    out_.seconds = taken.count();
    auto after = run_.load.now();
    out_.database
        = {after.statements - before.statements, after.commits - before.commits,
           after.busy_ns - before.busy_ns, after.commit_ns - before.commit_ns};
    out_.database_busy = run_.load.intervals();
    out_.database_busy.erase(out_.database_busy.begin(),
                             out_.database_busy.begin()
                                 + static_cast<ptrdiff_t>(skipped));
    return std::move(out_);
  }

private:
  void wait() {
    std::unique_lock guard{lock_};
    while (!ended_.wait_for(guard, progress_period,
                            [this] { return running_ == 0; }))
      run_.progress(std::min(next_.load(), run_.actions.size()));
  }

  void act() {
    auto data = run_.connect();
    if (!data) {
      end({}, data.error());
      return;
    }
    bot client{**data, run_.who};
    std::optional<failure> problem;
    for (;;) {
      auto i = next_.fetch_add(1);
      if (i >= run_.actions.size() || !wait_until(run_.actions[i].at))
        break;
      if (steady_clock::now() > give_up_) {
        problem = failure{errc::timeout,
                          "the run takes more than three times as long as "
                          "planned; "
                              + std::to_string(i) + " of "
                              + std::to_string(run_.actions.size())
                              + " actions are done"};
        break;
      }
      client.run(run_.actions[i]);
    }
    data->reset(); // the bare database's connection ends in its own thread
    end(std::move(client.log()), std::move(problem));
  }

  /// False when the run is to stop.
  bool wait_until(nanoseconds at) const {
    constexpr std::chrono::milliseconds look_up{100};
    auto target
        = start_ + std::chrono::duration_cast<steady_clock::duration>(at);
    while (!run_.stop && steady_clock::now() < target)
      std::this_thread::sleep_until(
          std::min(target, steady_clock::now() + look_up));
    return !run_.stop;
  }

  void end(bot_log log, std::optional<failure> problem) {
    std::lock_guard guard{lock_};
    auto append = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    append(out_.log.calls, log.calls);
    append(out_.log.actions, log.actions);
    for (const auto& [code, count] : log.failures)
      out_.log.failures[code] += count;
    if (out_.log.first_failure.empty())
      out_.log.first_failure = log.first_failure;
    if (problem && !problem_)
      problem_ = std::move(problem);
    --running_;
    ended_.notify_all();
  }

  const load_run& run_;
  steady_clock::time_point start_;
  steady_clock::time_point give_up_;
  std::atomic<size_t> next_{0};
  std::mutex lock_;
  std::condition_variable ended_;
  size_t running_ = 0;
  std::optional<failure> problem_;
  load_result out_;
};

} // namespace

result<load_result> run_load(const load_run& run) {
  return load_runner{run}.run();
}

} // namespace toadcache
