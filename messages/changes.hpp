// Messages of coherence: write tickets, the one `changes` message for own
// writes, administration, the feed and (later) peers, its application, and the
// trust lease.
#pragma once

#include <string>
#include <vector>

#include "messages/database.hpp"

namespace toadcache {

/// From a worker to ENTITY CACHE, before COMMIT is sent: these keys (rows and
/// lists) are about to change. From now on no fill of them is installed.
struct open_ticket {
  transaction_id ticket = 0;
  std::vector<key> keys;
  friend bool operator==(const open_ticket&, const open_ticket&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, open_ticket& x) {
  return f(caf::meta::type_name("open_ticket"), x.ticket, x.keys);
}

struct ticket_opened {
  friend bool operator==(const ticket_opened&, const ticket_opened&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ticket_opened&) {
  return f(caf::meta::type_name("ticket_opened"));
}

enum class change_source : uint8_t { write, admin, feed, peer, database };

/// How far an explicit invalidation reaches.
enum class invalidation_scope : uint8_t {
  none,       ///< a write: the changes themselves
  key,        ///< one row and the lists it is in
  dependents, ///< one row and everything hanging on it
  type,       ///< every row and list of a type
  all,
  /// Changes may have been missed: nothing that is kept counts as proven.
  unseen,
};

/// To INVALIDATION. Answered with `applied` when every affected cache has
/// applied it; idempotent.
struct changes {
  change_source source = change_source::write;
  transaction_id ticket = 0;           ///< 0: none
  std::vector<entity_id> ticket_types; ///< caches that hold the ticket
  outcome how = outcome::committed; ///< unknown: quarantine the ticket's keys
  /// The end of a quarantine: the ticket's keys may be cached again.
  bool resolved = false;
  std::vector<row_change> rows;
  invalidation_scope scope = invalidation_scope::none;
  key target;         ///< of scope key and dependents
  entity_id type = 0; ///< of scope type
  /// Types of which not every changed row is known.
  std::vector<entity_id> flushed;
  position at; ///< of the log, behind these; source feed only
  friend bool operator==(const changes&, const changes&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, changes& x) {
  return f(caf::meta::type_name("changes"), x.source, x.ticket, x.ticket_types,
           x.how, x.resolved, x.rows, x.scope, x.target, x.type, x.flushed,
           x.at);
}

struct applied {
  uint64_t seq = 0;
  friend bool operator==(const applied&, const applied&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, applied& x) {
  return f(caf::meta::type_name("applied"), x.seq);
}

/// From INVALIDATION to one ENTITY CACHE: its part of a `changes`, in order of
/// `seq`. Applying twice does no harm.
struct apply_changes {
  uint64_t seq = 0;
  change_source source = change_source::write;
  transaction_id ticket = 0;
  outcome how = outcome::committed;
  bool resolved = false;
  std::vector<row_change> rows; ///< of this type
  std::vector<key> drop;        ///< rows and lists to drop
  /// List keys whose rows are dropped too ("everything hanging on it").
  std::vector<key> drop_listed;
  bool flush = false; ///< the whole type
  /// Changes may have been missed: memory goes, the disk is not believed.
  bool unseen = false;
  friend bool operator==(const apply_changes&, const apply_changes&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, apply_changes& x) {
  return f(caf::meta::type_name("apply_changes"), x.seq, x.source, x.ticket,
           x.how, x.resolved, x.rows, x.drop, x.drop_listed, x.flush, x.unseen);
}

/// From CHANGE FEED to ENTITY CACHE: every change that was committed before a
/// probe of the log has been applied, so that what is kept counts as fresh
/// until then. The newest one counts.
struct extend_trust {
  int64_t until_nanoseconds = 0; ///< of the runtime's clock; max: no limit
  /// The log was followed from the checkpoint that the earlier run left: its
  /// entries on disk are as current as those of this run.
  bool replayed = false;
  friend bool operator==(const extend_trust&, const extend_trust&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, extend_trust& x) {
  return f(caf::meta::type_name("extend_trust"), x.until_nanoseconds,
           x.replayed);
}

} // namespace toadcache
