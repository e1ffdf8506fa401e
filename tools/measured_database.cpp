#include "tools/measured_database.hpp"

namespace toadcache {

namespace {

using call_kind = database_load::call_kind;
using load_ptr = std::shared_ptr<database_load>;

/// Adds the time until its end.
class call_timer {
public:
  call_timer(database_load& load, call_kind kind) : load_(load), kind_(kind) {}
  call_timer(const call_timer&) = delete;
  call_timer& operator=(const call_timer&) = delete;
  ~call_timer() { load_.add(kind_, {begin_, monotonic_nanoseconds()}); }

private:
  database_load& load_;
  call_kind kind_;
  int64_t begin_ = monotonic_nanoseconds();
};

class measured_session : public session {
public:
  measured_session(std::unique_ptr<session> inner, load_ptr load)
      : inner_(std::move(inner)), load_(std::move(load)) {}

  result<std::vector<row>> read_keys(const entity_type& type,
                                     std::span<const key> keys,
                                     bool for_update) override {
    call_timer timer{*load_, call_kind::statement};
    return inner_->read_keys(type, keys, for_update);
  }
  result<std::vector<row>> read_index(const entity_type& type, index_id index,
                                      std::span<const key> tuples,
                                      bool for_update) override {
    call_timer timer{*load_, call_kind::statement};
    return inner_->read_index(type, index, tuples, for_update);
  }
  result<std::vector<row>> read_where(const entity_type& type,
                                      const filter& where,
                                      bool for_update) override {
    call_timer timer{*load_, call_kind::statement};
    return inner_->read_where(type, where, for_update);
  }
  result<void> begin() override {
    call_timer timer{*load_, call_kind::other};
    return inner_->begin();
  }
  commit_result commit() override {
    call_timer timer{*load_, call_kind::commit};
    return inner_->commit();
  }
  void rollback() noexcept override {
    call_timer timer{*load_, call_kind::other};
    inner_->rollback();
  }
  [[nodiscard]] bool in_transaction() const noexcept override {
    return inner_->in_transaction();
  }
  result<key> insert(const entity_type& type, const assignments& set) override {
    call_timer timer{*load_, call_kind::statement};
    return inner_->insert(type, set);
  }
  result<uint64_t> update(const entity_type& type, const key& id,
                          const assignments& set) override {
    call_timer timer{*load_, call_kind::statement};
    return inner_->update(type, id, set);
  }
  result<uint64_t> erase(const entity_type& type, const key& id) override {
    call_timer timer{*load_, call_kind::statement};
    return inner_->erase(type, id);
  }
  [[nodiscard]] bool usable() const noexcept override {
    return inner_->usable();
  }
  bool ping() override {
    call_timer timer{*load_, call_kind::other};
    return inner_->ping();
  }
  [[nodiscard]] std::string connection_id() const override {
    return inner_->connection_id();
  }
  result<bool> connection_gone(const std::string& id) override {
    call_timer timer{*load_, call_kind::other};
    return inner_->connection_gone(id);
  }
  result<bool> changed_by_others() override {
    call_timer timer{*load_, call_kind::other};
    return inner_->changed_by_others();
  }

private:
  std::unique_ptr<session> inner_;
  load_ptr load_;
};

class measured_database : public database {
public:
  measured_database(std::shared_ptr<database> inner, load_ptr load)
      : inner_(std::move(inner)), load_(std::move(load)) {}

  result<std::unique_ptr<session>> connect() override {
    auto inner = inner_->connect();
    if (!inner)
      return fail(inner.error());
    return std::make_unique<measured_session>(std::move(*inner), load_);
  }
  result<void> create_schema(const catalog& c) override {
    return inner_->create_schema(c);
  }
  result<catalog_ptr> learn(std::vector<std::string>& notes) override {
    return inner_->learn(notes);
  }
  result<std::vector<std::string>> compare(const catalog& c) override {
    return inner_->compare(c);
  }
  result<std::vector<setting_problem>> check() override {
    return inner_->check();
  }
  result<std::string> identity() override { return inner_->identity(); }
  [[nodiscard]] std::string description() const override {
    return inner_->description();
  }

private:
  std::shared_ptr<database> inner_;
  load_ptr load_;
};

} // namespace

void database_load::add(call_kind kind, interval when) {
  std::lock_guard guard{lock_};
  auto taken = when.end - when.begin;
  totals_.busy_ns += taken;
  if (kind == call_kind::statement)
    ++totals_.statements;
  if (kind == call_kind::commit) {
    ++totals_.commits;
    totals_.commit_ns += taken;
  }
  intervals_.push_back(when);
}

database_load::totals database_load::now() const {
  std::lock_guard guard{lock_};
  return totals_;
}

std::vector<interval> database_load::intervals() const {
  std::lock_guard guard{lock_};
  return intervals_;
}

std::shared_ptr<database> measure(std::shared_ptr<database> inner,
                                  std::shared_ptr<database_load> load) {
  return std::make_shared<measured_database>(std::move(inner), std::move(load));
}

} // namespace toadcache
