#include "tests/simulation/simulation.hpp"

#include <algorithm>
#include <map>

#include "tests/simulation/sim_catalog.hpp"
#include "tests/simulation/workload.hpp"

namespace toadcache::simulation {

namespace {

constexpr size_t max_steps = 100000;
constexpr std::string_view process_name = "process ";

options options_of(const run_plan& plan) {
  options o;
  o.memory.budget_bytes = plan.memory_bytes;
  o.memory.partitions_count = plan.partitions_count;
  o.memory.max_row_ratio = 1.0; // the smallest budget holds an entry
  o.memory.max_group_ratio = 1.0;
  o.memory.check_period = milliseconds{1000};
  o.pool.max_count = plan.pool_count;
  o.persistence.enabled = plan.disk;
  o.persistence.group_commit_delay = plan.group_commit_delay;
  o.planted = planted_bugs{plan.bug};
  return o;
}

feed_options feed_of(const run_plan& plan) {
  feed_options o;
  o.max_staleness = plan.max_staleness;
  o.probe_period = plan.max_staleness / 5;
  o.settle_time = plan.settle_time;
  o.checkpoint_period = plan.checkpoint_period;
  o.max_replay_count = plan.max_replay_count;
  o.retry_period = milliseconds{1000};
  return o;
}

bool has_null(const row& r, const std::vector<size_t>& columns) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](size_t i) { return r.is_null(i); });
}

} // namespace

std::vector<register_version> registers_of(const sim_server& server,
                                           const sim_commit& c) {
  std::vector<register_version> out;
  auto touch = [&](const key& own) {
    auto id = server.canonical(own);
    if (std::none_of(out.begin(), out.end(),
                     [&](auto& v) { return v.id == id; }))
      out.push_back({id, {}});
  };
  for (auto& change : c.changes) {
    auto& type = server.types()[change.type];
    for (auto image : {&change.before, &change.after})
      for (index_id i = 0; *image && i <= type.indexes.size(); ++i)
        if (!has_null(*image, type.index_columns(i)))
          touch(type.key_of(*image, i));
  }
  for (auto& version : out) {
    auto& k = version.id;
    auto& type = server.types()[k.type()];
    std::vector<key> members;
    for (auto& r : server.rows(k.type())) {
      if (has_null(r, type.index_columns(k.index()))
          || server.canonical(type.key_of(r, k.index())) != k)
        continue;
      if (k.is_row())
        version.value = std::string{r.bytes()};
      else
        members.push_back(server.canonical(type.key_of(r)));
    }
    if (!k.is_row())
      version.value = list_value(members);
  }
  return out;
}

std::string describe(const catalog& types, const key& id,
                     const register_value& v) {
  auto& type = types[id.type()];
  if (v.empty())
    return id.is_row() ? "absent" : "[]";
  std::string out;
  if (!id.is_row()) {
    for (auto& member : list_members(v)) {
      out += out.empty() ? "[" : "; ";
      auto values = decode_key(member);
      for (size_t i = 0; values && i < values->size(); ++i)
        out += (i ? "," : "") + to_string((*values)[i]);
    }
    return out + "]";
  }
  auto content = row::decode(v);
  if (!content)
    return "(bytes that are no row)";
  for (size_t i = 0; i < content->column_count(); ++i)
    out += (i ? " " : "{") + type.columns[i].name + "="
           + to_string(content->at(i));
  return out + "}";
}

// -- the run ------------------------------------------------------------------

simulation::simulation(run_plan plan)
    : plan_(plan), dice_(plan.seed), types_(sim_catalog()) {
  time_.now = time_point{std::chrono::seconds{1000}};
  server_ = std::make_unique<sim_server>(types_, time_, dice_.seed());
  server_->faults = plan_.database;
  log_ = std::make_unique<sim_log>(*server_, plan_.log, dice_.seed());
  server_->on_logged = [this](const sim_commit& c) {
    note("commit " + std::to_string(c.number) + " is logged");
    log_->append(c);
    move_log();
  };
  server_->between_log_and_visible = [this] { others_go_first(); };
  server_->on_visible = [this](const sim_commit& c) { commit_visible(c); };
  server_->between_statements = [this] {
    if (disturbed_ && dice_.chance(plan_.foreign_between))
      seats_[0].clients->foreign_write(dice_.one_in(2));
  };
  past_.describe = [this](const key& id, const register_value& v) {
    return describe(*types_, id, v);
  };
  past_.deadline_slack = milliseconds{1500};
  past_.age_slack = milliseconds{2};
  if (plan_.disk)
    image_ = std::make_shared<tests::cache_image>();
  seats_.resize(plan_.second_process ? 2 : 1);
  for (size_t i = 0; i < seats_.size(); ++i)
    seats_[i].clients = std::make_unique<workload>(*this, i);
  seats_[0].feed = plan_.feed;
  if (plan_.second_process)
    seats_[1].feed = plan_.second_feed;
}

simulation::~simulation() {
  disturbed_ = false;
  for (auto& s : seats_) {
    s.clients->process_gone();
    s.process.reset(); // its last answers come while the workload lives
  }
}

void simulation::note(const std::string& line) {
  if (plan_.trace)
    report_.trace.push_back(
        std::to_string(time_.step) + " @"
        + std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(
                             time_.now.time_since_epoch())
                             .count()
                         - 1000000)
        + "ms " + line);
}

void simulation::violation(const std::string& line) {
  report_.violations.push_back("step " + std::to_string(time_.step) + ": "
                               + line);
}

void simulation::commit_visible(const sim_commit& c) {
  std::set<uint64_t> marks;
  for (auto& change : c.changes) {
    if (change.cascaded || !change.after)
      continue;
    auto mark
        = change.after.int_at(*(*types_)[change.type].find_column("mark"));
    if (mark > 0)
      marks.insert(static_cast<uint64_t>(mark));
  }
  auto versions = registers_of(*server_, c);
  if (plan_.trace)
    for (auto& v : versions)
      note("commit " + std::to_string(c.number) + " of " + c.origin + ": "
           + (*types_)[v.id.type()].name + "/" + std::to_string(v.id.index())
           + " " + describe(*types_, v.id, v.value));
  process_id by = another_program;
  if (c.origin.starts_with(process_name))
    by = static_cast<process_id>(
        std::stoul(c.origin.substr(process_name.size())));
  past_.commit_visible(c.number, {marks.begin(), marks.end()},
                       std::move(versions), by);
}

void simulation::start_process(seat& s) {
  sim_process::parts p;
  p.server = server_.get();
  p.time = &time_;
  p.types = plan_.cascades_unknown ? sim_catalog_without_cascades() : types_;
  p.config = options_of(plan_);
  p.image = image_;
  if (s.feed) {
    s.link = std::make_shared<sim_link>();
    if (dice_.one_in(2)) // else what it missed arrives commit by commit
      s.link->silent_from = log_->size();
    p.feed = feed_of(plan_);
    p.make_stream
        = [this, link = s.link] { return log_->open(link, plan_.stream); };
  }
  s.number = past_.process_begins();
  p.name = std::string{process_name} + std::to_string(s.number);
  s.process = std::make_unique<sim_process>(std::move(p));
  note(s.process->name() + " begins");
}

void simulation::restart_process() {
  ++report_.restarts;
  auto& s = seats_[0];
  if (dice_.one_in(2)) {
    note(s.process->name() + " stops");
    s.hung_until = time_.now;
    s.process->stop();
    settle([&] { return s.process->stopped(); }, milliseconds{120000});
    if (!s.process->stopped())
      violation("the ordered shutdown did not end");
  } else {
    note(s.process->name() + " is killed");
  }
  s.clients->process_gone();
  past_.process_ends(s.number);
  take_counts(*s.process);
  s.process.reset();
  if (dice_.chance(plan_.away))
    while_away();
  start_process(s);
}

// Nobody of the first seat hears of this but from the log, if it is still
// there.
void simulation::while_away() {
  for (auto n = dice_.below(6); n > 0; --n)
    seats_[0].clients->foreign_write(false);
  if (dice_.one_in(4)) {
    log_->append_noise();
    log_->purge();
    note("the log is purged");
  }
  if (dice_.chance(200) && plan_.restores > 0)
    restore_server();
}

// Backups are taken now and then, and the newest one comes back.
void simulation::restore_server() {
  if (!backup_ || dice_.one_in(2)) {
    if (server_->next_due()) // the log is ahead of the tables
      return;
    backup_ = {server_->back_up(), log_->size()};
    note("a backup at log place " + std::to_string(backup_->log_size));
    return;
  }
  note("the database is restored to log place "
       + std::to_string(backup_->log_size));
  ++report_.restored;
  server_->stop();
  server_->restore(backup_->tables);
  log_->restore(backup_->log_size);
  server_->start();
  for (auto& s : seats_)
    if (s.link)
      s.link->silent_from = std::min(s.link->silent_from, log_->size());
}

void simulation::pass_time(std::chrono::microseconds t) {
  time_.now += t;
  server_->tick();
  for (auto& s : seats_)
    s.process->catch_up();
  if (plan_.trust_past_caches)
    trust_all();
}

std::vector<size_t> simulation::jobs_of(const seat& s) const {
  std::vector<size_t> all;
  auto hangs = time_.now < s.hung_until;
  for (size_t i = 0; i < s.process->job_count(); ++i)
    if (!hangs || s.process->actor_of(i) != s.hung_actor)
      all.push_back(i);
  return all;
}

size_t simulation::job_count() const {
  size_t sum = 0;
  for (auto& s : seats_)
    sum += jobs_of(s).size();
  return sum;
}

// One message of one actor. For a while one of the actors is slow.
void simulation::run_job() {
  auto i = dice_.below(job_count());
  auto s = seats_.begin();
  auto jobs = jobs_of(*s);
  for (; i >= jobs.size(); jobs = jobs_of(*s)) {
    i -= jobs.size();
    ++s;
  }
  auto& p = *s->process;
  auto n = jobs.size();
  if (dice_.one_in(60))
    s->slow_actor = dice_.one_in(2) ? 0 : p.actor_of(jobs[i]);
  if (p.actor_of(jobs[i]) == s->slow_actor && n > 1 && !dice_.one_in(20))
    i = (i + 1) % n;
  run_job(p, jobs[i]);
}

// One of those on the way of the log's news does nothing for a while.
void simulation::hang_one(seat& s) {
  auto& p = *s.process;
  if (p.job_count() == 0 || time_.now < s.hung_until)
    return;
  auto i = dice_.below(p.job_count());
  auto role = p.role_of(i);
  auto may_hang = {"entity-cache", "invalidation", "change-feed", "db-pool"};
  if (std::find(may_hang.begin(), may_hang.end(), role) == may_hang.end()
      || (plan_.hang_role != nullptr && role != plan_.hang_role))
    return;
  s.hung_actor = p.actor_of(i);
  s.hung_until = time_.now + milliseconds{dice_.pick({20, 150, 400, 1200})};
  note(p.name() + " " + role + "#" + std::to_string(s.hung_actor) + " hangs");
}

// What a change of the log leaves as it is, because the row is already so, must
// not be dropped (rule 4). Spellings of a text key do drop each other.
void simulation::run_job(sim_process& p, size_t i) {
  if (plan_.trace)
    note(p.describe_job(i));
  const partition* memory = nullptr;
  std::vector<key> echoes;
  if (auto part = p.logged_part(i, memory);
      part != nullptr && !part->flush && !part->unseen
      && memory->type() != page_type && !memory->closed()) {
    std::map<std::string, std::pair<key, row>> last;
    auto& type = (*types_)[memory->type()];
    for (auto& c : part->rows) {
      if (!c.complete) {
        last.clear();
        break;
      }
      for (auto* image : {&c.before, &c.after})
        if (*image) {
          auto id = type.key_of(*image);
          last[std::string{id.bytes()}] = {id, c.after};
          if (c.after && type.key_of(c.after) != id)
            last[std::string{id.bytes()}].second = {};
        }
    }
    for (auto& [bytes, one] : last)
      if (auto e = memory->peek(one.first);
          e && memory->visible(*e) && e->content() == one.second)
        echoes.push_back(one.first);
  }
  p.run_job(i);
  for (auto& id : echoes)
    if (auto e = memory->peek(id); !e || !memory->visible(*e))
      violation("the log's news of a row as it was resident dropped it: "
                + p.name());
}

// -- the log ------------------------------------------------------------------

// Commits arrive at each process one by one, at once or a little later.
void simulation::move_log() {
  for (auto& s : seats_) {
    if (!s.link || time_.now < s.link->hung_until)
      continue;
    auto& l = *s.link;
    while (l.silent_from < log_->size() && l.next_due <= time_.now) {
      ++l.silent_from;
      l.next_due = time_.now + milliseconds{dice_.pick({0, 0, 0, 0, 1, 5, 30})};
    }
  }
}

void simulation::disturb_log(seat& s) {
  using fault = stream_fault;
  auto& l = *s.link;
  auto fails = [&](fault f) {
    l.next_fails
        = stream_failure{f, "simulated " + std::string{to_string(f)}, {}};
  };
  auto what = plan_.log_only_cut ? 0 : dice_.below(10);
  switch (what) {
  case 0:
    fails(fault::connection_lost);
    break;
  case 1: // ... and some commits come twice
    fails(fault::connection_lost);
    l.told_again = dice_.below(4);
    break;
  case 2:
  case 3:
    l.hung_until = time_.now + milliseconds{dice_.pick({50, 500, 3000})};
    break;
  case 4:
    fails(fault::position_lost);
    break;
  case 5: // whoever is behind has lost its place
    fails(fault::connection_lost);
    log_->append_noise();
    log_->purge();
    break;
  case 6:
    fails(fault::connection_lost);
    l.connect_fails = l.next_fails;
    break;
  case 7:
    fails(dice_.pick(
        {fault::log_off, fault::privileges_missing, fault::not_decodable}));
    l.connect_fails = l.next_fails;
    l.was_useless = true;
    break;
  case 8:
    log_->append_noise();
    break;
  default:
    l.connect_fails.reset();
    break;
  }
  note("the log of " + s.process->name() + ": fault " + std::to_string(what));
}

void simulation::mend_log(sim_link& l) {
  l.connect_fails.reset();
  l.next_fails.reset();
  l.hung_until = time_.now;
}

// A worker waits for its COMMIT, which stands in the log already.
void simulation::others_go_first() {
  if (!disturbed_ || within_commit_ || !dice_.chance(plan_.log_ahead))
    return;
  within_commit_ = true;
  note("others go first");
  for (auto n = dice_.below(30); n > 0; --n) {
    if (job_count() == 0 || dice_.one_in(20))
      pass_time(std::chrono::microseconds{dice_.pick({100, 1000, 1500})});
    else
      run_job();
    move_log();
  }
  note("the commit goes on");
  within_commit_ = false;
}

milliseconds simulation::some_log_ahead() {
  if (!dice_.chance(plan_.log_ahead))
    return milliseconds{0};
  return milliseconds{dice_.pick({1, 1, 5, 40})};
}

std::optional<milliseconds> simulation::max_staleness(size_t place) const {
  auto& s = seats_[place];
  if (!s.feed)
    return std::nullopt;
  auto& all = s.process->shared().partitions;
  if (s.link->was_useless && std::any_of(all.begin(), all.end(), [](auto& p) {
        return p->trusted_until() == time_point::max();
      }))
    return std::nullopt;
  return plan_.max_staleness;
}

void simulation::trust_all() {
  for (auto& s : seats_)
    for (auto& p : s.process->shared().partitions)
      if (s.feed && p->trusted_until() != time_point::min())
        p->set_trusted_until(time_.now + plan_.max_staleness);
}

bool simulation::trusted(const seat& s) const {
  auto& all = s.process->shared().partitions;
  return !s.feed || std::all_of(all.begin(), all.end(), [&](auto& p) {
    return p->trusted_until() > time_.now
           && p->trusted_until() != time_point::max();
  });
}

void simulation::take_counts(const sim_process& p) {
  auto& count = p.shared().count;
  for (auto& type : count.entities) {
    report_.logged += type.logged_changes;
    report_.echoes += type.echoes;
    report_.unsettled += type.unsettled_fills;
  }
  if (p.shared().fed_from.load() == feed_history::continues) {
    ++report_.warm;
    for (auto& type : count.entities)
      report_.warm_disk_answers += type.disk_hits;
  }
  report_.rewinds += count.feed_rewinds;
  report_.losses += count.feed_losses;
}

bool simulation::start_one() {
  return dice_.pick(seats_).clients->start_one();
}

void simulation::inject() {
  auto& d = dice_;
  auto& first = seats_[0];
  if (d.chance(plan_.notified_foreign))
    first.clients->foreign_write(true);
  if (d.chance(plan_.silent_foreign))
    first.clients->foreign_write(false);
  first.clients->tell_foreign();
  if (d.chance(plan_.crashes)) {
    std::string role{
        d.pick({"entity-cache:owner", "entity-cache:page", "entity-cache:badge",
                "invalidation", "db-pool", "persistence"})};
    if (first.feed && d.one_in(6))
      role = "change-feed";
    if (plan_.crash_role != nullptr)
      role = plan_.crash_role;
    auto& shared = first.process->shared();
    if (auto type = types_->find(role.substr(role.find(':') + 1)))
      if (auto n = shared.caches.count_of(type->id); n > 1)
        role += ":" + std::to_string(d.below(n));
    note("crash of " + role);
    first.process->crash(role);
  }
  if (d.chance(plan_.toggles))
    first.clients->toggle();
  if (d.chance(plan_.outages)) {
    note(server_->running() ? "the database stops" : "the database starts");
    server_->running() ? server_->stop() : server_->start();
  }
  if (image_ && d.chance(plan_.disk_faults)) {
    if (d.one_in(2))
      ++image_->fail_applies;
    else
      image_->full = !image_->full;
  }
  for (auto& s : seats_)
    if (s.link && d.chance(plan_.log_faults))
      disturb_log(s);
  for (auto& s : seats_)
    if (s.link && d.chance(plan_.hangs))
      hang_one(s);
  if (d.chance(plan_.restores))
    restore_server();
  if (d.chance(plan_.restarts))
    restart_process();
}

void simulation::step() {
  ++time_.step;
  move_log();
  if (disturbed_) {
    inject();
    if (dice_.chance(plan_.starts / 4))
      start_one();
  }
  auto jobs = job_count();
  if (jobs == 0) {
    if (disturbed_ && dice_.chance(plan_.starts) && start_one())
      return;
    pass_time(
        std::chrono::milliseconds{dice_.pick({1, 1, 1, 2, 5, 5, 20, 150})});
  } else if (dice_.chance(plan_.time_passes)) {
    pass_time(std::chrono::microseconds{dice_.pick({100, 1000, 1500})});
  } else {
    run_job();
  }
}

void simulation::settle(const std::function<bool()>& done,
                        milliseconds at_most) {
  auto was = std::exchange(disturbed_, false);
  auto end = time_.now + at_most;
  while (!done() && time_.now < end && report_.steps + max_steps > time_.step)
    step();
  disturbed_ = was;
}

// Faults end, everything is answered, and what is resident must be right.
void simulation::quiesce() {
  note("quiet");
  server_->faults = sim_faults{};
  server_->start();
  if (image_)
    image_->full = false;
  for (auto& s : seats_) {
    s.hung_until = time_.now;
    if (s.link)
      mend_log(*s.link);
  }
  disturbed_ = false;
  auto idle
      = [this] { return all_seats([](auto& s) { return s.clients->idle(); }); };
  settle(
      [this] {
        return all_seats([](auto& s) {
          return s.clients->idle() && s.clients->all_enabled();
        });
      },
      milliseconds{60000});
  past_.check_deadlines();
  past_.finish();
  auto open = [this] {
    return all_seats([](auto& s) {
             auto& all = s.process->shared().partitions;
             return std::none_of(all.begin(), all.end(),
                                 [](auto& p) { return p->closed(); });
           })
           && !server_->next_due();
  };
  settle(open, milliseconds{120000});
  if (!open())
    violation("a partition is still closed at the end");
  auto followed
      = [this] { return all_seats([this](auto& s) { return trusted(s); }); };
  settle(followed, milliseconds{120000});
  if (plan_.feed || plan_.second_feed) // from now on the newest counts
    settle([] { return false; }, plan_.max_staleness + milliseconds{200});
  settle(followed, milliseconds{120000});
  if (!followed())
    violation("the log is not caught up with at the end");
  for (auto& s : seats_)
    s.clients->read_everything();
  settle(idle, milliseconds{20000});
  for (auto& s : seats_)
    check_resident(s);
  for (auto& s : seats_)
    s.clients->read_everything();
  settle(idle, milliseconds{20000});
  past_.finish();
}

template <class F>
bool simulation::all_seats(F f) const {
  return std::all_of(seats_.begin(), seats_.end(), f);
}

void simulation::check_resident(const seat& s) {
  for (auto& p : s.process->shared().partitions) {
    if (p->closed())
      continue;
    auto judge = [&](const entry& e) {
      auto times = p->times_of(e);
      if (!p->visible(e) || time_.now >= times.fresh_until
          || time_.now >= p->trusted_until())
        return;
      auto own = e.id(p->type());
      auto id = server_->canonical(own);
      std::vector<key> members;
      for (auto& m : e.list(p->type()))
        members.push_back(server_->canonical(m));
      auto age = age_of(times, time_.now);
      if (s.feed)
        age = std::min(age, plan_.max_staleness);
      past_.check_resident(s.number, id, std::string{own.bytes()},
                           id.is_row() ? register_value{e.content().bytes()}
                                       : list_value(members),
                           age);
    };
    for (size_t i = 0; i < p->bucket_count(); ++i)
      p->for_each_in(i, judge);
  }
}

// No change is held for applied that the current incarnation of its cache has
// not applied (rule 9). Readers could not tell: a new incarnation begins empty
// and behind the barrier.
void simulation::check_acknowledged(const seat& s) {
  auto& count = s.process->shared().count;
  uint64_t applied = 0;
  for (auto& type : count.entities)
    applied += type.parts_applied;
  if (count.parts_acknowledged > applied)
    violation("changes are acknowledged that no cache has applied");
}

run_report simulation::run() {
  seats_[0].clients->fill_database();
  for (auto& s : seats_)
    start_process(s);
  auto clean = [this] {
    return report_.violations.empty() && past_.violations().empty();
  };
  auto done
      = [this] { return all_seats([](auto& s) { return s.clients->done(); }); };
  while (clean() && !done() && time_.step < max_steps) {
    step();
    for (auto& s : seats_)
      check_acknowledged(s);
    if (time_.step % 64 == 0)
      past_.check_deadlines();
  }
  if (clean())
    quiesce();
  auto& all = report_.violations;
  all.insert(all.end(), past_.violations().begin(), past_.violations().end());
  for (auto& s : seats_)
    take_counts(*s.process);
  report_.steps = time_.step;
  report_.judged = past_.judged_count();
  report_.commits = past_.commit_count();
  return std::move(report_);
}

} // namespace toadcache::simulation
