#include "client/read_request.hpp"

#include <algorithm>
#include <map>

#include "client/ask_again.hpp"
#include "client/group_of.hpp"

namespace toadcache {

namespace {

request_header header_of(const read_request& rq, std::span<const key> keys,
                         milliseconds remaining) {
  request_header h;
  h.remaining = remaining;
  if (!keys.empty())
    h.group = group_of(*rq.type, keys.front());
  if (rq.core->shared->config.profile == profile_kind::development)
    h.trace = rq.core->shared->next_id();
  return h;
}

// The cache actor is down or restarting, or failed while it answered: the
// database answers instead.
bool passes_through(const failure& f) {
  return f.code == errc::tier_closed || f.code == errc::internal;
}

using fetch_done = std::function<void(result<fetched>)>;

void fetch_again(dispatcher_context context, read_request_ptr rq, fetch what,
                 fetch_done done) {
  auto core = rq->core;
  auto deadline = rq->deadline;
  ask_again<fetched>(
      context, core, deadline, [core] { return core->shared->actors.pool(); },
      [rq, what](milliseconds remaining) {
        auto copy = what;
        copy.header = header_of(*rq, what.keys, remaining);
        return copy;
      },
      std::move(done));
}

row_reply from_database(row r) {
  return {std::move(r), tier::database, freshness::fresh, milliseconds{0}, 0};
}

std::vector<row_reply> from_database(std::vector<row> rows) {
  std::vector<row_reply> out;
  out.reserve(rows.size());
  for (auto& r : rows)
    out.push_back(from_database(std::move(r)));
  return out;
}

void fetch_rows(dispatcher_context context, read_request_ptr rq,
                std::vector<key> ids, rows_done done);

// Asks for the keys at `open` one by one: some row came back under another key
// (a collation), so only the statement itself tells which is whose.
void fetch_singly(dispatcher_context context, read_request_ptr rq,
                  std::vector<key> ids, std::vector<row_reply> found,
                  std::vector<size_t> open, rows_done done) {
  if (open.empty()) {
    done(std::move(found));
    return;
  }
  auto at = open.back();
  open.pop_back();
  auto id = ids[at];
  fetch_rows(context, rq, {id}, [=](result<std::vector<row_reply>> r) mutable {
    if (!r) {
      done(std::move(r));
      return;
    }
    found[at] = std::move(r->front());
    fetch_singly(context, rq, std::move(ids), std::move(found), std::move(open),
                 std::move(done));
  });
}

void fetch_rows(dispatcher_context context, read_request_ptr rq,
                std::vector<key> ids, rows_done done) {
  fetch what;
  what.type = rq->type->id;
  what.keys = ids;
  fetch_again(context, rq, std::move(what), [=](result<fetched> r) mutable {
    if (!r) {
      done(fail(std::move(r.error())));
      return;
    }
    std::vector<row_reply> found(ids.size());
    if (ids.size() == 1) { // whatever came is the answer
      if (!r->rows.empty())
        found.front() = from_database(std::move(r->rows.front()));
      done(std::move(found));
      return;
    }
    bool foreign = false;
    for (auto& x : r->rows) {
      auto own = rq->type->key_of(x);
      bool asked = false;
      for (size_t i = 0; i < ids.size(); ++i)
        if (ids[i] == own) {
          found[i] = from_database(x);
          asked = true;
        }
      foreign = foreign || !asked;
    }
    std::vector<size_t> open;
    for (size_t i = 0; foreign && i < ids.size(); ++i)
      if (!found[i].found())
        open.push_back(i);
    fetch_singly(context, rq, std::move(ids), std::move(found), std::move(open),
                 std::move(done));
  });
}

void fetch_list(dispatcher_context context, read_request_ptr rq, key list,
                list_done done) {
  fetch what;
  what.type = rq->type->id;
  what.index = list.index();
  what.keys = {list};
  fetch_again(context, rq, std::move(what),
              [rq, done](result<fetched> r) mutable {
                if (!r) {
                  done(fail(std::move(r.error())));
                  return;
                }
                list_reply out;
                for (auto& x : r->rows)
                  out.keys.push_back(rq->type->key_of(x));
                out.rows = std::move(r->rows);
                done(std::move(out));
              });
}

} // namespace

membership belongs(const entity_type& type, const row& r, const key& list) {
  auto own = type.key_of(r, list.index());
  if (own == list)
    return membership::yes;
  auto a = type.aliases_of(own);
  auto b = type.aliases_of(list);
  if (a.all || b.all)
    return membership::unknown;
  return a.folded.value_or(own) == b.folded.value_or(list) ? membership::yes
                                                           : membership::no;
}

namespace {

// Of one cache: `owner`.
void ask_cache(dispatcher_context context, read_request_ptr rq, cache_id owner,
               std::vector<key> ids, rows_done done) {
  auto remaining = rq->core->remaining_until(rq->deadline);
  get_rows ask{ids, rq->how, header_of(*rq, ids, remaining)};
  context.ask<rows>(
      rq->core->shared->actors.cache(owner), remaining, std::move(ask),
      [done](rows& reply) { done(std::move(reply.replies)); },
      [=](failure f) mutable {
        if (passes_through(f))
          fetch_rows(context, std::move(rq), std::move(ids), std::move(done));
        else
          done(fail(std::move(f)));
      });
}

// The answers of several caches, put together in the order asked.
struct joined_rows {
  std::vector<row_reply> found;
  size_t open = 0;
  bool failed = false;
};

} // namespace

void ask_rows(dispatcher_context context, read_request_ptr rq,
              std::vector<key> ids, rows_done done) {
  if (!rq->cached) {
    fetch_rows(context, std::move(rq), std::move(ids), std::move(done));
    return;
  }
  std::map<cache_id, std::vector<size_t>> places;
  for (size_t i = 0; i < ids.size(); ++i)
    places[rq->core->shared->caches.owner_of(ids[i])].push_back(i);
  if (places.size() == 1) {
    ask_cache(context, std::move(rq), places.begin()->first, std::move(ids),
              std::move(done));
    return;
  }
  auto all = std::make_shared<joined_rows>();
  all->found.resize(ids.size());
  all->open = places.size();
  for (auto& [owner, part] : places) {
    std::vector<key> own;
    for (auto i : part)
      own.push_back(ids[i]);
    ask_cache(context, rq, owner, std::move(own),
              [all, at = part, done](result<std::vector<row_reply>> r) {
                --all->open;
                if (!r) {
                  if (!std::exchange(all->failed, true))
                    done(fail(std::move(r.error())));
                  return;
                }
                for (size_t i = 0; i < at.size(); ++i)
                  all->found[at[i]] = std::move((*r)[i]);
                if (all->open == 0 && !all->failed)
                  done(std::move(all->found));
              });
  }
}

namespace {

// A list whose cache is down, from the database. Other caches of the type may
// hold its rows as they were earlier: they drop them before anybody sees these.
void fetch_list_of_dead(dispatcher_context context, read_request_ptr rq,
                        key list, list_done done) {
  fetch_list(context, rq, std::move(list), [=](result<list_reply> r) mutable {
    auto& shared = *rq->core->shared;
    std::map<cache_id, apply_changes> holders;
    if (r && shared.caches.count_of(rq->type->id) > 1)
      for (auto& k : r->keys)
        holders[shared.caches.owner_of(k)].drop.push_back(k);
    struct pending {
      result<list_reply> answer;
      size_t open = 1;
    };
    auto all = std::make_shared<pending>(pending{std::move(r)});
    auto step = [all, done] {
      if (--all->open == 0)
        done(std::move(all->answer));
    };
    for (auto& [cache, dropped] : holders) {
      ++all->open;
      context.ask<applied>(
          shared.actors.cache(cache), rq->core->remaining_until(rq->deadline),
          std::move(dropped), [step](applied&) { step(); },
          [all, step](failure f) { // one that restarts holds nothing
            if (f.code == errc::timeout)
              all->answer = fail(std::move(f));
            step();
          });
    }
    step();
  });
}

} // namespace

void ask_list(dispatcher_context context, read_request_ptr rq, key list,
              list_done done) {
  if (!rq->cached) {
    fetch_list(context, std::move(rq), std::move(list), std::move(done));
    return;
  }
  auto remaining = rq->core->remaining_until(rq->deadline);
  get_lists ask{{list}, rq->how, header_of(*rq, {&list, 1}, remaining)};
  context.ask<lists>(
      rq->core->shared->actors.cache(rq->core->shared->caches.owner_of(list)),
      remaining, std::move(ask),
      [done](lists& reply) { done(std::move(reply.replies.front())); },
      [=](failure f) mutable {
        if (passes_through(f))
          fetch_list_of_dead(context, std::move(rq), std::move(list),
                             std::move(done));
        else
          done(fail(std::move(f)));
      });
}

void complete_list(dispatcher_context context, read_request_ptr rq, key list,
                   list_reply found,
                   std::vector<std::optional<row_reply>> known,
                   rows_done done) {
  if (!found.rows.empty() || found.keys.empty()) {
    // The database sent the rows with the list: nothing to check.
    auto out = from_database(std::move(found.rows));
    for (auto& r : out) {
      r.from = found.from;
      r.state = found.state;
      r.age = found.age;
    }
    done(std::move(out));
    return;
  }
  known.resize(found.keys.size());
  std::vector<key> open;
  for (size_t i = 0; i < known.size(); ++i)
    if (!known[i])
      open.push_back(found.keys[i]);
  auto finish = [=](result<std::vector<row_reply>> r) mutable {
    if (!r) {
      done(std::move(r));
      return;
    }
    std::vector<row_reply> out;
    size_t next = 0;
    for (auto& k : known) {
      auto reply = k ? std::move(*k) : std::move((*r)[next++]);
      if (!reply.found())
        continue; // gone
      auto in = belongs(*rq->type, reply.content, list);
      if (in == membership::unknown) {
        fetch_list(context, rq, list, [=](result<list_reply> again) {
          if (again)
            done(from_database(std::move(again->rows)));
          else
            done(fail(std::move(again.error())));
        });
        return;
      }
      if (in == membership::no)
        continue; // moved
      reply.state = std::max(reply.state, found.state);
      reply.age = std::max(reply.age, found.age);
      out.push_back(std::move(reply));
    }
    done(std::move(out));
  };
  if (open.empty())
    finish(std::vector<row_reply>{});
  else
    ask_rows(context, rq, std::move(open), std::move(finish));
}

void ask_where(dispatcher_context context, read_request_ptr rq, filter where,
               rows_done done) {
  fetch what;
  what.type = rq->type->id;
  what.where = std::move(where);
  fetch_again(context, std::move(rq), std::move(what),
              [done](result<fetched> r) {
                if (r)
                  done(from_database(std::move(r->rows)));
                else
                  done(fail(std::move(r.error())));
              });
}

} // namespace toadcache
