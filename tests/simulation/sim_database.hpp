// The product's `database` interface on a simulated server: one such object
// per simulated process. One thread; no call blocks.
#pragma once

#include <memory>
#include <string>

#include "tests/simulation/sim_server.hpp"

namespace toadcache::simulation {

/// A session on the server under `origin`; `reliable`: without faults.
/// errc::unavailable while the server is down. The server must outlive it.
[[nodiscard]] result<std::unique_ptr<session>>
open_session(sim_server& server, std::string origin, bool reliable = false);

class sim_database final : public database {
public:
  /// The server must outlive the database and its sessions.
  sim_database(sim_server& server, std::string origin)
      : server_(server), origin_(std::move(origin)) {}

  /// The process was killed: its connections close, and no new one opens.
  void cut();

  result<std::unique_ptr<session>> connect() override;
  result<void> create_schema(const catalog& c) override;
  result<catalog_ptr> learn(std::vector<std::string>& notes) override;
  result<std::vector<std::string>> compare(const catalog& c) override;
  result<std::vector<setting_problem>> check() override;
  result<std::string> identity() override;
  [[nodiscard]] std::string description() const override;

private:
  sim_server& server_;
  std::string origin_;
  bool cut_ = false;
};

} // namespace toadcache::simulation
