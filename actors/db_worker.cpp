#include "actors/db_worker.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <caf/sec.hpp>

#include "actors/ask.hpp"
#include "messages/errors.hpp"

namespace toadcache {

db_worker_state::db_worker_state(db_worker_self::pointer self) : self_(self) {}

db_worker_state::~db_worker_state() {
  drop_session();
  if (journal_)
    journal_->leave();
}

db_worker_self::behavior_type
db_worker_state::start(db_worker_arguments arguments) {
  shared_ = std::move(arguments.shared);
  pool_ = std::move(arguments.pool);
  number_ = arguments.number;
  journal_ = std::move(arguments.journal);
  auto& o = shared_->config.pool;
  retry_.emplace(o.retry_backoff_min, o.retry_backoff_max, arguments.seed);
  reconnect_.emplace(o.reconnect_backoff_min, o.reconnect_backoff_max,
                     arguments.seed);
  ask_again_.emplace(defaults::ask_again_min, defaults::ask_again_max,
                     arguments.seed);
  self_->set_exception_handler([this](std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      shared_->log->error("db worker {}: {}", number_, e.what());
    } catch (...) {
      shared_->log->error("db worker {}: threw something unknown", number_);
    }
    return caf::make_error(caf::sec::runtime_error);
  });
  self_->set_down_handler([this](caf::down_msg&) { on_pool_down(); });
  self_->monitor(pool_);
  inherit();
  return {
      [this](const fetch& msg) { return on_fetch(msg); },
      [this](run_transaction& msg) { return on_run(msg); },
      [this](const begin_transaction& msg) { return on_begin(msg); },
      [this](const transaction_step& msg) { return on_step(msg); },
      [this](const end_transaction& msg) { return on_end(msg); },
      [this](const check_connection& msg) { on_check(msg); },
      [this](caf::tick_atom, uint64_t number) {
        auto timer = timers_.extract(number);
        if (timer)
          timer.mapped()();
      },
  };
}

// -- requests -----------------------------------------------------------------

caf::result<fetched> db_worker_state::on_fetch(const fetch& msg) {
  auto promise = self_->make_response_promise<fetched>();
  auto deadline = deadline_of(msg.header);
  auto rows = read(msg, deadline);
  if (!rows) {
    promise.deliver(to_caf(rows.error()));
    finish();
    return promise;
  }
  // Asked after the read: a change between the two seals the fill as well.
  flush_foreign(deadline, [this, promise, rows = std::move(*rows)](
                              result<void> flushed) mutable {
    if (flushed)
      promise.deliver(fetched{std::move(rows)});
    else
      promise.deliver(to_caf(flushed.error()));
    finish();
  });
  return promise;
}

result<void> db_worker_state::check(const fetch& msg) const {
  auto& types = *shared_->types;
  if (msg.type >= types.size())
    return fail(errc::invalid,
                "fetch of entity type " + std::to_string(msg.type)
                    + ": the catalog has only " + std::to_string(types.size()));
  auto& type = types[msg.type];
  if (msg.index > type.indexes.size())
    return fail(errc::invalid, "fetch: " + type.name + " has no index "
                                   + std::to_string(msg.index));
  for (auto& k : msg.keys)
    if (k.type() != msg.type || k.index() != msg.index)
      return fail(errc::invalid, "fetch of " + type.name
                                     + ": a key is of another entity type or "
                                       "index");
  return {};
}

result<std::vector<row>> db_worker_state::read(const fetch& msg,
                                               time_point deadline) {
  using rows_result = result<std::vector<row>>;
  if (auto fits = check(msg); !fits)
    return fail(fits.error());
  auto& type = (*shared_->types)[msg.type];
  for (bool again = false;; again = true) {
    if (auto open = open_session(); !open)
      return fail(open.error());
    auto rows = ask_database(shared_->count, [&]() -> rows_result {
      if (msg.keys.empty())
        return session_->read_where(type, msg.where, false);
      if (msg.index == primary_index)
        return session_->read_keys(type, msg.keys, false);
      return session_->read_index(type, msg.index, msg.keys, false);
    });
    if (rows)
      return rows;
    judge(rows.error());
    // A read changes nothing: once more on a new connection.
    if (again || rows.error().code != errc::unavailable || now() >= deadline)
      return rows;
  }
}

caf::result<transaction_done> db_worker_state::on_run(run_transaction& msg) {
  auto promise = self_->make_response_promise<transaction_done>();
  job_.emplace();
  job_->operations = std::move(msg.operations);
  job_->deadline = deadline_of(msg.header);
  job_->promise = promise;
  retry_->reset();
  attempt();
  return promise;
}

caf::result<transaction_begun>
db_worker_state::on_begin(const begin_transaction& msg) {
  auto promise = self_->make_response_promise<transaction_begun>();
  auto begun = begin();
  if (!begun) {
    promise.deliver(to_caf(begun.error()));
    finish();
    return promise;
  }
  auto deadline = deadline_of(msg.header);
  job_.emplace();
  job_->serial = ++serial_;
  job_->interactive = true;
  job_->deadline = deadline;
  job_->message.ticket = shared_->next_id();
  job_->transaction.emplace(*session_, *shared_->types, shared_->count,
                            shared_->config.planted, true);
  flush_foreign(deadline, [this, promise](result<void> flushed) mutable {
    if (flushed && !journal_->cancelled()) {
      promise.deliver(transaction_begun{job_->message.ticket});
      return;
    }
    roll_back();
    promise.deliver(to_caf(flushed ? failure{errc::timeout, "not begun in time"}
                                   : flushed.error()));
    finish();
  });
  return promise;
}

result<void> db_worker_state::check_pinned(transaction_id id) const {
  if (job_ && job_->interactive && !job_->committing
      && job_->message.ticket == id)
    return {};
  return fail(errc::invalid,
              "transaction " + std::to_string(id) + " has ended");
}

caf::result<step_done> db_worker_state::on_step(const transaction_step& msg) {
  auto promise = self_->make_response_promise<step_done>();
  if (auto pinned = check_pinned(msg.id); !pinned) {
    promise.deliver(to_caf(pinned.error()));
    return promise;
  }
  if (journal_->cancelled()) {
    roll_back();
    promise.deliver(
        to_caf({errc::timeout,
                "transaction " + std::to_string(msg.id) + " was given up"}));
    finish();
    return promise;
  }
  auto& transaction = *job_->transaction;
  auto done = transaction.run(msg.op);
  if (!done && done.error().code == errc::deadlock
      && shared_->config.planted.has(
          planted_bug::statement_retried_inside_transaction))
    done = transaction.run(msg.op);
  if (done) {
    promise.deliver(step_done{std::move(*done)});
    return promise;
  }
  auto over = transaction.broken();
  if (over) {
    roll_back();
    judge(done.error());
  }
  promise.deliver(to_caf(done.error()));
  if (over)
    finish();
  return promise;
}

caf::result<transaction_done>
db_worker_state::on_end(const end_transaction& msg) {
  auto promise = self_->make_response_promise<transaction_done>();
  // What the pool has given up ends under any id: it may never have heard it.
  auto given_up = !msg.commit && job_ && journal_->cancelled();
  auto id = given_up ? job_->message.ticket : msg.id;
  if (auto pinned = check_pinned(id); !pinned) {
    promise.deliver(to_caf(pinned.error()));
    return promise;
  }
  if (!msg.commit) {
    roll_back();
    promise.deliver(transaction_done{});
    finish();
    return promise;
  }
  job_->deadline = deadline_of(msg.header);
  job_->promise = promise;
  prepare_commit();
  return promise;
}

void db_worker_state::on_check(const check_connection& msg) {
  if (msg.close)
    drop_session();
  else if (auto open = open_session(); !open)
    shared_->log->warn("db worker {}: {}", number_, to_string(open.error()));
  finish();
}

void db_worker_state::on_pool_down() {
  pool_gone_ = true;
  if (job_ && job_->interactive && !job_->committing) {
    roll_back();
    finish();
    return;
  }
  if (!busy())
    self_->quit();
  else // what is committed gets the time to reach the caches
    after(shared_->config.node.shutdown_grace, [this] { self_->quit(); });
}

void db_worker_state::finish() {
  job_.reset();
  settling_.reset();
  resolving_ = false;
  journal_->settled();
  journal_->finish();
  auto gone = std::exchange(connection_failed_, false);
  if (auto pool = caf::actor_cast<db_worker_parent>(pool_))
    self_->send(pool,
                worker_idle{number_, gone, gone ? why_failed_ : std::string{}});
  if (pool_gone_)
    self_->quit();
}

// -- the connection -----------------------------------------------------------

result<void> db_worker_state::open_session() {
  auto time = now();
  auto rested = time - last_use_ >= defaults::pool_ping_after;
  last_use_ = time;
  auto lives = [&] {
    if (!session_->usable())
      return false;
    return !rested || never_throwing([&]() -> result<bool> {
                        return session_->ping();
                      }).value_or(false);
  };
  if (session_ && !lives())
    drop_session();
  if (session_)
    return {};
  auto made = never_throwing([&] { return shared_->source->connect(); });
  if (!made) {
    shared_->count.connect_failures.fetch_add(1, std::memory_order_relaxed);
    connection_failed_ = true;
    why_failed_ = to_string(made.error());
    return fail(made.error());
  }
  shared_->count.connects.fetch_add(1, std::memory_order_relaxed);
  shared_->count.pool_connections.fetch_add(1, std::memory_order_relaxed);
  session_ = std::move(*made);
  connection_failed_ = false;
  return {};
}

void db_worker_state::drop_session() {
  if (!session_)
    return;
  if (job_)
    job_->transaction.reset(); // it refers to the session
  about_to_block();
  if (session_->in_transaction())
    session_->rollback();
  session_.reset();
  shared_->count.pool_connections.fetch_sub(1, std::memory_order_relaxed);
}

void db_worker_state::judge(const failure& why) {
  if (why.code != errc::unavailable && why.code != errc::internal
      && (!session_ || session_->usable()))
    return;
  shared_->log->warn("db worker {}: connection dropped: {}", number_,
                     to_string(why));
  drop_session();
  if (why.code == errc::unavailable) {
    connection_failed_ = true;
    why_failed_ = to_string(why);
  }
}

result<void> db_worker_state::begin() {
  for (bool again = false;; again = true) {
    if (auto open = open_session(); !open)
      return open;
    auto begun
        = ask_database(shared_->count, [&] { return session_->begin(); });
    if (begun)
      return begun;
    judge(begun.error());
    if (again || begun.error().code != errc::unavailable)
      return begun;
  }
}

void db_worker_state::roll_back() {
  shared_->count.rollbacks.fetch_add(1, std::memory_order_relaxed);
  if (job_)
    job_->transaction.reset();
  if (!session_)
    return;
  about_to_block();
  session_->rollback();
}

void db_worker_state::flush_foreign(time_point deadline,
                                    std::function<void(result<void>)> then) {
  if (!foreign_change_) {
    auto changed
        = never_throwing([&] { return session_->changed_by_others(); });
    if (!changed) {
      judge(changed.error());
      then(fail(changed.error()));
      return;
    }
    foreign_change_ = *changed;
  }
  if (!foreign_change_) {
    then({});
    return;
  }
  auto again = [this, deadline, then] {
    if (now() < deadline)
      after(ask_again_->next(),
            [this, deadline, then] { flush_foreign(deadline, then); });
    else
      then(fail(errc::timeout, "another process changed the data, and not "
                               "every cache has confirmed in time"));
  };
  auto invalidation = shared_->actors.invalidation();
  if (!invalidation) {
    again();
    return;
  }
  changes flush;
  flush.source = change_source::database;
  flush.scope = invalidation_scope::all;
  ask(self_, invalidation, left(deadline), std::move(flush))
      .then(
          [this, then](applied&) {
            foreign_change_ = false;
            ask_again_->reset();
            then({});
          },
          [again](caf::error&) { again(); });
}

// -- time ---------------------------------------------------------------------

void db_worker_state::after(milliseconds delay, std::function<void()> f) {
  auto number = ++next_timer_;
  timers_.emplace(number, std::move(f));
  self_->delayed_send(self_, delay, caf::tick_atom::value, number);
}

time_point db_worker_state::now() const {
  return self_->clock().now();
}

time_point db_worker_state::deadline_of(const request_header& header) const {
  auto given = header.remaining;
  return now()
         + (given.count() == 0 ? shared_->config.client.request_timeout
                               : given);
}

milliseconds db_worker_state::left(time_point deadline) const {
  auto time = std::chrono::ceil<milliseconds>(deadline - now());
  return std::max(time, milliseconds{1});
}

db_worker_self::behavior_type
db_worker(db_worker_self::stateful_pointer<db_worker_state> self,
          db_worker_arguments arguments) {
  return self->state.start(std::move(arguments));
}

} // namespace toadcache
