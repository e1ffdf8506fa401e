// Messages to and from DB POOL and its workers.
#pragma once

#include <string>
#include <vector>

#include "messages/inspect_model.hpp"

namespace toadcache {

/// Identifies one transaction and its write ticket; unique in the process.
using transaction_id = uint64_t;

/// A read outside any transaction: by primary keys (index 0), by the tuples of
/// one index, or by filter (`keys` empty). Sent at most once more after a lost
/// connection, since it changes nothing.
struct fetch {
  entity_id type = 0;
  index_id index = 0;
  std::vector<key> keys;
  filter where;
  request_header header;
  friend bool operator==(const fetch&, const fetch&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fetch& x) {
  return f(caf::meta::type_name("fetch"), x.type, x.index, x.keys, x.where,
           x.header);
}

/// The rows in the order of the statement; missing ones absent.
struct fetched {
  std::vector<row> rows;
  friend bool operator==(const fetched&, const fetched&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fetched& x) {
  return f(caf::meta::type_name("fetched"), x.rows);
}

/// All operations in one transaction; rerun whole on deadlock.
struct run_transaction {
  std::vector<operation> operations;
  request_header header;
  friend bool operator==(const run_transaction&, const run_transaction&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, run_transaction& x) {
  return f(caf::meta::type_name("run_transaction"), x.operations, x.header);
}

/// Committed, and applied by every affected cache. One result per operation.
struct transaction_done {
  std::vector<operation_result> results;
  position at;
  friend bool operator==(const transaction_done&, const transaction_done&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transaction_done& x) {
  return f(caf::meta::type_name("transaction_done"), x.results, x.at);
}

/// Pins a worker to the caller until commit, rollback, or a time limit.
struct begin_transaction {
  request_header header;
  friend bool operator==(const begin_transaction&, const begin_transaction&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, begin_transaction& x) {
  return f(caf::meta::type_name("begin_transaction"), x.header);
}

struct transaction_begun {
  transaction_id id = 0;
  friend bool operator==(const transaction_begun&, const transaction_begun&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transaction_begun& x) {
  return f(caf::meta::type_name("transaction_begun"), x.id);
}

/// One operation inside a pinned transaction. After errc::deadlock it is rolled
/// back already.
struct transaction_step {
  transaction_id id = 0;
  operation op;
  request_header header;
  friend bool operator==(const transaction_step&, const transaction_step&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, transaction_step& x) {
  return f(caf::meta::type_name("transaction_step"), x.id, x.op, x.header);
}

struct step_done {
  operation_result result;
  friend bool operator==(const step_done&, const step_done&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, step_done& x) {
  return f(caf::meta::type_name("step_done"), x.result);
}

/// COMMIT or ROLLBACK of a pinned transaction.
struct end_transaction {
  transaction_id id = 0;
  bool commit = true;
  request_header header;
  friend bool operator==(const end_transaction&, const end_transaction&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, end_transaction& x) {
  return f(caf::meta::type_name("end_transaction"), x.id, x.commit, x.header);
}

/// Answered when every request that DB POOL accepted earlier has ended, its
/// unknown outcomes included (rule 9).
struct barrier {
  friend bool operator==(const barrier&, const barrier&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, barrier&) {
  return f(caf::meta::type_name("barrier"));
}

struct barrier_passed {
  friend bool operator==(const barrier_passed&, const barrier_passed&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, barrier_passed&) {
  return f(caf::meta::type_name("barrier_passed"));
}

/// From worker to DB POOL: ready for the next request. `gone`: its connection
/// is lost; `why` says how.
struct worker_idle {
  uint32_t worker = 0;
  bool gone = false;
  std::string why;
  friend bool operator==(const worker_idle&, const worker_idle&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, worker_idle& x) {
  return f(caf::meta::type_name("worker_idle"), x.worker, x.gone, x.why);
}

/// From DB POOL to an idle worker: ping, or close the connection.
struct check_connection {
  bool close = false;
  friend bool operator==(const check_connection&, const check_connection&)
      = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, check_connection& x) {
  return f(caf::meta::type_name("check_connection"), x.close);
}

} // namespace toadcache
