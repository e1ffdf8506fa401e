// The writing half of the workload: own writes, invalidations, switches, and
// the writes of others.
#include "tests/simulation/workload.hpp"

#include <algorithm>

#include "client/administration.hpp"
#include "client/writer.hpp"
#include "tests/simulation/sim_catalog.hpp"
#include "tests/simulation/sim_database.hpp"

namespace toadcache::simulation {

namespace {

// `set` with the primary key's columns in front.
fields with_key(const entity_type& type, const std::vector<value>& id,
                fields set) {
  fields all;
  for (size_t i = 0; i < id.size(); ++i)
    all.emplace_back(type.columns[type.primary_key[i]].name, id[i]);
  all.insert(all.end(), set.begin(), set.end());
  return all;
}

std::string named(const std::string& what, const entity_type& type,
                  const std::vector<value>& id) {
  auto out = what + " " + type.name;
  for (auto& v : id)
    out += " " + to_string(v);
  return out;
}

assignments positions(const entity_type& type, const fields& set) {
  assignments out;
  for (auto& [name, v] : set)
    out.emplace_back(*type.find_column(name), v);
  return out;
}

} // namespace

void workload::write() {
  auto t = some_row();
  switch (run_.chooser().below(16)) {
  case 0:
  case 1:
  case 2:
    create(t);
    break;
  case 3:
  case 4:
    destroy(t);
    break;
  case 5:
  case 6:
    upsert(t);
    break;
  case 7:
  case 8:
    find_or_create(t);
    break;
  case 9:
    change_key(t);
    break;
  case 10:
    transaction();
    break;
  default:
    update(t);
    break;
  }
}

void workload::create(const target& t) {
  auto& type = *t.type;
  auto w = begin_write(named("create", type, t.id));
  auto set = some_fields(type, static_cast<int64_t>(w.number), true);
  auto id = canonical(type, t.id);
  then(handle(type).create(with_key(type, t.id, set)),
       [=, this, &type](result<record> r) {
         if (r)
           end_write(w, nullptr, {{id}}, {r->content()}, type);
         else
           end_write(w, &r.error(), {}, {}, type);
       });
}

void workload::update(const target& t) {
  auto& type = *t.type;
  auto w = begin_write(named("update", type, t.id));
  auto set = some_fields(type, static_cast<int64_t>(w.number), false);
  auto id = canonical(type, t.id);
  then(handle(type).update(t.id, set), [=, this, &type](result<record> r) {
    if (r)
      end_write(w, nullptr, {{id}}, {r->content()}, type);
    else
      end_write(w, &r.error(), {}, {}, type);
  });
}

void workload::change_key(const target& t) {
  auto& type = *t.type;
  auto other = some_id(type);
  auto from = canonical(type, t.id);
  auto to = canonical(type, other);
  auto w = begin_write(named("change key of", type, t.id) + " to "
                       + named("", type, other));
  auto set = some_fields(type, static_cast<int64_t>(w.number), false);
  set.erase(std::remove_if(set.begin(), set.end(),
                           [](auto& f) { return f.first == "owner_id"; }),
            set.end());
  then(handle(type).update(t.id, with_key(type, other, set)),
       [=, this, &type](result<record> r) {
         std::vector<write_effect> effects{{to}};
         if (from != to)
           effects.push_back({from, true});
         if (r)
           end_write(w, nullptr, effects, {r->content()}, type);
         else
           end_write(w, &r.error(), {}, {}, type);
       });
}

void workload::upsert(const target& t) {
  auto& type = *t.type;
  auto w = begin_write(named("upsert", type, t.id));
  auto set = some_fields(type, static_cast<int64_t>(w.number), true);
  auto id = canonical(type, t.id);
  then(handle(type).upsert(with_key(type, t.id, set)),
       [=, this, &type](result<found_or_created> r) {
         if (r)
           end_write(w, nullptr, {{id}}, {r->self.content()}, type);
         else
           end_write(w, &r.error(), {}, {}, type);
       });
}

void workload::destroy(const target& t) {
  auto& type = *t.type;
  auto w = begin_write(named("destroy", type, t.id));
  auto id = canonical(type, t.id);
  then(handle(type).destroy(t.id), [=, this, &type](result<affected> r) {
    std::vector<write_effect> effects;
    if (r && r->matched > 0)
      effects.push_back({id, true});
    end_write(w, r ? nullptr : &r.error(), effects, {}, type);
  });
}

void workload::find_or_create(const target& t) {
  auto& type = *t.type;
  auto w = begin_write(named("find or create", type, t.id));
  auto set = some_fields(type, static_cast<int64_t>(w.number), true);
  auto id = canonical(type, t.id);
  then(handle(type).find_or_create(with_key(type, t.id, {}), set),
       [=, this, &type](result<found_or_created> r) {
         if (!r) {
           end_write(w, &r.error(), {}, {}, type);
           return;
         }
         if (!r->self.found()) {
           run_.violation("find_or_create neither found nor created a row");
           return;
         }
         std::vector<write_effect> effects;
         if (r->created)
           effects.push_back({id});
         end_write(w, nullptr, effects, {r->self.content()}, type);
       });
}

// An owner and one of its badges, both or none.
void workload::transaction() {
  auto& owner = run_.types()[owner_type];
  auto& badge = run_.types()[badge_type];
  auto owner_id = some_id(owner);
  auto badge_id = std::vector<value>{
      owner_id[0], value{static_cast<int64_t>(run_.chooser().below(2) + 1)}};
  auto w = begin_write(named("transaction on", owner, owner_id) + " and "
                       + named("", badge, badge_id));
  auto mark = static_cast<int64_t>(w.number);
  operation first;
  first.kind = operation::kind_type::update;
  first.type = owner.id;
  first.keys = {owner.make_key(primary_index, owner_id).value()};
  first.set = positions(owner, some_fields(owner, mark, false));
  operation second;
  second.kind = operation::kind_type::upsert;
  second.type = badge.id;
  second.set = positions(
      badge, with_key(badge, badge_id, some_fields(badge, mark, true)));
  std::vector<write_effect> effects{{canonical(owner, owner_id)},
                                    {canonical(badge, badge_id)}};
  auto done
      = toadcache::write<bool>(process().core(), std::vector{first, second}, {},
                               [](transaction_done) { return true; });
  then(std::move(done), [=, this, &owner](result<bool> r) {
    end_write(w, r ? nullptr : &r.error(), effects, {}, owner);
  });
}

// -- invalidations and switches -----------------------------------------------

void workload::invalidate() {
  auto t = some_row();
  auto& type = *t.type;
  auto id = canonical(type, t.id);
  auto how = run_.chooser().below(4);
  auto number = run_.past().invalidation_begins(
      run_.process_number(seat_),
      [=](const key& k) { return how == 0 ? k.type() == id.type() : k == id; });
  run_.note("invalidation " + std::to_string(number) + " begins: "
            + (how == 0 ? "all of " + type.name
                        : named(how == 1 ? "dependents of" : "", type, t.id)));
  auto h = handle(type);
  auto done = how == 0   ? h.invalidate_all()
              : how == 1 ? h.invalidate_dependents(t.id)
                         : h.invalidate(t.id);
  then(std::move(done), [=, this](result<void> r) {
    run_.note("invalidation " + std::to_string(number)
              + " ends: " + (r ? "applied" : to_string(r.error())));
    if (r)
      run_.past().invalidation_ends(number);
  });
}

void workload::toggle() {
  auto type = static_cast<entity_id>(run_.chooser().below(3));
  switch_to(type, !off_.insert(type).second);
}

bool workload::all_enabled() {
  if (off_.empty())
    return true;
  for (auto type : std::set<entity_id>{off_})
    switch_to(type, true);
  return false;
}

void workload::switch_to(entity_id type, bool on) {
  auto what = run_.types()[type].name + (on ? " on" : " off");
  run_.note("switch " + what);
  if (on)
    off_.erase(type);
  then(switch_cache(process().core(), {type}, false, on),
       [=, this](result<void> r) {
         run_.note("switched " + what + (r ? "" : ": " + to_string(r.error())));
         if (on && !r)
           off_.insert(type);
       });
}

// -- others -------------------------------------------------------------------

void workload::fill_database() {
  auto s = open_session(run_.server(), "foreign", true).value();
  auto insert = [&](entity_id type, std::vector<value> id) {
    auto& t = run_.types()[type];
    auto set = some_fields(t, -++foreign_marks_, true);
    (void)s->insert(t, positions(t, with_key(t, id, set)));
  };
  for (int64_t owner = 1; owner <= 3; ++owner) {
    insert(owner_type, {value{owner}});
    insert(badge_type, {value{owner}, value{1}});
  }
  insert(page_type, {value{"a"}});
  insert(page_type, {value{"B"}});
}

// One row, or, told to nobody, up to three at once.
void workload::foreign_write(bool notified) {
  auto& server = run_.server();
  auto& d = run_.chooser();
  if (!server.running())
    return;
  if (notified && busy_ > 2 * run_.plan().clients)
    return; // whoever tells waits until it is heard
  auto connection = server.connect("foreign", true);
  if (!connection)
    return;
  auto count = !notified && d.one_in(2) ? d.below(3) + 1 : 1;
  (void)server.begin(*connection);
  std::string what;
  target last;
  for (; count > 0 && server.in_transaction(*connection); --count) {
    last = some_row();
    if (auto done = foreign_change(*connection, last); !done.empty())
      what += (what.empty() ? "" : ", ") + done;
  }
  auto ahead = notified ? milliseconds{0} : run_.some_log_ahead();
  auto committed = !what.empty() && server.in_transaction(*connection);
  if (committed && ahead.count() > 0)
    server.commit_slowly(*connection, ahead);
  else if (committed)
    committed = server.commit(*connection).how == outcome::committed;
  server.disconnect(*connection);
  if (!committed)
    return;
  run_.note("another program " + what);
  if (notified)
    told_.push_back({canonical(*last.type, last.id), last.id});
}

// What was done, for traces; empty: nothing.
std::string workload::foreign_change(uint64_t connection, const target& t) {
  auto& server = run_.server();
  auto& type = *t.type;
  auto mark = -++foreign_marks_;
  auto id = type.make_key(primary_index, t.id).value();
  auto all = with_key(type, t.id, some_fields(type, mark, true));
  auto set = positions(type, some_fields(type, mark, true));
  switch (run_.chooser().below(9)) {
  case 0:
  case 1:
    return server.erase(connection, type, id).value_or(0) > 0
               ? named("erases", type, t.id)
               : "";
  case 2:
  case 3:
    return server.insert(connection, type, positions(type, all))
               ? named("inserts", type, t.id)
               : "";
  case 4: {
    auto other = some_id(type);
    auto moved
        = positions(type, with_key(type, other, {{"mark", value{mark}}}));
    return server.update(connection, type, id, moved).value_or(0) > 0
               ? named("changes the key of", type, t.id)
                     + named(" to", type, other)
               : "";
  }
  default:
    return server.update(connection, type, id, set).value_or(0) > 0
               ? named("updates", type, t.id)
               : "";
  }
}

void workload::tell_foreign() {
  if (told_.empty() || !process().alive())
    return;
  auto [k, id] = std::move(told_.front());
  told_.pop_front();
  auto& type = run_.types()[k.type()];
  auto number = run_.past().invalidation_begins(
      run_.process_number(seat_), [k = k](const key& x) { return x == k; });
  run_.note(named("told of", type, id));
  then(handle(type).invalidate_dependents(id), [this, number](result<void> r) {
    if (r)
      run_.past().invalidation_ends(number);
  });
}

} // namespace toadcache::simulation
