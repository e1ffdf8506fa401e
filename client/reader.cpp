#include "client/reader.hpp"

#include <algorithm>

#include "client/read_request.hpp"

namespace toadcache {

namespace {

constexpr auto relaxed = std::memory_order_relaxed;

bool asks_cache(const client_core& core, const entity_type& type,
                const read_options& how) {
  return how.mode == read_mode::cached && core.shared->reads_cached(type.id);
}

entity_counters& counters_of(client_core& core, entity_id type) {
  return core.shared->count.entities[type];
}

void ask_refresh(client_core& core, const key& id, const entry& e) {
  if (e.refresh_claimed.exchange(true, std::memory_order_acq_rel))
    return;
  if (auto target = core.shared->actors.cache(core.shared->caches.owner_of(id)))
    caf::anon_send(target, refresh{id});
  else
    e.refresh_claimed.store(false, std::memory_order_release);
}

// Calls take(entry, freshness, age) with what may be served now of a row or
// list; counts. False: nothing may be.
template <class F>
bool probe(client_core& core, const key& id, const read_options& how, F take) {
  auto& count = counters_of(core, id.type());
  const auto& p = core.shared->partition_of(id);
  bool served = false;
  p.visit(id, [&](const entry& e) {
    const auto now = core.shared->time.now();
    const auto absent = id.is_row() && !e.has_content();
    const auto times = p.times_of(id.hash(), absent, e.fetched());
    const auto v = judge(times, now, p.trusted_until(), how.max_age,
                         how.accept_stale.value_or(true));
    if (v == verdict::expired)
      return;
    served = true;
    const auto stale = v == verdict::stale_refresh;
    if (stale) {
      count.stale_hits.fetch_add(1, relaxed);
      ask_refresh(core, id, e);
    }
    take(e, stale ? freshness::stale : freshness::fresh, age_of(times, now));
  });
  (served ? count.hits : count.misses).add(1);
  return served;
}

// What memory knows of a list and its rows.
struct list_probe {
  list_reply list;
  std::vector<std::optional<row_reply>> rows;
  bool complete = true; ///< every row is there, and surely in the list or not
};

std::optional<list_probe> probe_parts(client_core& core,
                                      const entity_type& type, const key& list,
                                      const read_options& how) {
  list_probe p;
  auto known = probe(core, list, how,
                     [&](const entry& e, freshness state, milliseconds age) {
                       p.list.keys = e.list(list.type());
                       p.list.from = tier::memory;
                       p.list.state = state;
                       p.list.age = age;
                     });
  if (!known)
    return std::nullopt;
  for (auto& id : p.list.keys) {
    p.rows.push_back(probe_row(core, id, how));
    auto& r = p.rows.back();
    if (!r
        || (r->found()
            && belongs(type, r->content, list) == membership::unknown))
      p.complete = false;
  }
  return p;
}

records as_records(const entity_type& type, std::vector<row_reply> rows) {
  records out;
  out.reserve(rows.size());
  for (auto& r : rows)
    out.emplace_back(type, std::move(r));
  return out;
}

records as_records(const entity_type& type, const key& list, list_probe& p) {
  records out;
  out.reserve(p.rows.size());
  for (auto& r : p.rows) {
    if (!r->found() || belongs(type, r->content, list) != membership::yes)
      continue;
    r->state = std::max(r->state, p.list.state);
    r->age = std::max(r->age, p.list.age);
    out.emplace_back(type, std::move(*r));
  }
  return out;
}

read_request_ptr make_request(client_core& core, const entity_type& type,
                              const read_options& how, milliseconds remaining,
                              bool cached) {
  return std::make_shared<read_request>(
      read_request{core.shared_from_this(), &type, how,
                   core.deadline_of(remaining), cached});
}

template <class T>
void count_timeout(client_core& core, const result<T>& r) {
  if (!r && r.error().code == errc::timeout)
    core.shared->count.requests_timed_out.fetch_add(1, relaxed);
}

// read_list and read_first: the same question, another view of the answer.
template <class T, class Map>
answer<T> read_list_as(client_core& core, const entity_type& type,
                       const result<key>& list, const read_options& how,
                       Map map) {
  if (!list)
    return fail(list.error());
  const bool cached = asks_cache(core, type, how);
  std::optional<list_probe> known;
  if (cached) {
    known = probe_parts(core, type, *list, how);
    if (known && known->complete)
      return result<T>{map(as_records(type, *list, *known))};
  } else {
    counters_of(core, type.id).bypassed.fetch_add(1, relaxed);
  }
  auto remaining = core.time_of(how.timeout);
  auto rq = make_request(core, type, how, remaining, cached);
  return core.request<T>(
      remaining, errc::timeout,
      [rq, list = *list, known = std::move(known),
       map](dispatcher_context context, const completion_ptr<T>& done) {
        rows_done finish = [rq, done, map](result<std::vector<row_reply>> r) {
          count_timeout(*rq->core, r);
          if (r)
            done->deliver(map(as_records(*rq->type, std::move(*r))));
          else
            done->deliver(fail(std::move(r.error())));
        };
        if (known) {
          complete_list(context, rq, list, known->list, known->rows, finish);
          return;
        }
        ask_list(context, rq, list,
                 [context, rq, list, finish](result<list_reply> r) {
                   if (r)
                     complete_list(context, rq, list, std::move(*r), {},
                                   finish);
                   else
                     finish(fail(std::move(r.error())));
                 });
      });
}

} // namespace

bool visit_row(client_core& core, const key& id, const read_options& how,
               row_visitor f, void* with) {
  if (how.mode != read_mode::cached || !core.shared->reads_cached(id.type()))
    return false;
  return probe(
      core, id, how, [&](const entry& e, freshness state, milliseconds age) {
        if (!e.has_content())
          counters_of(core, id.type()).negative_hits.fetch_add(1, relaxed);
        e.with_content([&](const row& r) { f(with, r, state, age); });
      });
}

std::optional<row_reply> probe_row(client_core& core, const key& id,
                                   const read_options& how) {
  std::optional<row_reply> found;
  probe(core, id, how, [&](const entry& e, freshness state, milliseconds age) {
    found = row_reply{e.content(), tier::memory, state, age, 0};
    if (core.shared->config.profile == profile_kind::development)
      found->generation = core.shared->partition_of(id).generation();
    if (!e.has_content())
      counters_of(core, id.type()).negative_hits.fetch_add(1, relaxed);
  });
  return found;
}

bool any_in_list(client_core& core, const entity_type& type, const key& list,
                 const read_options& how, row_predicate wanted, void* with) {
  if (!asks_cache(core, type, how))
    return false;
  auto found = false;
  // True when it is known to be no such row.
  auto rule_out = [&](const entry& e) {
    auto is_other = !e.has_content();
    e.with_content([&](const row& r) {
      auto in = belongs(type, r, list);
      found = in == membership::yes && wanted(with, r);
      is_other = in != membership::unknown && !found;
    });
    return is_other;
  };
  probe(core, list, how, [&](const entry& e, freshness, milliseconds) {
    e.for_each_listed([&](std::string_view bytes) {
      auto go_on = false;
      probe(core, key{type.id, primary_index, bytes}, how,
            [&](const entry& listed, freshness, milliseconds) {
              go_on = rule_out(listed);
            });
      return go_on;
    });
  });
  return found;
}

answer<record> read_row(client_core& core, const entity_type& type,
                        result<key> id, const read_options& how) {
  if (!id)
    return fail(std::move(id.error()));
  const bool cached = asks_cache(core, type, how);
  if (cached) {
    if (auto r = probe_row(core, *id, how))
      return result<record>{record{type, std::move(*r)}};
  } else {
    counters_of(core, type.id).bypassed.fetch_add(1, relaxed);
  }
  auto remaining = core.time_of(how.timeout);
  auto rq = make_request(core, type, how, remaining, cached);
  return core.request<record>(
      remaining, errc::timeout,
      [rq, id = std::move(*id)](dispatcher_context context,
                                const completion_ptr<record>& done) {
        ask_rows(context, rq, {id},
                 [rq, done](result<std::vector<row_reply>> r) {
                   count_timeout(*rq->core, r);
                   if (r)
                     done->deliver(record{*rq->type, std::move(r->front())});
                   else
                     done->deliver(fail(std::move(r.error())));
                 });
      });
}

answer<records> read_rows(client_core& core, const entity_type& type,
                          result<std::vector<key>> ids,
                          const read_options& how) {
  if (!ids)
    return fail(std::move(ids.error()));
  const bool cached = asks_cache(core, type, how);
  std::vector<row_reply> found(ids->size());
  std::vector<size_t> open; // positions that memory could not answer
  for (size_t i = 0; i < ids->size(); ++i) {
    if (cached) {
      if (auto r = probe_row(core, (*ids)[i], how)) {
        found[i] = std::move(*r);
        continue;
      }
    } else {
      counters_of(core, type.id).bypassed.fetch_add(1, relaxed);
    }
    open.push_back(i);
  }
  if (open.empty())
    return result<records>{as_records(type, std::move(found))};
  std::vector<key> asked;
  for (auto i : open)
    asked.push_back((*ids)[i]);
  auto remaining = core.time_of(how.timeout);
  auto rq = make_request(core, type, how, remaining, cached);
  return core.request<records>(
      remaining, errc::timeout,
      [rq, asked = std::move(asked), open = std::move(open),
       found = std::move(found)](dispatcher_context context,
                                 const completion_ptr<records>& done) {
        ask_rows(
            context, rq, asked,
            [rq, done, open, found](result<std::vector<row_reply>> r) mutable {
              count_timeout(*rq->core, r);
              if (!r) {
                done->deliver(fail(std::move(r.error())));
                return;
              }
              for (size_t i = 0; i < open.size(); ++i)
                found[open[i]] = std::move((*r)[i]);
              done->deliver(as_records(*rq->type, std::move(found)));
            });
      });
}

answer<records> read_list(client_core& core, const entity_type& type,
                          result<key> list, const read_options& how) {
  return read_list_as<records>(core, type, list, how,
                               [](records r) { return r; });
}

answer<record> read_first(client_core& core, const entity_type& type,
                          result<key> list, const read_options& how) {
  return read_list_as<record>(core, type, list, how, [t = &type](records r) {
    return r.empty() ? record{*t, {}} : std::move(r.front());
  });
}

answer<records> read_where(client_core& core, const entity_type& type,
                           result<filter> where, const read_options& how) {
  if (!where)
    return fail(std::move(where.error()));
  counters_of(core, type.id).bypassed.fetch_add(1, relaxed);
  auto remaining = core.time_of(how.timeout);
  auto rq = make_request(core, type, how, remaining, false);
  return core.request<records>(
      remaining, errc::timeout,
      [rq, where = std::move(*where)](dispatcher_context context,
                                      const completion_ptr<records>& done) {
        ask_where(context, rq, where,
                  [rq, done](result<std::vector<row_reply>> r) {
                    count_timeout(*rq->core, r);
                    if (r)
                      done->deliver(as_records(*rq->type, std::move(*r)));
                    else
                      done->deliver(fail(std::move(r.error())));
                  });
      });
}

} // namespace toadcache
