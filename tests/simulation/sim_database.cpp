#include "tests/simulation/sim_database.hpp"

#include <algorithm>
#include <set>

#include "tests/simulation/sim_filter.hpp"

namespace toadcache::simulation {

namespace {

class sim_session final : public session {
public:
  sim_session(sim_server& server, uint64_t connection)
      : server_(server), connection_(connection) {}
  ~sim_session() override { server_.disconnect(connection_); }
  sim_session(const sim_session&) = delete;
  sim_session& operator=(const sim_session&) = delete;

  result<std::vector<row>> read_keys(const entity_type& type,
                                     std::span<const key> keys,
                                     bool for_update) override {
    return read_index(type, primary_index, keys, for_update);
  }

  result<std::vector<row>> read_index(const entity_type& type, index_id index,
                                      std::span<const key> tuples,
                                      bool for_update) override {
    std::set<std::string> wanted;
    for (auto& k : tuples)
      wanted.emplace(server_.canonical(k).bytes());
    auto matches = [&](const row& r) {
      for (auto i : type.index_columns(index))
        if (r.is_null(i))
          return false;
      auto held = server_.canonical(type.key_of(r, index));
      return wanted.contains(std::string{held.bytes()});
    };
    return server_.select(connection_, type, matches, for_update);
  }

  result<std::vector<row>> read_where(const entity_type& type,
                                      const filter& where,
                                      bool for_update) override {
    auto found = server_.select(
        connection_, type,
        [&](const row& r) { return satisfies(type, r, where); }, for_update);
    if (found)
      arrange(type, where, *found);
    return found;
  }

  result<void> begin() override { return server_.begin(connection_); }
  commit_result commit() override { return server_.commit(connection_); }
  void rollback() noexcept override { server_.rollback(connection_); }
  [[nodiscard]] bool in_transaction() const noexcept override {
    return server_.in_transaction(connection_);
  }

  result<key> insert(const entity_type& type, const assignments& set) override {
    return server_.insert(connection_, type, set);
  }
  result<uint64_t> update(const entity_type& type, const key& id,
                          const assignments& set) override {
    return server_.update(connection_, type, id, set);
  }
  result<uint64_t> erase(const entity_type& type, const key& id) override {
    return server_.erase(connection_, type, id);
  }

  [[nodiscard]] bool usable() const noexcept override {
    return server_.usable(connection_);
  }
  bool ping() override { return server_.usable(connection_); }
  [[nodiscard]] std::string connection_id() const override {
    return server_.connection_id(connection_);
  }
  result<bool> connection_gone(const std::string& id) override {
    if (!usable())
      return fail(errc::unavailable, "simulated connection is lost");
    return server_.connection_gone(id);
  }
  result<bool> changed_by_others() override { return false; }

private:
  sim_server& server_;
  uint64_t connection_;
};

// What a killed process talks to: nothing happens, and nothing is pending.
class dead_session final : public session {
public:
  result<std::vector<row>> read_keys(const entity_type&, std::span<const key>,
                                     bool) override {
    return dead();
  }
  result<std::vector<row>> read_index(const entity_type&, index_id,
                                      std::span<const key>, bool) override {
    return dead();
  }
  result<std::vector<row>> read_where(const entity_type&, const filter&,
                                      bool) override {
    return dead();
  }
  result<void> begin() override { return dead(); }
  commit_result commit() override {
    return {outcome::rolled_back, dead().value(), {}};
  }
  void rollback() noexcept override {}
  [[nodiscard]] bool in_transaction() const noexcept override { return false; }
  result<key> insert(const entity_type&, const assignments&) override {
    return dead();
  }
  result<uint64_t> update(const entity_type&, const key&,
                          const assignments&) override {
    return dead();
  }
  result<uint64_t> erase(const entity_type&, const key&) override {
    return dead();
  }
  [[nodiscard]] bool usable() const noexcept override { return true; }
  bool ping() override { return true; }
  [[nodiscard]] std::string connection_id() const override { return {}; }
  result<bool> connection_gone(const std::string&) override { return true; }
  result<bool> changed_by_others() override { return false; }

private:
  static tl::unexpected<failure> dead() {
    return fail(errc::invalid, "the process was killed");
  }
};

} // namespace

result<std::unique_ptr<session>>
open_session(sim_server& server, std::string origin, bool reliable) {
  auto connection = server.connect(std::move(origin), reliable);
  if (!connection)
    return fail(connection.error());
  return std::make_unique<sim_session>(server, *connection);
}

void sim_database::cut() {
  cut_ = true;
  server_.disconnect_all(origin_);
}

result<std::unique_ptr<session>> sim_database::connect() {
  if (cut_)
    return std::make_unique<dead_session>();
  return open_session(server_, origin_);
}

result<void> sim_database::create_schema(const catalog&) {
  return {};
}

result<catalog_ptr> sim_database::learn(std::vector<std::string>&) {
  return fail(errc::invalid, "the simulated database has no schema to learn");
}

result<std::vector<std::string>> sim_database::compare(const catalog&) {
  return std::vector<std::string>{};
}

result<std::vector<setting_problem>> sim_database::check() {
  return std::vector<setting_problem>{};
}

result<std::string> sim_database::identity() {
  return std::string{"simulated"};
}

std::string sim_database::description() const {
  return "simulated database";
}

} // namespace toadcache::simulation
