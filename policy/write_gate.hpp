// The write gate: decides what may enter the cache while writes, fills and
// foreign changes race. One instance per cache actor, which alone calls it; no
// clock, no I/O, never blocks.
//
// Contract. A fill is a read that began at `open_fill` and wants to install
// what it saw. A ticket is a write whose COMMIT has been, or is about to be,
// sent. A change is news from elsewhere. Then
//   - a fill installs a key only if, since the fill opened, no ticket was open
//     on the key and no change touched it;
//   - a write installs a key only if no other ticket overlapped its own on the
//     key and no change or read from the database arrived meanwhile (replies of
//     two workers may come in the opposite order of their commits, and a
//     foreign commit may lie between ours and our reply);
//   - what the log tells while a ticket is open is kept with it and judged at
//     its close, by content: the echo of a write often comes before its reply;
//   - a ticket of unknown outcome stays open: its keys pass through.
//
// Tickets never wait for each other. The touches that open fills must still be
// judged by are remembered, up to `max_touches_count`; beyond it every open
// fill is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/planted_bugs.hpp"
#include "model/key.hpp"

namespace toadcache {

class write_gate {
public:
  /// When a fill began, in the order of touches.
  using stamp = uint64_t;
  using ticket_id = uint64_t;

  static constexpr size_t max_touches_count = 65536;

  explicit write_gate(planted_bugs planted = {}) : planted_(planted) {}

  // -- fills ------------------------------------------------------------------

  /// Requires: every stamp is closed once. O(log open fills).
  [[nodiscard]] stamp open_fill();
  void close_fill(stamp s);
  /// True when what the fill saw of `k` may be installed. O(1).
  [[nodiscard]] bool may_install(const key& k, stamp s) const;

  // -- writes -----------------------------------------------------------------

  /// Opens a ticket, or adds keys to an open one. O(keys).
  void open(ticket_id t, std::span<const key> keys);
  [[nodiscard]] bool is_open(ticket_id t) const { return tickets_.contains(t); }
  /// True while any ticket is open on the key: its reads go to the database.
  [[nodiscard]] bool under_ticket(const key& k) const;

  enum class verdict : uint8_t { install, drop };
  struct closed_key {
    key id;
    verdict how;
    /// What the log told of it last while the ticket was open, as a content
    /// hash: only that content may be installed.
    std::optional<uint64_t> logged = {};
  };
  /// Ends a ticket (committed, rolled back, or its unknown outcome resolved);
  /// a verdict per key. Empty for a ticket that is not open. O(keys).
  std::vector<closed_key> close(ticket_id t);

  // -- changes ----------------------------------------------------------------

  /// The key changed elsewhere, was invalidated, or proved outdated.
  void on_change(const key& k);
  /// The database's log tells a change of the key: perhaps the very write of a
  /// ticket that is open, which then installs if its image is the same.
  void on_logged(const key& k, uint64_t content_hash);
  /// Whether a ticket is open on the key.
  [[nodiscard]] bool is_written(const key& k) const;
  /// A read from the database was answered to somebody: an open ticket must not
  /// install an older image over it.
  void on_read(const key& k);
  /// Everything of an index (lists, absences) may have changed.
  void on_index_change(index_id i);
  /// Everything may have changed.
  void on_flush();

  [[nodiscard]] size_t open_tickets() const { return tickets_.size(); }
  [[nodiscard]] size_t remembered_keys() const { return keys_.size(); }

private:
  struct key_state {
    stamp touched = 0; ///< last open, close or change
    stamp foreign = 0; ///< last change, or read while a ticket was open
    stamp logged = 0;  ///< last change of the log while a ticket was open
    uint64_t logged_hash = 0;
    uint32_t open_writes = 0;
    bool contended = false; ///< two tickets were open at once
  };
  struct ticket_state {
    stamp opened = 0;
    std::vector<key> keys;
  };

  key_state& touch(const key& k);
  void prune();

  planted_bugs planted_;
  stamp seq_ = 0;
  stamp flushed_ = 0;
  std::unordered_map<index_id, stamp> index_flushed_;
  std::unordered_map<key, key_state> keys_;
  std::unordered_map<ticket_id, ticket_state> tickets_;
  std::map<stamp, size_t> fills_; ///< open fills by stamp
  std::deque<std::pair<stamp, key>> touches_;
};

} // namespace toadcache
