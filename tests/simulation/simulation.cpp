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
    auto known = std::find_if(out.begin(), out.end(),
                              [&](auto& v) { return v.id == id; });
    if (known == out.end())
      known = out.insert(out.end(), {id, {}, {}});
    if (id.is_row())
      for (auto& k : {id, own})
        known->spellings.emplace_back(k.bytes());
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
      workload_->foreign_write(dice_.one_in(2));
  };
  past_.describe = [this](const key& id, const register_value& v) {
    return describe(*types_, id, v);
  };
  past_.deadline_slack = milliseconds{1500};
  past_.age_slack = milliseconds{2};
  if (plan_.disk)
    image_ = std::make_shared<tests::cache_image>();
  workload_ = std::make_unique<workload>(*this);
}

simulation::~simulation() {
  disturbed_ = false;
  workload_->process_gone();
  process_.reset(); // its last answers come while the workload lives
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

void simulation::start_process() {
  sim_process::parts p;
  p.server = server_.get();
  p.time = &time_;
  p.types = types_;
  p.config = options_of(plan_);
  p.image = image_;
  process_number_ = past_.process_begins();
  p.name = "process " + std::to_string(process_number_);
  process_ = std::make_unique<sim_process>(std::move(p));
  note(process_->name() + " begins");
}

void simulation::restart_process() {
  ++report_.restarts;
  if (dice_.one_in(2)) {
    note(process_->name() + " stops");
    process_->stop();
    settle([this] { return process_->stopped(); }, milliseconds{120000});
    if (!process_->stopped())
      violation("the ordered shutdown did not end");
  } else {
    note(process_->name() + " is killed");
  }
  workload_->process_gone();
  past_.process_ends(process_number_);
  process_.reset();
  start_process();
}

void simulation::pass_time(std::chrono::microseconds t) {
  time_.now += t;
  server_->tick();
  if (process_)
    process_->catch_up();
}

// One message of one actor. For a while one of the actors is slow.
void simulation::run_job() {
  auto n = process_->job_count();
  auto i = dice_.below(n);
  if (dice_.one_in(60))
    slow_actor_ = dice_.one_in(2) ? 0 : process_->actor_of(i);
  if (process_->actor_of(i) == slow_actor_ && n > 1 && !dice_.one_in(20))
    i = (i + 1) % n;
  if (plan_.trace)
    note(process_->describe_job(i));
  process_->run_job(i);
}

void simulation::inject() {
  auto& d = dice_;
  if (d.chance(plan_.notified_foreign))
    workload_->foreign_write(true);
  if (d.chance(plan_.silent_foreign))
    workload_->foreign_write(false);
  workload_->tell_foreign();
  if (d.chance(plan_.crashes)) {
    auto role = d.pick({"entity-cache:owner", "entity-cache:page",
                        "entity-cache:badge", "invalidation", "db-pool",
                        "persistence"});
    note(std::string{"crash of "} + role);
    process_->crash(role);
  }
  if (d.chance(plan_.toggles))
    workload_->toggle();
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
      workload_->start_one();
  }
  auto jobs = process_->job_count();
  if (jobs == 0) {
    if (disturbed_ && dice_.one_in(2) && workload_->start_one())
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
  settle([this] { return workload_->idle() && workload_->all_enabled(); },
         milliseconds{60000});
  past_.check_deadlines();
  past_.finish();
  auto open = [this] {
    for (auto& p : process_->shared().partitions)
      if (p->closed())
        return false;
    return !server_->next_due();
  };
  settle(open, milliseconds{120000});
  if (!open())
    violation("a partition is still closed at the end");
  workload_->read_everything();
  settle([this] { return workload_->idle(); }, milliseconds{20000});
  check_resident();
  workload_->read_everything();
  settle([this] { return workload_->idle(); }, milliseconds{20000});
  past_.finish();
}

void simulation::check_resident() {
  for (auto& p : process_->shared().partitions) {
    if (p->closed())
      continue;
    auto judge = [&](const entry_ptr& e) {
      if (e->generation != p->generation() || time_.now >= e->times.fresh_until)
        return;
      auto id = server_->canonical(e->id);
      std::vector<key> members;
      for (auto& m : e->list)
        members.push_back(server_->canonical(m));
      past_.check_resident(process_number_, id, std::string{e->id.bytes()},
                           id.is_row() ? register_value{e->content.bytes()}
                                       : list_value(members),
                           age_of(e->times, time_.now));
    };
    for (size_t i = 0; i < p->bucket_count(); ++i)
      p->for_each_in(i, judge);
  }
}

run_report simulation::run() {
  workload_->fill_database();
  start_process();
  auto clean = [this] {
    return report_.violations.empty() && past_.violations().empty();
  };
  while (clean() && !workload_->done() && time_.step < max_steps) {
    step();
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
