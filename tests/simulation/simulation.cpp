#include "tests/simulation/simulation.hpp"

#include <algorithm>
#include <map>

#include "tests/simulation/sim_catalog.hpp"
#include "tests/simulation/workload.hpp"

namespace toadcache::simulation {

namespace {

constexpr size_t max_steps = 100000;

options options_of(const run_plan& plan) {
  options o;
  o.memory.budget_bytes = plan.memory_bytes;
  o.memory.partitions_count = plan.partitions_count;
  o.memory.max_row_ratio = 1.0; // the smallest budget holds an entry
  o.memory.max_group_ratio = 1.0;
  o.memory.check_period = milliseconds{1000};
  o.pool.max_count = plan.pool_count;
  o.persistence.enabled = plan.disk;
  o.planted = planted_bugs{plan.bug};
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
  past_.commit_visible(c.number, {marks.begin(), marks.end()},
                       std::move(versions));
}

void simulation::start_process(seat& s) {
  sim_process::parts p;
  p.server = server_.get();
  p.time = &time_;
  p.types = types_;
  p.config = options_of(plan_);
  p.image = image_;
  s.number = past_.process_begins();
  p.name = "process " + std::to_string(s.number);
  s.process = std::make_unique<sim_process>(std::move(p));
  note(s.process->name() + " begins");
}

void simulation::restart_process() {
  ++report_.restarts;
  auto& s = seats_[0];
  if (dice_.one_in(2)) {
    note(s.process->name() + " stops");
    s.process->stop();
    settle([&] { return s.process->stopped(); }, milliseconds{120000});
    if (!s.process->stopped())
      violation("the ordered shutdown did not end");
  } else {
    note(s.process->name() + " is killed");
  }
  s.clients->process_gone();
  past_.process_ends(s.number);
  s.process.reset();
  start_process(s);
}

void simulation::pass_time(std::chrono::microseconds t) {
  time_.now += t;
  server_->tick();
  for (auto& s : seats_)
    s.process->catch_up();
}

size_t simulation::job_count() const {
  size_t sum = 0;
  for (auto& s : seats_)
    sum += s.process->job_count();
  return sum;
}

// One message of one actor. For a while one of the actors is slow.
void simulation::run_job() {
  auto i = dice_.below(job_count());
  auto s = seats_.begin();
  for (; i >= s->process->job_count(); ++s)
    i -= s->process->job_count();
  auto& p = *s->process;
  auto n = p.job_count();
  if (dice_.one_in(60))
    s->slow_actor = dice_.one_in(2) ? 0 : p.actor_of(i);
  if (p.actor_of(i) == s->slow_actor && n > 1 && !dice_.one_in(20))
    i = (i + 1) % n;
  if (plan_.trace)
    note(p.describe_job(i));
  p.run_job(i);
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
  if (d.chance(plan_.restarts))
    restart_process();
}

void simulation::step() {
  ++time_.step;
  if (disturbed_) {
    inject();
    if (dice_.one_in(8))
      start_one();
  }
  auto jobs = job_count();
  if (jobs == 0) {
    if (disturbed_ && dice_.one_in(2) && start_one())
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
      if (!p->visible(e) || time_.now >= times.fresh_until)
        return;
      auto own = e.id(p->type());
      auto id = server_->canonical(own);
      std::vector<key> members;
      for (auto& m : e.list(p->type()))
        members.push_back(server_->canonical(m));
      past_.check_resident(s.number, id, std::string{own.bytes()},
                           id.is_row() ? register_value{e.content().bytes()}
                                       : list_value(members),
                           age_of(times, time_.now));
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
  report_.steps = time_.step;
  report_.judged = past_.judged_count();
  report_.commits = past_.commit_count();
  return std::move(report_);
}

} // namespace toadcache::simulation
