// Carries out the actions of a simulation, one client's after the other, and
// notes how long each question to the data took. One per client thread; blocks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tools/bot_backend.hpp"
#include "tools/busy_time.hpp"
#include "tools/workload.hpp"

namespace toadcache {

enum class call_kind : uint8_t { read, check, write };

/// One question to the data.
struct call {
  interval when;
  call_kind kind = call_kind::read;
  bool from_memory = false;
};

/// What a client met.
struct bot_log {
  std::vector<call> calls;
  std::vector<interval> actions;
  std::map<std::string, uint64_t> failures; ///< of actions, by errc
  std::string first_failure;
};

class bot {
public:
  /// `data` and `who` outlive it.
  bot(bot_backend& data, const population& who) : data_(data), who_(who) {}

  void run(const action& a);
  [[nodiscard]] bot_log& log() { return log_; }

private:
  result<void> carry_out(const action& a);
  result<void> poll(const population::overlay& x);
  result<void> check(const population::speaker& by);
  result<void> score(const action& a);
  result<void> setup(const action& a);
  result<void> set_team(const action& a);
  result<void> edit_profile(const action& a);

  result<records> find(std::string_view entity, const std::vector<value>& id);
  result<records> list(std::string_view entity, std::string_view index,
                       const std::vector<value>& of);
  result<void> update(std::string_view entity, const std::vector<value>& id,
                      const fields& set);

  bot_backend& data_;
  const population& who_;
  bot_log log_;
};

} // namespace toadcache
