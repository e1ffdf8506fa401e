#include "tests/simulation/sim_log.hpp"

#include <algorithm>

namespace toadcache::simulation {

namespace {

class sim_stream final : public tests::scripted_stream {
public:
  sim_stream(const sim_server& server, std::shared_ptr<tests::scripted_log> log,
             std::shared_ptr<sim_link> link, stream_bug bug)
      : scripted_stream(log, link), server_(server), log_(std::move(log)),
        link_(std::move(link)), bug_(bug) {}

  stream_result<resume_point>
  connect(const std::optional<resume_point>& from) override {
    if (!server_.running())
      return down();
    if (from && !known(*from))
      return tl::unexpected<stream_failure>(
          {stream_fault::position_lost, "simulated: history differs", {}});
    start_ = server_.starts();
    auto at = scripted_stream::connect(from);
    if (!at && at.error().fault == stream_fault::position_lost
        && bug_ == stream_bug::loss_unnoticed)
      at = scripted_stream::connect({});
    if (at && from && bug_ == stream_bug::split_over_reconnect)
      rest_of_ = at->at;
    return at;
  }

  stream_result<std::optional<logged_commit>>
  next(milliseconds limit) override {
    if (lost())
      return down();
    if (link_->next_fails && bug_ == stream_bug::loss_unnoticed
        && link_->next_fails->fault == stream_fault::position_lost) {
      log_->purged = log_->commits.size();
      link_->next_fails->fault = stream_fault::connection_lost;
    }
    auto commit = scripted_stream::next(limit);
    if (!commit || !*commit)
      return commit;
    auto& changes = (*commit)->changes;
    if (bug_ == stream_bug::partial_taken_for_full)
      for (auto& c : changes)
        c.rows.complete = true;
    // The first part was read before the connection was lost, and forgotten.
    if (rest_of_ && changes.size() > 1)
      changes.erase(changes.begin(), changes.end() - 1);
    rest_of_.reset();
    return commit;
  }

  stream_result<position> probe() override {
    if (lost())
      return down();
    if (bug_ == stream_bug::probe_of_what_is_read)
      return place().at;
    return scripted_stream::probe();
  }

private:
  [[nodiscard]] bool lost() const {
    return !server_.running() || server_.starts() != start_;
  }
  // Does the event before that place stand where it stood?
  [[nodiscard]] bool known(const resume_point& from) const {
    auto count = tests::scripted_log::count_of(from);
    if (count > log_->commits.size())
      return false;
    return count == 0 || bug_ == stream_bug::restored_taken_for_old
           || log_->commits[count - 1].end.last == from.last;
  }
  static tl::unexpected<stream_failure> down() {
    return tl::unexpected<stream_failure>(
        {stream_fault::connection_lost, "simulated server is down", {}});
  }

  const sim_server& server_;
  std::shared_ptr<tests::scripted_log> log_;
  std::shared_ptr<sim_link> link_;
  stream_bug bug_;
  uint64_t start_ = 0; ///< of the server, when the connection was made
  std::optional<position> rest_of_;
};

} // namespace

sim_log::sim_log(sim_server& server, log_shape shape, uint64_t seed)
    : server_(server), shape_(shape), dice_(seed) {}

// As binlog_row_image=MINIMAL: the key before, and what has changed. What the
// second image leaves out stands in the first, or is not known.
logged_change sim_log::change_of(const sim_change& c) {
  using kind = logged_change::kind_type;
  auto& type = server_.types()[c.type];
  logged_change out;
  out.kind = !c.before ? kind::insert : !c.after ? kind::erase : kind::update;
  out.rows
      = {type.key_of(c.before ? c.before : c.after), c.before, c.after, true};
  if (out.kind == kind::update)
    if (auto id = type.key_of(c.after); id != out.rows.id)
      out.new_id = std::move(id);
  if (out.kind == kind::insert || !dice_.chance(shape_.partial_images))
    return out;
  auto in_key = [&](size_t i) {
    auto& all = type.primary_key;
    return std::find(all.begin(), all.end(), i) != all.end();
  };
  out.rows.complete = false;
  out.rows.before = {};
  for (size_t i = 0; i < type.columns.size(); ++i) {
    if (in_key(i))
      out.known_before.emplace_back(i, value{c.before.at(i)});
    if (c.after && (in_key(i) || value{c.before.at(i)} != value{c.after.at(i)}))
      out.known_after.emplace_back(i, value{c.after.at(i)});
  }
  if (out.known_after.size() == type.columns.size())
    out.known_after.clear();
  else
    out.rows.after = {};
  return out;
}

void sim_log::append(const sim_commit& c) {
  if (dice_.chance(shape_.nothing))
    append_noise();
  auto& commit = append_empty();
  auto as_text = dice_.chance(shape_.text);
  for (auto& change : c.changes) {
    if (change.cascaded)
      continue;
    if (as_text)
      commit.flushes.push_back({change.type, "a statement as text"});
    else
      commit.changes.push_back(change_of(change));
  }
}

logged_commit& sim_log::append_empty() {
  auto& commit = log_->append();
  auto& end = commit.end;
  end.last = {end.at.file, end.at.offset - 1, end.at.offset, 0, history_};
  return commit;
}

void sim_log::restore(size_t count) {
  log_->commits.resize(count);
  log_->purged = std::min(log_->purged, count);
  ++history_;
}

void sim_log::append_noise() {
  auto& commit = append_empty();
  auto types = server_.types().types().size();
  if (dice_.one_in(4))
    commit.flushes.push_back(
        {static_cast<entity_id>(dice_.below(types)), "ALTER TABLE"});
}

std::shared_ptr<change_stream> sim_log::open(std::shared_ptr<sim_link> link,
                                             stream_bug bug) const {
  return std::make_shared<sim_stream>(server_, log_, std::move(link), bug);
}

} // namespace toadcache::simulation
