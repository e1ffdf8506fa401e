// Writes: one transaction of DB POOL per call, handed over through the
// DISPATCHER. Acknowledged when committed and applied by every affected cache.
// Sent at most once. Thread-safe, never blocks.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "client/client_core.hpp"
#include "client/group_of.hpp"
#include "client/record.hpp"
#include "client/values.hpp"

namespace toadcache {

/// What a failed write means: an actor that is gone, broken or silent after the
/// write was sent leaves errc::outcome_unknown. `silent`: no answer came within
/// the time that DB POOL itself was given.
[[nodiscard]] failure as_write_failure(failure f, bool silent);

/// A row that the database has just answered with.
[[nodiscard]] record written_record(const entity_type& type,
                                    const operation_result& r);

/// Sends `run`, waiting for a restarting DB POOL while nothing has been sent.
void send_transaction(dispatcher_context context, client_core_ptr core,
                      run_transaction run, time_point deadline,
                      std::function<void()> before_sending,
                      std::function<void(result<transaction_done>)> done);

/// Runs the operations in one transaction; `map(transaction_done&&)` makes the
/// caller's answer.
template <class T, class Map>
answer<T> write(client_core& core, result<std::vector<operation>> ops,
                const write_options& how, Map map) {
  if (!ops)
    return fail(std::move(ops.error()));
  auto remaining = core.time_of(how.timeout);
  run_transaction run;
  for (auto& op : *ops)
    if (run.header.group == 0)
      run.header.group = group_of((*core.shared->types)[op.type], op);
  run.operations = std::move(*ops);
  if (core.shared->config.profile == profile_kind::development)
    run.header.trace = core.shared->next_id();
  return core.request<T>(
      remaining, errc::outcome_unknown,
      [self = core.shared_from_this(), run = std::move(run), map,
       deadline = core.deadline_of(remaining)](dispatcher_context context,
                                               const completion_ptr<T>& done) {
        send_transaction(
            context, self, run, deadline, [done] { done->may_have_effect(); },
            [done, map](result<transaction_done> r) {
              if (r)
                done->deliver(map(std::move(*r)));
              else
                done->deliver(fail(std::move(r.error())));
            });
      });
}

} // namespace toadcache
