// A set of global transaction ids: which commits somebody has seen. Two forms,
// told apart by their text: MariaDB's list of the last commit per domain
// ("0-1-42,1-1-7") and MySQL's set of intervals per server
// ("3e11fa47-...:1-5:7"). An immutable value but for `add`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/error.hpp"

namespace toadcache {

class gtid_set {
public:
  /// "" is the empty set. errc::invalid names the part and what was expected;
  /// the two forms do not mix. MySQL's tagged ids are refused.
  [[nodiscard]] static result<gtid_set> parse(std::string_view text);

  /// The next commit of the log: one id of either form. In MariaDB's form it
  /// becomes the last of its domain, as the log orders commits, not the number.
  /// errc::invalid: not one id, or one of the other form.
  [[nodiscard]] result<void> add(std::string_view gtid);

  [[nodiscard]] bool empty() const noexcept {
    return domains_.empty() && servers_.empty();
  }
  /// True when every commit of `other` is in this set: a partial order. Of two
  /// commits with the same domain and number but different servers neither
  /// covers the other. O(size).
  [[nodiscard]] bool covers(const gtid_set& other) const noexcept;

  /// Canonical: equal sets have equal texts, and parse reads it back.
  [[nodiscard]] std::string text() const;

  friend bool operator==(const gtid_set&, const gtid_set&) = default;

private:
  /// The last commit of a MariaDB domain.
  struct domain {
    uint32_t id = 0;
    uint32_t server = 0;
    uint64_t sequence = 0;
    friend bool operator==(const domain&, const domain&) = default;
  };
  struct interval {
    uint64_t first = 0;
    uint64_t last = 0; ///< inclusive
    friend bool operator==(const interval&, const interval&) = default;
  };
  /// What a MySQL server has committed; intervals ascend and do not touch.
  struct server {
    std::string uuid; ///< lower case
    std::vector<interval> intervals;
    friend bool operator==(const server&, const server&) = default;
  };

  result<void> take_domain(std::string_view part, bool as_next);
  result<void> take_server(std::string_view part);
  static void insert(std::vector<interval>& to, interval what);

  std::vector<domain> domains_; ///< by id
  std::vector<server> servers_; ///< by uuid
};

} // namespace toadcache
