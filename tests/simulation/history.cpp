#include "tests/simulation/history.hpp"

#include <algorithm>

namespace toadcache::simulation {

namespace {

const register_value absent;

} // namespace

register_value list_value(const std::vector<key>& members) {
  register_value out;
  for (auto& m : members) {
    out += static_cast<char>(m.bytes().size());
    out += m.bytes();
  }
  return out;
}

std::vector<std::string> list_members(const register_value& v) {
  std::vector<std::string> out;
  for (size_t i = 0; i < v.size();) {
    auto size = static_cast<unsigned char>(v[i]);
    out.push_back(v.substr(i + 1, size));
    i += size + 1u;
  }
  return out;
}

history::register_history& history::of(const key& id) {
  auto& r = registers_[id];
  if (r.versions.empty())
    r.versions.push_back({absent, 0, {}, 0, unknown_process});
  return r;
}

size_t history::index_at(const register_history& r, uint64_t order) {
  size_t i = r.versions.size() - 1;
  while (i > 0 && r.versions[i].order > order)
    --i;
  return i;
}

size_t history::index_before(const register_history& r, time_point t) {
  size_t i = r.versions.size() - 1;
  while (i > 0 && r.versions[i].at >= t)
    --i;
  return i;
}

size_t history::bound(const register_history& r, process_id p,
                      const std::string& asked, uint64_t order) const {
  auto start = processes_.find(p);
  auto lowest = start == processes_.end() ? 0 : index_at(r, start->second);
  for (auto& spelling : {std::string{}, asked}) {
    auto known = r.bounds.find({p, spelling});
    if (known == r.bounds.end())
      continue;
    auto& all = known->second;
    auto later = std::lower_bound(
        all.begin(), all.end(), order,
        [](auto& one, uint64_t wanted) { return one.first < wanted; });
    if (later != all.begin())
      lowest = std::max(lowest, std::prev(later)->second);
  }
  return lowest;
}

void history::raise(register_history& r, process_id p, const std::string& asked,
                    uint64_t order, size_t index) {
  auto& all = r.bounds[{p, asked}];
  if (all.empty() ? index > 0 : index > all.back().second)
    all.emplace_back(order, index);
}

std::string history::text_of(const key& id, const register_value& v) const {
  if (v.empty())
    return id.is_row() ? "absent" : "[]";
  return describe ? describe(id, v) : v;
}

std::string history::versions_of(const key& id) const {
  auto& r = registers_.at(id);
  std::string out;
  for (auto& v : r.versions)
    out += "\n    commit " + std::to_string(v.commit) + " at order "
           + std::to_string(v.order) + ": " + text_of(id, v.value);
  return out;
}

void history::violation(const request* r, std::string text) {
  auto line = "step " + std::to_string(time_.step) + ": ";
  if (r != nullptr)
    line += r->what + " (begun at order " + std::to_string(r->begin) + "): ";
  violations_.push_back(line + std::move(text));
}

// -- the truth ----------------------------------------------------------------

void history::commit_visible(uint64_t number,
                             const std::vector<uint64_t>& writes,
                             std::vector<register_version> versions,
                             process_id by) {
  auto order = ++order_;
  auto& mine = commits_[number];
  for (auto& v : versions) {
    auto& r = of(v.id);
    mine.push_back({v.id, r.versions.size()});
    r.versions.push_back({std::move(v.value), order, time_.now, number, by});
  }
  for (auto write : writes) {
    auto& w = writes_[write];
    w.commits.push_back(number);
    if (w.commits.size() > 1)
      violation(&w, "carried out twice, in commits "
                        + std::to_string(w.commits.front()) + " and "
                        + std::to_string(number));
    if (w.end == write_end::failed)
      violation(&w, "reported as failed, yet committed");
  }
}

const register_value& history::current(const key& id) const {
  auto i = registers_.find(id);
  return i == registers_.end() ? absent : i->second.versions.back().value;
}

// -- processes ----------------------------------------------------------------

process_id history::process_begins() {
  auto p = static_cast<process_id>(processes_.size() + 1);
  processes_[p] = ++order_;
  return p;
}

void history::process_ends(process_id p) {
  std::erase_if(reads_, [&](auto& x) { return x.second.process == p; });
  std::erase_if(invalidations_, [&](auto& x) { return x.second.process == p; });
  for (auto& [id, w] : writes_)
    if (w.process == p && !w.end)
      w.end = write_end::unknown;
}

// -- writes -------------------------------------------------------------------

uint64_t history::write_begins(process_id p, std::string what,
                               milliseconds timeout) {
  auto id = ++next_request_;
  auto& w = writes_[id];
  w.process = p;
  w.begin = ++order_;
  w.began_at = time_.now;
  w.deadline = time_.now + timeout;
  w.what = std::move(what);
  return id;
}

void history::bind_commit(process_id p, uint64_t commit) {
  for (auto& v : commits_[commit])
    raise(of(v.id), p, {}, order_, v.index);
}

void history::acknowledge(known_write& w,
                          const std::vector<write_effect>& effects) {
  std::optional<uint64_t> commit;
  if (!w.commits.empty())
    commit = w.commits.front();
  for (auto& effect : effects) {
    auto& r = of(effect.id);
    auto found = false;
    for (auto i = index_at(r, w.begin) + 1; i < r.versions.size(); ++i) {
      auto& v = r.versions[i];
      if (effect.absent != v.value.empty() || (commit && v.commit != *commit)
          || (v.by != unknown_process && v.by != w.process))
        continue;
      found = true;
      commit = v.commit;
      break;
    }
    if (!found)
      violation(&w, "acknowledged, but commit "
                        + (commit ? std::to_string(*commit) : "(none)")
                        + " does not hold its effect on "
                        + text_of(effect.id, effect.absent ? absent : "it")
                        + versions_of(effect.id));
  }
  if (commit)
    bind_commit(w.process, *commit);
}

void history::write_ends(
    uint64_t write, write_end how, const std::vector<write_effect>& effects,
    const std::vector<std::pair<key, register_value>>& seen) {
  auto& w = writes_[write];
  if (w.end)
    return; // its process had died
  ++order_;
  ++judged_;
  w.end = how;
  check_answered(w);
  if (how == write_end::failed && !w.commits.empty())
    violation(&w, "reported as failed, yet committed");
  if (how != write_end::acknowledged)
    return;
  acknowledge(w, effects);
  for (auto& [id, value] : seen) {
    auto& r = of(id);
    auto lowest = w.commits.empty() ? bound(r, w.process, {}, w.begin) : 0;
    auto known = std::any_of(
        r.versions.begin() + static_cast<std::ptrdiff_t>(lowest),
        r.versions.end(), [&, v = &value](const version_at& one) {
          return one.value == *v
                 && (w.commits.empty() || one.commit == w.commits.front());
        });
    if (!known)
      violation(&w, "answered with " + text_of(id, value)
                        + ", which it did not leave" + versions_of(id));
  }
}

// -- reads --------------------------------------------------------------------

uint64_t history::read_begins(process_id p, const key& id, std::string asked,
                              milliseconds timeout,
                              std::optional<milliseconds> max_age,
                              std::optional<milliseconds> max_staleness) {
  auto number = ++next_request_;
  auto& r = reads_[number];
  r.process = p;
  r.begin = ++order_;
  r.began_at = time_.now;
  r.deadline = time_.now + timeout;
  r.what = "read " + std::to_string(number);
  r.id = id;
  r.asked = std::move(asked);
  r.max_age = max_age;
  r.max_staleness = max_staleness;
  return number;
}

void history::read_fails(uint64_t read) {
  auto i = reads_.find(read);
  if (i == reads_.end())
    return;
  check_answered(i->second);
  reads_.erase(i);
}

// Could a read have seen version `index`? The rows of a list may be younger
// than the list: one that has moved since, for however long, is left out.
bool history::explains(const register_history& r, size_t index,
                       const read_answer& answer) {
  auto& version = r.versions[index].value;
  if (!answer.filtered || version == answer.value)
    return version == answer.value;
  auto seen = list_members(answer.value);
  auto next = seen.begin();
  for (auto& member : list_members(version)) {
    if (next != seen.end() && *next == member) {
      ++next;
      continue;
    }
    auto was_out = [&](const version_at& v) {
      auto all = list_members(v.value);
      return std::find(all.begin(), all.end(), member) == all.end();
    };
    if (std::none_of(r.versions.begin() + static_cast<std::ptrdiff_t>(index),
                     r.versions.end(), was_out))
      return false;
  }
  return next == seen.end();
}

void history::read_ends(uint64_t read, const read_answer& answer) {
  auto i = reads_.find(read);
  if (i == reads_.end())
    return; // its process had died
  auto question = std::move(i->second);
  reads_.erase(i);
  ++order_;
  ++judged_;
  check_answered(question);
  judge(question, question.id, question.asked, answer);
  read_answer member = answer;
  member.filtered = false;
  for (auto& m : answer.rows) {
    member.value = m.value;
    member.own = m.own;
    judge(question, m.id, m.own, member);
  }
}

void history::judge(const open_read& question, const key& id,
                    const std::string& asked, const read_answer& answer) {
  auto& r = of(id);
  size_t lowest = 0;
  std::string why = "never committed";
  auto at_least = [&](size_t index, const char* reason) {
    if (index > lowest) {
      lowest = index;
      why = reason;
    }
  };
  auto first = index_at(r, question.begin);
  if (answer.past_cache)
    at_least(first, "older than when the read began");
  if (answer.fresh) {
    at_least(bound(r, question.process, asked, question.begin),
             "older than a finished write, read, invalidation or start");
    if (question.max_age)
      at_least(
          index_before(r, question.began_at - *question.max_age - age_slack),
          "older than the asked max_age");
    if (question.max_staleness && !answer.unmarked)
      at_least(index_before(r, question.began_at - *question.max_staleness),
               "older than the trust lease allows");
  }
  if (answer.age) // as of some moment since the question
    at_least(index_before(r, question.began_at - *answer.age - age_slack),
             "older than its age says");
  auto match = lowest;
  while (match < r.versions.size() && !explains(r, match, answer))
    ++match;
  if (match == r.versions.size()) {
    violation(&question, "saw " + text_of(id, answer.value) + ", " + why
                             + "; at least version " + std::to_string(lowest)
                             + " of" + versions_of(id));
    return;
  }
  if (!answer.fresh || answer.past_cache)
    return;
  raise(r, question.process, asked, order_, match);
  if (!answer.own.empty())
    raise(r, question.process, answer.own, order_, match);
}

// -- invalidations ------------------------------------------------------------

uint64_t history::invalidation_begins(process_id p,
                                      std::function<bool(const key&)> covers) {
  auto number = ++next_request_;
  auto& x = invalidations_[number];
  x.process = p;
  x.begin = ++order_;
  x.covers = std::move(covers);
  return number;
}

void history::invalidation_ends(uint64_t invalidation) {
  auto node = invalidations_.extract(invalidation);
  if (node.empty())
    return;
  auto& done = node.mapped();
  ++order_;
  for (auto& [id, r] : registers_)
    if (done.covers(id))
      raise(r, done.process, {}, order_, index_at(r, done.begin));
}

// -- the judgement ------------------------------------------------------------

void history::check_answered(const request& r) {
  if (time_.now > r.deadline + deadline_slack)
    violation(&r, "answered after its deadline");
}

void history::check_deadlines() {
  std::erase_if(reads_, [&](auto& x) {
    auto late = time_.now > x.second.deadline + deadline_slack;
    if (late)
      violation(&x.second, "not answered by its deadline");
    return late;
  });
  for (auto& [id, w] : writes_) {
    if (w.end || time_.now <= w.deadline + deadline_slack || w.what.empty())
      continue;
    violation(&w, "not answered by its deadline");
    w.end = write_end::unknown;
  }
}

void history::check_resident(process_id p, const key& id,
                             const std::string& own, const register_value& v,
                             milliseconds age) {
  auto& r = of(id);
  auto lowest = std::max(bound(r, p, own, order_ + 1),
                         index_before(r, time_.now - age - age_slack));
  // A list is a hint: what has left it since is found out by its row.
  auto explained = [&](const version_at& one) {
    if (one.value == v || id.is_row())
      return one.value == v;
    auto held = list_members(v);
    auto all = list_members(one.value);
    return std::all_of(all.begin(), all.end(), [&](auto& member) {
      return std::find(held.begin(), held.end(), member) != held.end();
    });
  };
  auto known
      = std::any_of(r.versions.begin() + static_cast<std::ptrdiff_t>(lowest),
                    r.versions.end(), explained);
  if (!known)
    violation(nullptr, "resident at the end: " + text_of(id, v)
                           + "; at least version " + std::to_string(lowest)
                           + " of" + versions_of(id));
}

void history::finish() {
  for (auto& [id, r] : reads_)
    violation(&r, "never answered");
  reads_.clear();
  for (auto& [id, w] : writes_)
    if (!w.end && !w.what.empty()) {
      violation(&w, "never answered");
      w.end = write_end::unknown;
    }
}

} // namespace toadcache::simulation
