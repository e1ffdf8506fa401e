#include "bench/made_up_database.hpp"

namespace toadcache::bench {

namespace {

tl::unexpected<failure> refusal() {
  return fail(errc::invalid, "a made-up database takes no writes");
}

class made_up_session final : public session {
public:
  explicit made_up_session(row_maker make) : make_(std::move(make)) {}

  result<std::vector<row>> read_keys(const entity_type& type,
                                     std::span<const key> keys, bool) override {
    std::vector<row> out;
    out.reserve(keys.size());
    for (auto& k : keys) {
      auto id = decode_key(k.bytes());
      if (!id)
        return fail(std::move(id.error()));
      out.push_back(make_(type, std::get<int64_t>(id->front().data())));
    }
    return out;
  }
  result<std::vector<row>> read_index(const entity_type&, index_id,
                                      std::span<const key>, bool) override {
    return std::vector<row>{};
  }
  result<std::vector<row>> read_where(const entity_type&, const filter&,
                                      bool) override {
    return std::vector<row>{};
  }
  result<void> begin() override { return refusal(); }
  commit_result commit() override { return {outcome::rolled_back, {}, {}}; }
  void rollback() noexcept override {}
  [[nodiscard]] bool in_transaction() const noexcept override { return false; }
  result<key> insert(const entity_type&, const assignments&) override {
    return refusal();
  }
  result<uint64_t> update(const entity_type&, const key&,
                          const assignments&) override {
    return refusal();
  }
  result<uint64_t> erase(const entity_type&, const key&) override {
    return refusal();
  }
  [[nodiscard]] bool usable() const noexcept override { return true; }
  bool ping() override { return true; }
  [[nodiscard]] std::string connection_id() const override { return {}; }
  result<bool> connection_gone(const std::string&) override { return true; }
  result<bool> changed_by_others() override { return false; }

private:
  row_maker make_;
};

class made_up_database final : public database {
public:
  explicit made_up_database(row_maker make) : make_(std::move(make)) {}

  result<std::unique_ptr<session>> connect() override {
    return std::make_unique<made_up_session>(make_);
  }
  result<void> create_schema(const catalog&) override { return {}; }
  result<catalog_ptr> learn(std::vector<std::string>&) override {
    return refusal();
  }
  result<std::vector<std::string>> compare(const catalog&) override {
    return std::vector<std::string>{};
  }
  result<std::vector<setting_problem>> check() override {
    return std::vector<setting_problem>{};
  }
  result<std::string> identity() override { return std::string{"made up"}; }
  [[nodiscard]] std::string description() const override { return "made up"; }

private:
  row_maker make_;
};

} // namespace

std::shared_ptr<database> make_up_database(row_maker make) {
  return std::make_shared<made_up_database>(std::move(make));
}

} // namespace toadcache::bench
