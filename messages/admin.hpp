// Messages of supervision, administration and counters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "messages/inspect_model.hpp"

namespace toadcache {

/// To NODE: stop everything in order of rank, answering open requests. Replied
/// to with `stopped` at the end.
struct stop_all {
  friend bool operator==(const stop_all&, const stop_all&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stop_all&) {
  return f(caf::meta::type_name("stop_all"));
}

struct stopped {
  friend bool operator==(const stopped&, const stopped&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, stopped&) {
  return f(caf::meta::type_name("stopped"));
}

/// Finish what is under way, then end. Answered with `stopped`.
struct drain {
  friend bool operator==(const drain&, const drain&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, drain&) {
  return f(caf::meta::type_name("drain"));
}

/// To ENTITY CACHE: switch the type's cache on or off. Off: readers go to the
/// database from the moment the flag is set; on: behind a barrier and a flush.
struct set_enabled {
  bool on = true;
  friend bool operator==(const set_enabled&, const set_enabled&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, set_enabled& x) {
  return f(caf::meta::type_name("set_enabled"), x.on);
}

struct enabled_set {
  friend bool operator==(const enabled_set&, const enabled_set&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, enabled_set&) {
  return f(caf::meta::type_name("enabled_set"));
}

/// To ENTITY CACHE: the bytes that the type may use from now on.
struct set_share {
  uint64_t share_bytes = 0;
  /// What a share grows by at once; misses that so much more would have spared
  /// are counted.
  uint64_t step_bytes = 0;
  friend bool operator==(const set_share&, const set_share&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, set_share& x) {
  return f(caf::meta::type_name("set_share"), x.share_bytes, x.step_bytes);
}

/// What the type occupies, after it gave up what it could.
struct share_held {
  uint64_t share_bytes = 0; ///< as last told
  uint64_t used_bytes = 0;
  /// Hits that one more step would have gained, since the process began.
  uint64_t regained_count = 0;
  friend bool operator==(const share_held&, const share_held&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, share_held& x) {
  return f(caf::meta::type_name("share_held"), x.share_bytes, x.used_bytes,
           x.regained_count);
}

/// To BUDGET: the budget of the process from now on.
struct set_budget {
  uint64_t budget_bytes = 0;
  friend bool operator==(const set_budget&, const set_budget&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, set_budget& x) {
  return f(caf::meta::type_name("set_budget"), x.budget_bytes);
}

/// The types occupy no more than that.
struct budget_set {
  uint64_t budget_bytes = 0;
  friend bool operator==(const budget_set&, const budget_set&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, budget_set& x) {
  return f(caf::meta::type_name("budget_set"), x.budget_bytes);
}

/// A named number, for statistics: "statements", "queue_depth".
struct counter {
  std::string name;
  std::string entity; ///< empty: the process
  double amount = 0;
  friend bool operator==(const counter&, const counter&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, counter& x) {
  return f(caf::meta::type_name("counter"), x.name, x.entity, x.amount);
}

/// To MONITOR: the counters of now.
struct get_counters {
  friend bool operator==(const get_counters&, const get_counters&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, get_counters&) {
  return f(caf::meta::type_name("get_counters"));
}

struct counters_now {
  std::vector<counter> all;
  friend bool operator==(const counters_now&, const counters_now&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, counters_now& x) {
  return f(caf::meta::type_name("counters_now"), x.all);
}

/// Test-only: the receiver throws, to show what supervision does.
struct fail_now {
  friend bool operator==(const fail_now&, const fail_now&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, fail_now&) {
  return f(caf::meta::type_name("fail_now"));
}

} // namespace toadcache
