// The value-history oracle: knows every state the database really had, in
// order, and judges each answer of the cache against the contract (C1 own
// writes and linearizability per key, C2 no stale fill, C3 bounded staleness,
// C5 nothing uncommitted, ages and deadlines). One thread; events are told in
// the order they happen.
//
// A register is one row key or one list key in its canonical form. Its value is
// the row's bytes, or the members' keys; "" is absent and the empty list. A
// read is lawful when some version visible before the read ended has the value
// seen and is not older than any of the read's lower bounds:
//   - what an acknowledged write of the process left, acknowledged before the
//     read began;
//   - what an earlier finished read of the process saw;
//   - the state when an applied invalidation began;
//   - the state when the process began (C6);
//   - the state at the fetch, which the answer's own age names;
//   - with a change feed, of a fresh answer: the state max_staleness before the
//     read began, whoever has changed it;
//   - for a read past the cache: the state when the read began.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/reply.hpp"
#include "tests/simulation/sim_time.hpp"

namespace toadcache::simulation {

/// The value of a register; "" is absent, or the empty list.
using register_value = std::string;

/// A list's value from the canonical keys of its members, in order.
[[nodiscard]] register_value list_value(const std::vector<key>& members);
/// The inverse: the bytes of the members' keys.
[[nodiscard]] std::vector<std::string> list_members(const register_value& v);

using process_id = uint32_t;
inline constexpr process_id unknown_process = 0;
/// Whoever writes past every cache.
inline constexpr process_id another_program = UINT32_MAX;

/// What a commit left in one register.
struct register_version {
  key id; ///< canonical
  register_value value;
};

/// What a write is to leave behind when it is acknowledged.
struct write_effect {
  key id;
  bool absent = false; ///< the row is gone afterwards
};

enum class write_end : uint8_t { acknowledged, failed, unknown };

/// How a read was answered.
struct read_answer {
  register_value value;
  bool fresh = true;
  /// Past the cache: bypass, pass-through. Gives no bound to later reads.
  bool past_cache = false;
  /// Of a list: members that had gone or moved while it was read are left out.
  bool filtered = false;
  std::optional<milliseconds> age = std::nullopt;
  /// The bytes of the key that the row itself holds. What a read has seen binds
  /// later ones that ask by the same bytes: a collation's other spellings are
  /// cached apart.
  std::string own = {};
  /// Of a list: the rows that came with it.
  struct member {
    key id; ///< canonical
    std::string own;
    register_value value;
  };
  std::vector<member> rows = {};
  /// An empty list does not say whether it is stale: no lease binds it.
  bool unmarked = false;
};

class history {
public:
  explicit history(const sim_time& time) : time_(time) {}

  /// For messages: a value for people.
  std::function<std::string(const key&, const register_value&)> describe;
  /// By how much an answer may pass its deadline.
  milliseconds deadline_slack{1};
  /// By how much an age may be wrong.
  milliseconds age_slack{1};

  // -- the truth --------------------------------------------------------------

  /// A commit became visible: the new values of its registers, the writes (as
  /// numbered by write_begins) whose mark it carries, and whose it is, if that
  /// is known (a write that leaves no mark is found by its effect).
  void commit_visible(uint64_t number, const std::vector<uint64_t>& writes,
                      std::vector<register_version> versions,
                      process_id by = unknown_process);
  [[nodiscard]] const register_value& current(const key& id) const;

  // -- what the cache's users did ---------------------------------------------

  process_id process_begins();

  uint64_t write_begins(process_id p, std::string what, milliseconds timeout);
  /// `effects` of an acknowledged write; `seen`: rows it was answered with.
  void write_ends(uint64_t write, write_end how,
                  const std::vector<write_effect>& effects,
                  const std::vector<std::pair<key, register_value>>& seen = {});

  /// `asked`: the key's bytes as the reader spells them. `max_staleness`: what
  /// the process promises, if it follows the database's log.
  uint64_t read_begins(process_id p, const key& id, std::string asked,
                       milliseconds timeout,
                       std::optional<milliseconds> max_age = {},
                       std::optional<milliseconds> max_staleness = {});
  void read_ends(uint64_t read, const read_answer& answer);
  /// Answered with an error; only the deadline is judged.
  void read_fails(uint64_t read);

  /// From the start of an invalidation of the keys that `covers` names ...
  uint64_t invalidation_begins(process_id p,
                               std::function<bool(const key&)> covers);
  /// ... until it is acknowledged.
  void invalidation_ends(uint64_t invalidation);

  /// The process died: its open requests get no answer.
  void process_ends(process_id p);

  // -- the judgement ----------------------------------------------------------

  /// Requests that should have been answered by now.
  void check_deadlines();
  /// A resident entry served as fresh at the end, nothing being under way.
  /// `own`: the bytes of its key; `age`: it shows the state of then or later.
  void check_resident(process_id p, const key& id, const std::string& own,
                      const register_value& v, milliseconds age);
  /// No request may be open any more.
  void finish();

  [[nodiscard]] const std::vector<std::string>& violations() const {
    return violations_;
  }
  [[nodiscard]] uint64_t judged_count() const { return judged_; }
  [[nodiscard]] uint64_t commit_count() const { return commits_.size(); }

private:
  struct version_at {
    register_value value;
    uint64_t order;
    time_point at;
    uint64_t commit;
    process_id by;
  };
  struct register_history {
    std::vector<version_at> versions;
    /// Per process and spelling of the key ("": all of them): (order, index),
    /// both growing.
    std::map<std::pair<process_id, std::string>,
             std::vector<std::pair<uint64_t, size_t>>>
        bounds;
  };
  struct request {
    process_id process = 0;
    uint64_t begin = 0;
    time_point began_at{};
    time_point deadline{};
    std::string what;
  };
  struct open_read : request {
    key id;
    std::string asked;
    std::optional<milliseconds> max_age;
    std::optional<milliseconds> max_staleness;
  };
  struct known_write : request {
    std::optional<write_end> end;
    std::vector<uint64_t> commits;
  };
  struct open_invalidation : request {
    std::function<bool(const key&)> covers;
  };

  register_history& of(const key& id);
  [[nodiscard]] static size_t index_at(const register_history& r,
                                       uint64_t order);
  [[nodiscard]] static size_t index_before(const register_history& r,
                                           time_point t);
  [[nodiscard]] size_t bound(const register_history& r, process_id p,
                             const std::string& asked, uint64_t order) const;
  static void raise(register_history& r, process_id p, const std::string& asked,
                    uint64_t order, size_t index);
  void bind_commit(process_id p, uint64_t commit);
  void acknowledge(known_write& w, const std::vector<write_effect>& effects);
  [[nodiscard]] static bool explains(const register_history& r, size_t index,
                                     const read_answer& answer);
  void judge(const open_read& question, const key& id, const std::string& asked,
             const read_answer& answer);
  void check_answered(const request& r);
  void violation(const request* r, std::string text);
  [[nodiscard]] std::string text_of(const key& id,
                                    const register_value& v) const;
  [[nodiscard]] std::string versions_of(const key& id) const;

  const sim_time& time_;
  uint64_t order_ = 0;
  uint64_t next_request_ = 0;
  uint64_t judged_ = 0;
  std::unordered_map<key, register_history> registers_;
  struct committed_version {
    key id;
    size_t index = 0;
  };
  std::map<uint64_t, std::vector<committed_version>> commits_;
  std::map<process_id, uint64_t> processes_; // to the order of their start
  std::map<uint64_t, open_read> reads_;
  std::map<uint64_t, known_write> writes_;
  std::map<uint64_t, open_invalidation> invalidations_;
  std::vector<std::string> violations_;
};

} // namespace toadcache::simulation
