// A log of commits and streams on it, for tests: the test appends commits and
// says what fails, for all of its readers or for one of them. Positions are
// transaction ids 0-1-N. Not thread-safe.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "storage/change_stream.hpp"

namespace toadcache::tests {

/// How a reader of the log fares.
struct scripted_link {
  size_t silent_from = SIZE_MAX; ///< commits from here on are not delivered
  std::optional<stream_failure> next_fails;    ///< once
  std::optional<stream_failure> connect_fails; ///< until it is taken back
  bool connect_loses_place = false; ///< where there is one to go on from
  /// The next connect goes so many commits further back.
  size_t told_again = 0;
  std::vector<std::optional<resume_point>> connects;
};

struct scripted_log : scripted_link {
  std::vector<logged_commit> commits;
  size_t purged = 0; ///< so many of them, the first ones, cannot be read again

  [[nodiscard]] static resume_point place_of(size_t count) {
    resume_point p;
    p.at.source = "scripted";
    p.at.gtid = "0-1-" + std::to_string(count);
    p.at.file = "log.1";
    p.at.offset = 100 + count;
    return p;
  }
  [[nodiscard]] static size_t count_of(const resume_point& p) {
    return p.at.offset - 100;
  }
  logged_commit& append() {
    logged_commit c;
    c.end = place_of(commits.size() + 1);
    c.gtid = c.end.at.gtid;
    return commits.emplace_back(std::move(c));
  }
  void append(const entity_type& type, row before, row after) {
    auto& image = before ? before : after;
    logged_change c;
    c.kind = !before  ? logged_change::kind_type::insert
             : !after ? logged_change::kind_type::erase
                      : logged_change::kind_type::update;
    c.rows = {type.key_of(image), before, after, true};
    append().changes.push_back(std::move(c));
  }
};

class scripted_stream : public change_stream {
public:
  /// Without a link of its own a reader fares as the log says.
  explicit scripted_stream(std::shared_ptr<scripted_log> log,
                           std::shared_ptr<scripted_link> link = {})
      : log_(std::move(log)), link_(std::move(link)) {
    if (!link_)
      link_ = log_;
  }

  stream_result<resume_point>
  connect(const std::optional<resume_point>& from) override {
    link_->connects.push_back(from);
    if (link_->connect_fails)
      return tl::unexpected<stream_failure>(*link_->connect_fails);
    if (from && link_->connect_loses_place)
      return tl::unexpected<stream_failure>(
          {stream_fault::position_lost, "scripted", {}});
    read_ = from ? scripted_log::count_of(*from) : log_->commits.size();
    if (read_ < log_->purged)
      return tl::unexpected<stream_failure>(
          {stream_fault::position_lost, "scripted: purged", {}});
    auto again = std::exchange(link_->told_again, 0);
    if (from)
      read_ -= std::min(again, read_ - log_->purged);
    place_
        = read_ > 0 ? log_->commits[read_ - 1].end : scripted_log::place_of(0);
    return place_;
  }
  stream_result<std::optional<logged_commit>> next(milliseconds) override {
    if (link_->next_fails)
      return tl::unexpected<stream_failure>(
          *std::exchange(link_->next_fails, {}));
    if (read_ >= log_->commits.size() || read_ >= link_->silent_from)
      return std::optional<logged_commit>{};
    auto commit = log_->commits[read_++];
    place_ = commit.end;
    return std::optional<logged_commit>{std::move(commit)};
  }
  [[nodiscard]] const resume_point& place() const noexcept override {
    return place_;
  }
  stream_result<position> probe() override {
    return scripted_log::place_of(log_->commits.size()).at;
  }
  void interrupt() noexcept override {}

private:
  std::shared_ptr<scripted_log> log_;
  std::shared_ptr<scripted_link> link_;
  size_t read_ = 0;
  resume_point place_;
};

} // namespace toadcache::tests
