// What a DB WORKER owes after COMMIT: INVALIDATION's confirmation, and after a
// lost one the proof that the lost connection can commit nothing more.
#include "actors/db_worker.hpp"

#include <algorithm>
#include <utility>

#include "actors/ask.hpp"
#include "messages/errors.hpp"

namespace toadcache {

void db_worker_state::inherit() {
  auto left_behind = journal_->unsettled();
  if (!left_behind)
    return;
  auto& [message, connection_id] = *left_behind;
  settle(message, [this, m = message, id = connection_id] {
    if (m.how == outcome::unknown)
      resolve(m, id);
    else
      finish();
  });
}

void db_worker_state::settle(changes message, std::function<void()> then) {
  settling_ = db_settlement{std::move(message), std::move(then)};
  ask_invalidation();
}

void db_worker_state::ask_invalidation() {
  auto invalidation = shared_->actors.invalidation();
  if (!invalidation) {
    ask_invalidation_again();
    return;
  }
  auto timeout = shared_->config.client.request_timeout;
  if (job_ && job_->promise)
    timeout = std::min(timeout, left(job_->deadline));
  ask(self_, invalidation, timeout, settling_->message)
      .then(
          [this](applied&) {
            ask_again_->reset();
            if (auto settled = std::exchange(settling_, {}))
              settled->then();
          },
          [this](caf::error&) { ask_invalidation_again(); });
}

void db_worker_state::ask_invalidation_again() {
  if (!settling_)
    return;
  if (job_ && job_->promise && now() >= job_->deadline) {
    auto& how = settling_->message.how;
    answer({errc::outcome_unknown,
            how == outcome::committed
                ? "committed, but not every cache has confirmed in time"
            : how == outcome::rolled_back
                ? "rolled back, but not every cache has confirmed in time"
                : "the connection was lost in COMMIT; the write may or may not "
                  "have been done"});
  }
  after(ask_again_->next(), [this] {
    if (settling_)
      ask_invalidation();
  });
}

void db_worker_state::resolve(changes message, std::string connection_id) {
  resolving_ = true;
  auto gone = result<bool>{true};
  if (!connection_id.empty()) {
    auto open = open_session();
    if (open)
      gone = ask_database(shared_->count, [&] {
        return session_->connection_gone(connection_id);
      });
    else
      gone = fail(open.error());
  }
  if (gone && *gone) {
    reconnect_->reset();
    message.resolved = true;
    settle(std::move(message), [this] { finish(); });
    return;
  }
  if (!gone)
    judge(gone.error());
  after(reconnect_->next(), [this, message = std::move(message),
                             id = std::move(connection_id)]() mutable {
    resolve(std::move(message), std::move(id));
  });
}

} // namespace toadcache
