#include "client/writer.hpp"

#include "client/ask_again.hpp"

namespace toadcache {

failure as_write_failure(failure f, bool silent) {
  const bool lost = f.code == errc::tier_closed || f.code == errc::internal
                    || (f.code == errc::timeout && silent);
  if (lost)
    return {errc::outcome_unknown,
            "the write may have been committed: " + f.what};
  return f;
}

record written_record(const entity_type& type, const operation_result& r) {
  row_reply reply;
  if (!r.rows.empty())
    reply.content = r.rows.front();
  return {type, std::move(reply)};
}

void send_transaction(dispatcher_context context, client_core_ptr core,
                      run_transaction run, time_point deadline,
                      std::function<void()> before_sending,
                      std::function<void(result<transaction_done>)> done) {
  auto remaining = core->remaining_until(deadline);
  auto pool = core->shared->actors.pool();
  if (!pool) {
    if (remaining <= restart_pause) {
      done(fail(errc::unavailable,
                "the database pool is restarting; nothing was sent"));
      return;
    }
    context.after(restart_pause, [=](dispatcher_context& later) {
      send_transaction(later, core, run, deadline, before_sending, done);
    });
    return;
  }
  run.header.remaining = remaining;
  before_sending();
  const auto silent_from = deadline + client_core::slack / 2;
  context.ask<transaction_done>(
      pool, remaining + client_core::slack, std::move(run),
      [done](transaction_done& reply) { done(std::move(reply)); },
      [done, core, silent_from](failure f) {
        const bool silent = core->shared->time.now() >= silent_from;
        done(fail(as_write_failure(std::move(f), silent)));
      });
}

} // namespace toadcache
