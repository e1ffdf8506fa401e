// Test-only switches: each disables one rule that keeps the contract, so that
// the deterministic suite can show that it would notice. No configuration key
// sets them; the product runs with an empty set.
#pragma once

#include <cstdint>

namespace toadcache {

enum class planted_bug : uint32_t {
  none = 0,
  no_seal_on_invalidation = 1u << 0,
  acknowledge_before_install = 1u << 1,
  negative_survives_create = 1u << 2,
  fill_installs_under_ticket = 1u << 3,
  late_reply_overwrites_foreign = 1u << 4,
  disk_put_overtakes_erase = 1u << 5,
  install_without_read_back = 1u << 6,
  write_rerun_after_lost_connection = 1u << 7,
  restart_without_barrier = 1u << 8,
  acknowledged_past_dead_incarnation = 1u << 9,
  statement_retried_inside_transaction = 1u << 10,
  duplicate_read_in_same_snapshot = 1u << 11,
  resident_kept_against_newer_read = 1u << 12,
  collation_alias = 1u << 13,
  second_process_on_cache_file = 1u << 14,
  fill_installs_against_log = 1u << 15,
  echo_taken_for_foreign = 1u << 16,
  foreign_taken_for_echo = 1u << 17,
  fan_out_lost_at_restart = 1u << 18,
  checkpoint_before_removal = 1u << 19,
  earlier_run_believed = 1u << 20,
};

/// The set of planted bugs of one runtime. Immutable after start.
class planted_bugs {
public:
  constexpr planted_bugs() = default;
  constexpr explicit planted_bugs(planted_bug bug)
      : bits_(static_cast<uint32_t>(bug)) {}
  [[nodiscard]] constexpr bool has(planted_bug bug) const {
    return (bits_ & static_cast<uint32_t>(bug)) != 0;
  }

private:
  uint32_t bits_ = 0;
};

} // namespace toadcache
