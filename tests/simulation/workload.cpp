#include "tests/simulation/workload.hpp"

#include <algorithm>

#include "client/operations.hpp"
#include "tests/simulation/sim_catalog.hpp"

namespace toadcache::simulation {

namespace {

write_end end_of(errc code) {
  switch (code) {
  case errc::outcome_unknown:
  case errc::internal:
  case errc::tier_closed:
    return write_end::unknown;
  default:
    return write_end::failed;
  }
}

std::string text_of(const std::vector<value>& id) {
  std::string out;
  for (auto& v : id)
    out += (out.empty() ? "" : ",") + to_string(v);
  return out;
}

} // namespace

workload::workload(simulation& run, size_t seat) : run_(run), seat_(seat) {}

sim_process& workload::process() const {
  return run_.process(seat_);
}

// -- choices ------------------------------------------------------------------

std::vector<value> workload::some_id(const entity_type& type) {
  auto& d = run_.chooser();
  auto owner = static_cast<int64_t>(d.below(3) + 1);
  switch (type.id) {
  case owner_type:
    return {value{owner}};
  case page_type:
    // Under the collation all but b and B are the same row.
    return {value{d.pick({"a", "a", "b", "B", "B", "A", "a ", "à"})}};
  default:
    return {value{owner}, value{static_cast<int64_t>(d.below(2) + 1)}};
  }
}

workload::target workload::some_row() {
  auto& d = run_.chooser();
  if (d.chance(run_.plan().hot))
    return {&run_.types()[owner_type], {value{1}}};
  auto& type = run_.types()[static_cast<entity_id>(d.below(3))];
  return {&type, some_id(type)};
}

fields workload::some_fields(const entity_type& type, int64_t mark,
                             bool whole) {
  auto& d = run_.chooser();
  auto some = [&] { return whole || d.one_in(2); };
  auto text = "w" + std::to_string(mark);
  fields set{{"mark", value{mark}}};
  switch (type.id) {
  case owner_type:
    if (some())
      set.emplace_back("name", value{"name " + text});
    if (some())
      set.emplace_back("note", value{"note " + text});
    break;
  case page_type:
    if (some())
      set.emplace_back("owner_id", value{static_cast<int64_t>(d.below(3) + 1)});
    if (some())
      set.emplace_back("tag", value{static_cast<int64_t>(d.below(2) + 7)});
    if (some())
      set.emplace_back("title", value{"title " + text});
    break;
  default:
    if (some())
      set.emplace_back(
          "slug", d.one_in(3) ? value{} : value{d.pick({"s", "t", "S", "T"})});
    break;
  }
  return set;
}

read_options workload::some_options() {
  auto& d = run_.chooser();
  read_options how;
  if (d.one_in(10))
    how.max_age = milliseconds{d.pick({0, 10, 300})};
  if (d.one_in(20))
    how.mode = read_mode::bypass;
  if (d.one_in(10))
    how.accept_stale = d.one_in(2);
  return how;
}

// -- the oracle's side --------------------------------------------------------

entity_handle workload::handle(const entity_type& type) {
  return {process().core(), type};
}

key workload::canonical(const entity_type& type, const std::vector<value>& id) {
  return run_.server().canonical(type.make_key(primary_index, id).value());
}

workload::write_ticket workload::begin_write(const std::string& what) {
  auto number = run_.past().write_begins(run_.process_number(seat_), what,
                                         request_timeout);
  run_.note("write " + std::to_string(number) + " begins: " + what);
  return {number, life_};
}

void workload::end_write(write_ticket w, const failure* why,
                         const std::vector<write_effect>& effects,
                         const std::vector<row>& seen,
                         const entity_type& type) {
  run_.note("write " + std::to_string(w.number)
            + " ends: " + (why ? to_string(*why) : "acknowledged"));
  if (why)
    judge_error(*why, "write " + std::to_string(w.number));
  std::vector<std::pair<key, register_value>> rows;
  for (auto& r : seen)
    rows.emplace_back(run_.server().canonical(type.key_of(r)),
                      std::string{r.bytes()});
  run_.past().write_ends(w.number,
                         why ? end_of(why->code) : write_end::acknowledged,
                         effects, rows);
}

void workload::judge_error(const failure& why, const std::string& what) {
  if (why.code == errc::internal && run_.plan().crashes == 0)
    run_.violation(what + " failed with " + to_string(why));
}

void workload::judge_age(const record& r, const entity_type& type,
                         bool negative, const read_options& how) {
  if (how.accept_stale == false && r.state() == freshness::stale)
    run_.violation("a stale answer to a reader that refuses them");
  if (how.max_age && r.age() > *how.max_age + milliseconds{1}
      && how.mode == read_mode::cached)
    run_.violation("an answer older than the reader's max_age");
  auto limit = negative ? type.ttl.negative : type.ttl.fresh;
  if (r.state() == freshness::fresh && r.age() > limit * 11 / 10)
    run_.violation("a fresh answer of age " + std::to_string(r.age().count())
                   + " ms, beyond its time to live");
  if (r.from() == tier::memory)
    ++run_.report().memory_answers;
  if (r.from() == tier::disk)
    ++run_.report().disk_answers;
}

// -- reads --------------------------------------------------------------------

void workload::read_row(const target& t, read_options how) {
  auto& type = *t.type;
  auto id = canonical(type, t.id);
  auto past_cache = how.mode == read_mode::bypass
                    || !process().shared().reads_cached(type.id);
  auto asked = type.make_key(primary_index, t.id).value();
  auto number = run_.past().read_begins(
      run_.process_number(seat_), id, std::string{asked.bytes()},
      request_timeout, how.max_age, run_.max_staleness(seat_));
  run_.note("read " + std::to_string(number) + " begins: " + type.name + " "
            + text_of(t.id) + (past_cache ? " past the cache" : ""));
  then(handle(type).find_by_pk(t.id, how), [=, this](result<record> r) {
    if (!r) {
      run_.note("read " + std::to_string(number)
                + " ends: " + to_string(r.error()));
      judge_error(r.error(), "read");
      run_.past().read_fails(number);
      return;
    }
    read_answer answer;
    answer.value = std::string{r->content().bytes()};
    answer.fresh = r->state() == freshness::fresh;
    answer.past_cache = past_cache;
    if (r->found())
      answer.own = std::string{type_of(id)->key_of(r->content()).bytes()};
    if (r->from() != tier::database)
      answer.age = r->age();
    run_.note("read " + std::to_string(number)
              + " ends: " + describe(run_.types(), id, answer.value) + " from "
              + std::string{to_string(r->from())} + ", "
              + std::string{to_string(r->state())} + ", age "
              + std::to_string(r->age().count()));
    judge_age(*r, *type_of(id), !r->found(), how);
    run_.past().read_ends(number, answer);
  });
}

const entity_type* workload::type_of(const key& id) const {
  return &run_.types()[id.type()];
}

void workload::read_list(const entity_type& type, std::string name,
                         std::vector<value> of, read_options how) {
  auto index = find_list(type, name).value();
  auto asked = type.make_key(index, of).value();
  auto list = run_.server().canonical(asked);
  auto past_cache = how.mode == read_mode::bypass
                    || !process().shared().reads_cached(type.id);
  auto number = run_.past().read_begins(
      run_.process_number(seat_), list, std::string{asked.bytes()},
      request_timeout, how.max_age, run_.max_staleness(seat_));
  run_.note("read " + std::to_string(number) + " begins: " + type.name + "."
            + name + " of " + text_of(of)
            + (past_cache ? " past the cache" : ""));
  then(handle(type).find_all(name, of, how), [=, this](result<records> all) {
    if (!all) {
      run_.note("read " + std::to_string(number)
                + " ends: " + to_string(all.error()));
      judge_error(all.error(), "list read");
      run_.past().read_fails(number);
      return;
    }
    read_answer answer;
    answer.filtered = true;
    answer.past_cache = past_cache;
    std::vector<key> members;
    for (auto& r : *all) {
      auto own = type_of(list)->key_of(r.content());
      members.push_back(run_.server().canonical(own));
      answer.rows.push_back({members.back(), std::string{own.bytes()},
                             std::string{r.content().bytes()}});
      answer.fresh = answer.fresh && r.state() == freshness::fresh;
      judge_age(r, *type_of(list), false, how);
    }
    answer.unmarked = members.empty() && how.accept_stale.value_or(true);
    answer.value = list_value(members);
    run_.note("read " + std::to_string(number)
              + " ends: " + describe(run_.types(), list, answer.value)
              + (answer.fresh ? ", fresh" : ", stale"));
    run_.past().read_ends(number, answer);
  });
}

void workload::read_everything() {
  auto& types = run_.types();
  for (int64_t owner = 1; owner <= 4; ++owner) {
    read_row({&types[owner_type], {value{owner}}}, {});
    read_list(types[page_type], "pages", {value{owner}}, {});
    read_list(types[badge_type], "badges", {value{owner}}, {});
    for (int64_t kind = 1; kind <= 2; ++kind)
      read_row({&types[badge_type], {value{owner}, value{kind}}}, {});
  }
  for (auto page : {"a", "b", "A", "B"})
    read_row({&types[page_type], {value{page}}}, {});
  for (int64_t tag = 7; tag <= 8; ++tag)
    read_list(types[page_type], "tag", {value{tag}}, {});
  for (auto slug : {"s", "t", "S"})
    read_list(types[badge_type], "slug", {value{slug}}, {});
}

// -- the choice of an operation -----------------------------------------------

bool workload::done() const {
  return started_ >= run_.plan().operations && busy_ == 0;
}

void workload::process_gone() {
  ++life_;
  busy_ = 0;
  off_.clear();
}

bool workload::start_one() {
  if (busy_ >= run_.plan().clients || started_ >= run_.plan().operations)
    return false;
  ++started_;
  auto& d = run_.chooser();
  if (d.chance(run_.plan().invalidations)) {
    invalidate();
    return true;
  }
  if (d.chance(run_.plan().writes)) {
    write();
    return true;
  }
  auto how = some_options();
  if (!d.one_in(3)) {
    read_row(some_row(), how);
    return true;
  }
  if (run_.max_staleness(seat_) && d.one_in(2))
    how.accept_stale = false;
  auto& types = run_.types();
  auto owner = value{static_cast<int64_t>(d.below(3) + 1)};
  switch (d.below(4)) {
  case 0:
    read_list(types[page_type], "pages", {owner}, how);
    break;
  case 1:
    read_list(types[page_type], "tag",
              {value{static_cast<int64_t>(d.below(2) + 7)}}, how);
    break;
  case 2:
    read_list(types[badge_type], "badges", {owner}, how);
    break;
  default:
    read_list(types[badge_type], "slug", {value{d.pick({"s", "t", "S"})}}, how);
    break;
  }
  return true;
}

} // namespace toadcache::simulation
