// The write of a DB WORKER, from the first statement to COMMIT.
#include "actors/db_worker.hpp"

#include <utility>

#include <caf/sec.hpp>

#include "actors/ask.hpp"
#include "messages/errors.hpp"

namespace toadcache {

namespace {

/// find_or_create and upsert lose a race once or twice, not for ever.
constexpr size_t max_duplicates_count = 2;

bool may_lose_race(operation::kind_type kind) {
  return kind == operation::kind_type::find_or_create
         || kind == operation::kind_type::upsert;
}

/// The same rows by their keys alone: nothing to install, nothing to infer.
std::vector<row_change> keys_only(const catalog& types,
                                  const std::vector<row_change>& rows) {
  std::vector<row_change> all;
  for (auto& r : rows) {
    all.push_back({r.id, {}, {}, false});
    if (!r.after)
      continue;
    if (auto moved = types[r.id.type()].key_of(r.after); moved != r.id)
      all.push_back({std::move(moved), {}, {}, false});
  }
  return all;
}

} // namespace

std::function<void()> db_worker_state::for_this_job(std::function<void()> f) {
  return [this, serial = job_->serial, f = std::move(f)] {
    if (job_ && job_->serial == serial)
      f();
  };
}

void db_worker_state::attempt() {
  job_->serial = ++serial_;
  job_->results.clear();
  job_->committing = false;
  if (auto begun = begin(); !begun) {
    rolled_back(begun.error());
    return;
  }
  job_->transaction.emplace(*session_, *shared_->types, shared_->count,
                            shared_->config.planted, false);
  flush_foreign(job_->deadline, [this](result<void> flushed) {
    if (flushed) {
      run_operations();
      return;
    }
    roll_back();
    rolled_back(flushed.error());
  });
}

void db_worker_state::run_operations() {
  auto retry_statement = shared_->config.planted.has(
      planted_bug::statement_retried_inside_transaction);
  for (auto& op : job_->operations) {
    if (now() >= job_->deadline || journal_->cancelled()) {
      roll_back();
      rolled_back({errc::timeout, "rolled back: the deadline passed before "
                                  "COMMIT"});
      return;
    }
    auto done = job_->transaction->run(op);
    if (!done && done.error().code == errc::deadlock && retry_statement)
      done = job_->transaction->run(op);
    if (!done) {
      operation_failed(op, done.error());
      return;
    }
    job_->results.push_back(std::move(*done));
  }
  prepare_commit();
}

void db_worker_state::operation_failed(const operation& op,
                                       const failure& why) {
  roll_back();
  judge(why);
  if (why.code == errc::duplicate && may_lose_race(op.kind)
      && job_->duplicates < max_duplicates_count) {
    // Somebody else created the row: found by a new transaction (rule 8).
    ++job_->duplicates;
    attempt();
    return;
  }
  rolled_back(why);
}

void db_worker_state::rolled_back(const failure& why) {
  auto& job = *job_;
  if (why.code == errc::deadlock && !job.interactive
      && job.deadlocks < shared_->config.pool.max_retries_count
      && !journal_->cancelled()) {
    auto delay = retry_->next();
    if (now() + delay < job.deadline) {
      ++job.deadlocks;
      shared_->count.retries.fetch_add(1, std::memory_order_relaxed);
      after(delay, for_this_job([this] { attempt(); }));
      return;
    }
  }
  answer(why);
  finish();
}

// -- tickets ------------------------------------------------------------------

void db_worker_state::prepare_commit() {
  auto& job = *job_;
  job.committing = true;
  auto& changed = job.transaction->changed();
  auto rows = changed.rows();
  if (rows.empty()) {
    commit_unchanged();
    return;
  }
  job.keys = changed.keys();
  auto ticket = job.interactive ? job.message.ticket : shared_->next_id();
  job.message = {};
  job.message.source = change_source::write;
  job.message.ticket = ticket;
  job.message.rows = std::move(rows);
  for (auto& [type, keys] : job.keys)
    job.message.ticket_types.push_back(type);
  auto undone = job.message;
  undone.how = outcome::rolled_back;
  undone.rows.clear();
  journal_->set_unsettled({std::move(undone), {}});
  std::vector<cache_id> caches;
  for (auto type : job.message.ticket_types)
    for (auto cache : shared_->caches.of(type))
      caches.push_back(cache);
  job.tickets_missing = caches.size();
  for (auto cache : caches)
    ask_ticket(cache);
}

void db_worker_state::ask_ticket(cache_id cache) {
  auto target = shared_->actors.cache(cache);
  if (!target) {
    ticket_failed(cache, caf::make_error(caf::sec::request_receiver_down));
    return;
  }
  auto type = shared_->caches.type_of(cache);
  auto timeout = job_->aborting ? shared_->config.client.request_timeout
                                : left(job_->deadline);
  auto serial = job_->serial;
  ask(self_, target, timeout,
      open_ticket{job_->message.ticket, job_->keys[type]})
      .then(
          [this, serial](ticket_opened&) {
            if (job_ && job_->serial == serial)
              ticket_done();
          },
          [this, serial, cache](caf::error& why) {
            if (job_ && job_->serial == serial)
              ticket_failed(cache, why);
          });
}

void db_worker_state::ticket_failed(cache_id cache, const caf::error& why) {
  auto late = now() >= job_->deadline;
  if (late)
    abort_commit({errc::timeout,
                  "rolled back: the cache of "
                      + (*shared_->types)[shared_->caches.type_of(cache)].name
                      + " has not taken the write's ticket in "
                        "time"});
  if (why == caf::sec::request_timeout) {
    // It may still open the ticket: asked again, so that the answer shows that
    // the first request is behind us before the ticket is closed.
    ask_ticket(cache);
    return;
  }
  if (late) { // that incarnation is gone, and its tickets with it
    ticket_done();
    return;
  }
  after(ask_again_->next(), for_this_job([this, cache] { ask_ticket(cache); }));
}

void db_worker_state::ticket_done() {
  if (--job_->tickets_missing > 0)
    return;
  ask_again_->reset();
  if (job_->aborting)
    close_tickets();
  else
    commit();
}

void db_worker_state::abort_commit(failure why) {
  if (std::exchange(job_->aborting, true))
    return;
  roll_back();
  answer(why);
}

void db_worker_state::close_tickets() {
  auto message = job_->message;
  message.how = outcome::rolled_back;
  message.rows.clear();
  settle(std::move(message), [this] { finish(); });
}

// -- COMMIT -------------------------------------------------------------------

void db_worker_state::commit_unchanged() {
  job_->transaction.reset();
  auto end = ask_database(shared_->count, [&]() -> result<commit_result> {
    return session_->commit();
  });
  auto why = end ? end->why : end.error();
  if (end && end->how == outcome::committed) {
    shared_->count.transactions.fetch_add(1, std::memory_order_relaxed);
    job_->at = end->at.value_or(position{});
    answer_done();
    finish();
    return;
  }
  // Lost or not: there was nothing to commit.
  if (end && end->how == outcome::unknown)
    why.code = errc::unavailable;
  roll_back();
  judge(why);
  rolled_back(why);
}

void db_worker_state::commit() {
  auto& job = *job_;
  if (now() >= job.deadline) {
    abort_commit({errc::timeout, "rolled back: the deadline passed before "
                                 "COMMIT"});
    close_tickets();
    return;
  }
  auto lost = job.message;
  lost.how = outcome::unknown;
  lost.rows = keys_only(*shared_->types, lost.rows);
  auto connection_id = session_->connection_id();
  if (!journal_->may_commit({lost, connection_id})) {
    abort_commit({errc::timeout, "rolled back: given up by its caller"});
    close_tickets();
    return;
  }
  job.transaction.reset();
  auto end = ask_database(shared_->count, [&]() -> result<commit_result> {
    return session_->commit();
  });
  if (!end)
    end = commit_result{outcome::unknown, end.error(), {}};
  switch (end->how) {
  case outcome::committed:
    committed(*end);
    break;
  case outcome::rolled_back: {
    auto message = job.message;
    message.how = outcome::rolled_back;
    message.rows.clear();
    journal_->set_unsettled({message, {}});
    roll_back();
    judge(end->why);
    settle(std::move(message), [this, why = end->why] { rolled_back(why); });
    break;
  }
  case outcome::unknown:
    commit_lost(*end, std::move(connection_id));
    break;
  }
}

void db_worker_state::committed(const commit_result& end) {
  shared_->count.transactions.fetch_add(1, std::memory_order_relaxed);
  auto& job = *job_;
  job.message.how = outcome::committed;
  job.at = end.at.value_or(position{});
  journal_->set_unsettled({job.message, {}});
  settle(job.message, [this] {
    answer_done();
    finish();
  });
}

void db_worker_state::commit_lost(const commit_result& end,
                                  std::string connection_id) {
  shared_->count.unknown_outcomes.fetch_add(1, std::memory_order_relaxed);
  shared_->log->warn("db worker {}: connection lost in COMMIT: {}", number_,
                     end.why.what);
  judge({errc::unavailable, end.why.what});
  auto message = job_->message;
  if (shared_->config.planted.has(
          planted_bug::write_rerun_after_lost_connection)) {
    message.how = outcome::rolled_back;
    message.rows.clear();
    settle(std::move(message), [this] { attempt(); });
    return;
  }
  message.how = outcome::unknown;
  message.rows = keys_only(*shared_->types, message.rows);
  settle(message, [this, message, connection_id] {
    answer({errc::outcome_unknown, "the connection was lost in COMMIT; the "
                                   "write may or may not have been done"});
    resolve(message, connection_id);
  });
}

// -- answers ------------------------------------------------------------------

void db_worker_state::answer(const failure& why) {
  if (job_ && job_->promise)
    std::exchange(job_->promise, {})->deliver(to_caf(why));
}

void db_worker_state::answer_done() {
  if (job_ && job_->promise)
    std::exchange(job_->promise, {})
        ->deliver(transaction_done{std::move(job_->results), job_->at});
}

} // namespace toadcache
