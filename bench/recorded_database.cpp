#include "bench/recorded_database.hpp"

#include <algorithm>
#include <thread>
#include <type_traits>

#include "bench/measure.hpp"

namespace toadcache::bench {

namespace {

using kind_type = statement_record::kind_type;

class recorded_session final : public session {
public:
  recorded_session(std::unique_ptr<session> inner,
                   std::shared_ptr<statement_record> to)
      : inner_(std::move(inner)), to_(std::move(to)) {}

  result<std::vector<row>> read_keys(const entity_type& type,
                                     std::span<const key> keys,
                                     bool for_update) override {
    return during(kind_type::read,
                  [&] { return inner_->read_keys(type, keys, for_update); });
  }
  result<std::vector<row>> read_index(const entity_type& type, index_id index,
                                      std::span<const key> tuples,
                                      bool for_update) override {
    return during(kind_type::read, [&] {
      return inner_->read_index(type, index, tuples, for_update);
    });
  }
  result<std::vector<row>> read_where(const entity_type& type,
                                      const filter& where,
                                      bool for_update) override {
    return during(kind_type::read,
                  [&] { return inner_->read_where(type, where, for_update); });
  }
  result<void> begin() override { return inner_->begin(); }
  commit_result commit() override {
    return during(kind_type::commit, [&] { return inner_->commit(); });
  }
  void rollback() noexcept override { inner_->rollback(); }
  [[nodiscard]] bool in_transaction() const noexcept override {
    return inner_->in_transaction();
  }
  result<key> insert(const entity_type& type, const assignments& set) override {
    return during(kind_type::write, [&] { return inner_->insert(type, set); });
  }
  result<uint64_t> update(const entity_type& type, const key& id,
                          const assignments& set) override {
    return during(kind_type::write,
                  [&] { return inner_->update(type, id, set); });
  }
  result<uint64_t> erase(const entity_type& type, const key& id) override {
    return during(kind_type::write, [&] { return inner_->erase(type, id); });
  }
  [[nodiscard]] bool usable() const noexcept override {
    return inner_->usable();
  }
  bool ping() override { return inner_->ping(); }
  [[nodiscard]] std::string connection_id() const override {
    return inner_->connection_id();
  }
  result<bool> connection_gone(const std::string& id) override {
    return inner_->connection_gone(id);
  }
  result<bool> changed_by_others() override {
    return inner_->changed_by_others();
  }

private:
  template <class F>
  std::invoke_result_t<F> during(kind_type kind, F f) {
    const auto begin = now_ns();
    const auto inside = inner_->in_transaction();
    if (kind == kind_type::read)
      if (auto d = to_->delay.load(); d.count() > 0)
        std::this_thread::sleep_for(d);
    auto done = f();
    to_->add({kind, inside, begin, now_ns()});
    return done;
  }

  std::unique_ptr<session> inner_;
  std::shared_ptr<statement_record> to_;
};

class recorded_database final : public database {
public:
  recorded_database(std::shared_ptr<database> inner,
                    std::shared_ptr<statement_record> to)
      : inner_(std::move(inner)), to_(std::move(to)) {}

  result<std::unique_ptr<session>> connect() override {
    auto inner = inner_->connect();
    if (!inner)
      return fail(std::move(inner.error()));
    return std::make_unique<recorded_session>(std::move(*inner), to_);
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
  std::shared_ptr<statement_record> to_;
};

} // namespace

void statement_record::add(statement s) {
  std::lock_guard guard{lock_};
  all_.push_back(s);
}

void statement_record::clear() {
  std::lock_guard guard{lock_};
  all_.clear();
}

std::vector<statement_record::statement> statement_record::all() const {
  std::lock_guard guard{lock_};
  return all_;
}

size_t statement_record::count(kind_type k) const {
  std::lock_guard guard{lock_};
  return static_cast<size_t>(std::ranges::count(all_, k, &statement::kind));
}

size_t statement_record::reads_in_transactions() const {
  std::lock_guard guard{lock_};
  return static_cast<size_t>(
      std::ranges::count_if(all_, [](const statement& s) {
        return s.kind == kind_type::read && s.in_transaction;
      }));
}

size_t statement_record::sequential_reads() const {
  auto reads = all();
  std::erase_if(reads, [](const statement& s) {
    return s.kind != kind_type::read || s.in_transaction;
  });
  std::ranges::sort(reads, {}, &statement::end_ns);
  size_t chain = 0;
  int64_t free_from = 0; // the chain that ends first can be the longest
  for (auto& s : reads)
    if (s.begin_ns >= free_from) {
      ++chain;
      free_from = s.end_ns;
    }
  return chain;
}

std::shared_ptr<database> recorded(std::shared_ptr<database> inner,
                                   std::shared_ptr<statement_record> to) {
  return std::make_shared<recorded_database>(std::move(inner), std::move(to));
}

} // namespace toadcache::bench
