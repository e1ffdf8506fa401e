#include "tests/simulation/sim_server.hpp"

#include <algorithm>

namespace toadcache::simulation {

sim_server::sim_server(catalog_ptr types, const sim_time& time, uint64_t seed)
    : types_(std::move(types)), time_(time), random_(seed) {}

bool sim_server::chance(uint32_t of_1000) {
  return of_1000 != 0 && random_() % 1000 < of_1000;
}

milliseconds sim_server::some_delay(milliseconds at_most) {
  if (at_most.count() <= 0 || chance(300))
    return milliseconds{0};
  auto span = static_cast<uint64_t>(at_most.count());
  return milliseconds{static_cast<int64_t>(random_() % span) + 1};
}

// -- connections --------------------------------------------------------------

result<uint64_t> sim_server::connect(std::string origin, bool reliable) {
  if (!running_)
    return fail(errc::unavailable, "simulated server is down");
  if (!reliable && chance(faults.connect_fails))
    return fail(errc::unavailable, "simulated server refused the connection");
  auto id = ++last_connection_;
  auto& c = connections_[id];
  c.origin = std::move(origin);
  c.reliable = reliable;
  c.start = start_;
  return id;
}

void sim_server::disconnect(uint64_t id) noexcept {
  auto i = connections_.find(id);
  if (i == connections_.end() || i->second.ended)
    return;
  i->second.usable = false;
  if (!i->second.pending)
    end(id);
}

void sim_server::disconnect_all(const std::string& origin) noexcept {
  for (auto& [id, c] : connections_)
    if (c.origin == origin)
      disconnect(id);
}

bool sim_server::usable(uint64_t id) const noexcept {
  auto i = connections_.find(id);
  return i != connections_.end() && i->second.usable;
}

bool sim_server::in_transaction(uint64_t id) const noexcept {
  auto i = connections_.find(id);
  return i != connections_.end() && i->second.usable && i->second.open;
}

std::string sim_server::connection_id(uint64_t id) const {
  auto i = connections_.find(id);
  auto start = i == connections_.end() ? 0 : i->second.start;
  return "start" + std::to_string(start) + ":" + std::to_string(id);
}

bool sim_server::connection_gone(const std::string& id) const {
  auto number = std::stoull(id.substr(id.find(':') + 1));
  auto i = connections_.find(number);
  return i == connections_.end() || i->second.ended;
}

// The statement's start: counts it and lets faults happen to it.
result<sim_server::connection*> sim_server::enter(uint64_t id, bool locking) {
  auto i = connections_.find(id);
  if (i == connections_.end() || !i->second.usable)
    return fail(errc::unavailable, "simulated connection is lost");
  auto& c = i->second;
  ++statements_;
  if (c.reliable)
    return &c;
  if (between_statements)
    between_statements();
  if (!c.usable)
    return fail(errc::unavailable, "simulated connection is lost");
  if (chance(faults.lost_in_statement)) {
    lose(id, false);
    return fail(errc::unavailable, "simulated connection lost in a statement");
  }
  if (locking && c.open && chance(faults.deadlock)) {
    c.open.reset();
    release_locks(id);
    return fail(errc::deadlock, "simulated deadlock, rolled back");
  }
  return &c;
}

// The client loses the connection; the server ends it now or later.
void sim_server::lose(uint64_t id, bool commits) {
  auto& c = connections_[id];
  c.usable = false;
  if (!c.open) {
    end(id);
    return;
  }
  auto delay = some_delay(faults.max_delay);
  if (delay.count() == 0 && !commits) {
    end(id);
    return;
  }
  c.pending = pending_end{commits, false, time_.now + delay};
}

void sim_server::end(uint64_t id) {
  auto& c = connections_[id];
  c.open.reset();
  c.pending.reset();
  c.usable = false;
  c.ended = true;
  release_locks(id);
}

void sim_server::stop() {
  running_ = false;
  for (auto& [id, c] : connections_) {
    if (c.ended)
      continue;
    if (c.pending && c.pending->logged)
      make_visible(id);
    end(id);
  }
}

void sim_server::start() {
  if (running_)
    return;
  ++start_;
  running_ = true;
}

void sim_server::restore(const backup& b) {
  sim_commit event{++last_commit_, "backup", {}};
  auto changes = [&](const row_id& id, const row& before, const row& after) {
    if (before != after)
      event.changes.push_back({id.first, before, after, true});
  };
  for (auto& [id, was] : tables_) {
    auto kept = b.find(id);
    changes(id, was, kept == b.end() ? row{} : kept->second);
  }
  for (auto& [id, content] : b)
    if (!tables_.contains(id))
      changes(id, {}, content);
  tables_ = b;
  if (on_visible && !event.changes.empty())
    on_visible(event);
}

std::optional<time_point> sim_server::next_due() const {
  std::optional<time_point> due;
  for (auto& [id, c] : connections_)
    if (c.pending && (!due || c.pending->due < *due))
      due = c.pending->due;
  return due;
}

void sim_server::tick() {
  for (auto& [id, c] : connections_) {
    while (c.pending && c.pending->due <= time_.now) {
      if (c.pending->commits && !c.pending->logged) {
        log(id);
        c.pending->logged = true;
        c.pending->due = time_.now + some_delay(faults.max_log_ahead);
        continue;
      }
      if (c.pending->logged)
        make_visible(id);
      if (c.usable) // a slow commit whose client is still there
        c.pending.reset();
      else
        end(id);
    }
  }
  // An ended connection is no longer known, which says the same.
  std::erase_if(connections_, [](auto& c) { return c.second.ended; });
}

// -- locks --------------------------------------------------------------------

void sim_server::release_locks(uint64_t id) {
  for (auto i = locks_.begin(); i != locks_.end();) {
    i->second.erase(id);
    i = i->second.empty() ? locks_.erase(i) : std::next(i);
  }
}

failure sim_server::conflict(uint64_t id) {
  auto& c = connections_[id];
  if (chance(faults.lock_timeout))
    return {errc::deadlock, "simulated lock wait timeout"};
  c.open.reset();
  release_locks(id);
  return {errc::deadlock, "simulated deadlock, rolled back"};
}

result<void> sim_server::lock(uint64_t id, const row_id& what, bool exclusive) {
  auto& holders = locks_[what];
  for (auto& [other, other_exclusive] : holders)
    if (other != id && (exclusive || other_exclusive))
      return fail(conflict(id));
  auto& held = holders[id];
  held = held || exclusive;
  return {};
}

// -- transactions -------------------------------------------------------------

result<void> sim_server::begin(uint64_t id) {
  auto c = enter(id, false);
  if (!c)
    return fail(c.error());
  (*c)->open.emplace();
  return {};
}

void sim_server::rollback(uint64_t id) noexcept {
  auto i = connections_.find(id);
  if (i == connections_.end() || !i->second.usable)
    return;
  i->second.open.reset();
  release_locks(id);
}

commit_result sim_server::commit(uint64_t id) {
  auto i = connections_.find(id);
  auto lost
      = failure{errc::outcome_unknown, "simulated connection lost in COMMIT"};
  if (i == connections_.end() || !i->second.usable)
    return {outcome::rolled_back,
            {errc::unavailable, "simulated connection was lost before COMMIT"},
            {}};
  auto& c = i->second;
  ++statements_;
  if (!c.open) // as the real server answers: nothing to commit
    return {};
  if (!c.reliable && chance(faults.lost_before_commit)) {
    lose(id, false);
    return {outcome::unknown, lost, {}};
  }
  if (!c.reliable && chance(faults.lost_in_commit)) {
    lose(id, true);
    return {outcome::unknown, lost, {}};
  }
  log(id);
  if (!c.reliable && between_log_and_visible && !c.open->changes.empty())
    between_log_and_visible();
  make_visible(id);
  if (!c.reliable && chance(faults.lost_after_commit)) {
    end(id);
    return {outcome::unknown, lost, {}};
  }
  commit_result done;
  done.at = position{"sim", "", "log", c.commit_number};
  return done;
}

commit_result sim_server::commit_slowly(uint64_t id, milliseconds delay) {
  auto i = connections_.find(id);
  if (i == connections_.end() || !i->second.usable || !i->second.open)
    return {outcome::rolled_back, {errc::invalid, "no transaction"}, {}};
  log(id);
  i->second.pending = pending_end{true, true, time_.now + delay};
  return {};
}

void sim_server::log(uint64_t id) {
  auto& c = connections_[id];
  if (c.open->changes.empty())
    return;
  c.commit_number = ++last_commit_;
  if (!on_logged)
    return;
  sim_commit event{c.commit_number, c.origin, {}};
  for (auto& change : c.open->changes)
    if (!change.cascaded)
      event.changes.push_back(change);
  on_logged(event);
}

void sim_server::make_visible(uint64_t id) {
  auto& c = connections_[id];
  auto done = std::move(*c.open);
  c.open.reset();
  for (auto& [what, content] : done.writes) {
    if (content)
      tables_[what] = content;
    else
      tables_.erase(what);
  }
  release_locks(id);
  if (on_visible && !done.changes.empty())
    on_visible({c.commit_number, c.origin, std::move(done.changes)});
}

// -- reads --------------------------------------------------------------------

result<std::vector<row>> sim_server::select(uint64_t id,
                                            const entity_type& type,
                                            const row_predicate& wanted,
                                            bool for_update) {
  auto entered = enter(id, for_update);
  if (!entered)
    return fail(entered.error());
  auto& c = **entered;
  transaction outside;
  auto& t = c.open ? *c.open : outside;
  std::vector<row> found;
  if (!for_update && c.open && faults.repeatable_read) {
    if (!t.snapshot)
      t.snapshot = tables_;
    auto view = *t.snapshot;
    for (auto& [what, content] : t.writes)
      view[what] = content;
    for (auto& [what, content] : view)
      if (what.first == type.id && content && wanted(content))
        found.push_back(content);
    return found;
  }
  for (auto& r : latest_rows(t, type.id)) {
    if (!wanted(r))
      continue;
    if (for_update && c.open)
      if (auto locked = lock(id, id_of(type, r), true); !locked)
        return fail(locked.error());
    found.push_back(r);
  }
  return found;
}

const row* sim_server::latest(const transaction& t, const row_id& id) const {
  if (auto i = t.writes.find(id); i != t.writes.end())
    return i->second ? &i->second : nullptr;
  auto i = tables_.find(id);
  return i == tables_.end() ? nullptr : &i->second;
}

std::vector<row> sim_server::latest_rows(const transaction& t,
                                         entity_id type) const {
  std::map<std::string, row> view;
  for (auto& [id, content] : tables_)
    if (id.first == type)
      view[id.second] = content;
  for (auto& [id, content] : t.writes)
    if (id.first == type)
      view[id.second] = content;
  std::vector<row> all;
  for (auto& [id, content] : view)
    if (content)
      all.push_back(content);
  return all;
}

std::vector<row> sim_server::rows(entity_id type) const {
  return latest_rows(transaction{}, type);
}

} // namespace toadcache::simulation
