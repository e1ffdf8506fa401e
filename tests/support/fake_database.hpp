// A system of record in memory for tests of the pool and its workers: rows by
// table, transactions of one session at a time, and failures by script. A plain
// read sees what is committed (or, with `snapshots`, what was at BEGIN), a
// locking read always the former. Not thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "storage/database.hpp"

namespace toadcache::tests {

class fake_database final : public database,
                            public std::enable_shared_from_this<fake_database> {
public:
  using table = std::map<std::string, row>; ///< by primary key bytes
  using tables = std::map<entity_id, table>;

  /// How a COMMIT ends, and whether it has an effect.
  struct commit_script {
    outcome how = outcome::committed;
    errc code = errc::none;
    bool applied = true;
  };

  explicit fake_database(catalog_ptr c) : types(std::move(c)) {}

  catalog_ptr types;
  tables committed;
  /// Every call, in order: "connect", "begin", "read", "lock", "insert", ...
  std::vector<std::string> calls;
  /// May fail a call, or change the data before it. errc::unavailable loses
  /// the session, errc::deadlock rolls it back; "throw" as text throws.
  std::function<std::optional<failure>(const std::string& call)> before;
  std::deque<commit_script> commits;
  std::vector<key> keys_read; ///< by primary key, in order
  bool snapshots = false;
  bool rounds = false; ///< a "trigger": `rank` is stored plus 1000
  bool foreign_change = false;
  int64_t next_id = 1;
  size_t open_sessions = 0;
  size_t most_sessions = 0;
  uint64_t connections = 0;
  std::string connection_prefix = "c"; ///< empty: SQLite-like, no ids

  [[nodiscard]] size_t count(const std::string& call) const {
    size_t n = 0;
    for (auto& c : calls)
      n += c == call ? 1 : 0;
    return n;
  }

  /// Commits a row from elsewhere.
  void put(entity_id type, std::vector<value> values) {
    auto r = row::encode((*types)[type].types, values).value();
    auto id = (*types)[type].key_of(r);
    committed[type][std::string{id.bytes()}] = r;
  }
  [[nodiscard]] row get(const key& id) const {
    auto t = committed.find(id.type());
    if (t == committed.end())
      return {};
    auto r = t->second.find(std::string{id.bytes()});
    return r == t->second.end() ? row{} : r->second;
  }

  result<std::unique_ptr<session>> connect() override;
  result<void> create_schema(const catalog&) override { return {}; }
  result<catalog_ptr> learn(std::vector<std::string>&) override {
    return types;
  }
  result<std::vector<std::string>> compare(const catalog&) override {
    return std::vector<std::string>{};
  }
  result<std::vector<setting_problem>> check() override {
    return std::vector<setting_problem>{};
  }
  result<std::string> identity() override { return "fake"; }
  std::string description() const override { return "fake"; }

  std::optional<failure> call(const std::string& name) {
    calls.push_back(name);
    auto why = before ? before(name) : std::nullopt;
    if (why && why->what == "throw")
      throw std::runtime_error("scripted");
    return why;
  }
};

class fake_session final : public session {
public:
  explicit fake_session(std::shared_ptr<fake_database> db)
      : db_(std::move(db)), id_(++db_->connections) {
    db_->most_sessions = std::max(db_->most_sessions, ++db_->open_sessions);
  }
  ~fake_session() override { --db_->open_sessions; }

  result<std::vector<row>> read_keys(const entity_type& type,
                                     std::span<const key> keys,
                                     bool for_update) override {
    if (auto why = call(for_update ? "lock" : "read"))
      return fail(*why);
    std::vector<row> rows;
    db_->keys_read.insert(db_->keys_read.end(), keys.begin(), keys.end());
    for (auto& k : keys)
      if (auto r = look(type.id, std::string{k.bytes()}, for_update))
        rows.push_back(r);
    return rows;
  }

  result<std::vector<row>> read_index(const entity_type& type, index_id index,
                                      std::span<const key> tuples,
                                      bool for_update) override {
    if (auto why = call(for_update ? "lock" : "read"))
      return fail(*why);
    std::vector<row> rows;
    for (auto& r : all(type.id, for_update))
      for (auto& t : tuples)
        if (type.key_of(r, index) == t)
          rows.push_back(r);
    return rows;
  }

  result<std::vector<row>> read_where(const entity_type& type,
                                      const filter& where,
                                      bool for_update) override {
    if (auto why = call(for_update ? "lock" : "read"))
      return fail(*why);
    std::vector<row> rows;
    for (auto& r : all(type.id, for_update)) {
      auto fits = true;
      for (auto& c : where.all_of)
        fits = fits && value{r.at(c.column)} == c.operands.at(0);
      if (fits)
        rows.push_back(r);
      if (where.limit != 0 && rows.size() == where.limit)
        break;
    }
    return rows;
  }

  result<void> begin() override {
    if (auto why = call("begin"))
      return fail(*why);
    open_ = true;
    snapshot_ = db_->committed;
    writes_.clear();
    return {};
  }

  commit_result commit() override {
    auto why = call("commit");
    fake_database::commit_script script;
    if (!db_->commits.empty()) {
      script = db_->commits.front();
      db_->commits.pop_front();
    } else if (why) {
      script = {outcome::rolled_back, why->code, false};
    }
    if (script.applied)
      for (auto& [place, content] : writes_)
        store(db_->committed, place, content);
    open_ = false;
    writes_.clear();
    if (script.how == outcome::unknown)
      usable_ = false;
    return {script.how, {script.code, "scripted"}, {}};
  }
  void rollback() noexcept override {
    if (usable_)
      db_->calls.push_back("rollback");
    open_ = false;
    writes_.clear();
  }
  bool in_transaction() const noexcept override { return open_; }

  result<key> insert(const entity_type& type, const assignments& set) override {
    if (auto why = call("insert"))
      return fail(*why);
    std::vector<value> values(type.columns.size());
    for (auto& [column, content] : set)
      values[column] = content;
    auto generated = type.primary_key.front();
    if (values[generated].is_null() && type.columns[generated].auto_increment)
      values[generated] = value{db_->next_id++};
    trigger(type, values);
    auto r = row::encode(type.types, values).value();
    for (auto& other : all(type.id, true))
      for (size_t i = 0; i <= type.indexes.size(); ++i) {
        auto unique
            = i == 0 || type.indexes[i - 1].kind == index::kind_type::unique;
        auto n = static_cast<index_id>(i);
        if (unique && type.key_of(other, n) == type.key_of(r, n))
          return fail(errc::duplicate, "duplicate key in " + type.name);
      }
    write(type.key_of(r), r);
    return type.key_of(r);
  }

  result<uint64_t> update(const entity_type& type, const key& id,
                          const assignments& set) override {
    if (auto why = call("update"))
      return fail(*why);
    auto before = look(type.id, std::string{id.bytes()}, true);
    if (!before)
      return uint64_t{0};
    std::vector<value> values;
    for (size_t i = 0; i < type.columns.size(); ++i)
      values.emplace_back(before.at(i));
    for (auto& [column, content] : set)
      values[column] = content;
    trigger(type, values);
    auto after = row::encode(type.types, values).value();
    write(id, row{});
    write(type.key_of(after), after);
    return uint64_t{1};
  }

  result<uint64_t> erase(const entity_type& type, const key& id) override {
    if (auto why = call("erase"))
      return fail(*why);
    if (!look(type.id, std::string{id.bytes()}, true))
      return uint64_t{0};
    write(id, row{});
    return uint64_t{1};
  }

  bool usable() const noexcept override { return usable_; }
  bool ping() override { return !call("ping"); }
  std::string connection_id() const override {
    return db_->connection_prefix.empty()
               ? std::string{}
               : db_->connection_prefix + std::to_string(id_);
  }
  result<bool> connection_gone(const std::string& id) override {
    if (auto why = call("gone " + id)) {
      if (why->code == errc::none)
        return false;
      return fail(*why);
    }
    return true;
  }
  result<bool> changed_by_others() override {
    return std::exchange(db_->foreign_change, false);
  }

private:
  using place_type = std::pair<entity_id, std::string>;

  std::optional<failure> call(const std::string& name) {
    if (!usable_)
      return failure{errc::unavailable, "connection is gone"};
    auto why = db_->call(name);
    if (why && why->code == errc::unavailable)
      usable_ = false;
    if (why
        && (why->code == errc::unavailable || why->code == errc::deadlock)) {
      open_ = false;
      writes_.clear();
    }
    return why;
  }
  /// A trigger changes what is stored.
  void trigger(const entity_type& type, std::vector<value>& values) const {
    auto rank = type.find_column("rank");
    if (!db_->rounds || !rank)
      return;
    if (auto n = std::get_if<int64_t>(&values[*rank].data()); n && *n < 1000)
      values[*rank] = value{*n + 1000};
  }
  static void store(fake_database::tables& t, const place_type& place,
                    const row& content) {
    if (content)
      t[place.first][place.second] = content;
    else
      t[place.first].erase(place.second);
  }
  void write(const key& id, row content) {
    place_type place{id.type(), std::string{id.bytes()}};
    if (open_)
      writes_[place] = std::move(content);
    else // autocommit, as a server does
      store(db_->committed, place, content);
  }
  [[nodiscard]] fake_database::tables seen(bool current) const {
    auto t = open_ && db_->snapshots && !current ? snapshot_ : db_->committed;
    for (auto& [place, content] : writes_)
      store(t, place, content);
    return t;
  }
  [[nodiscard]] row look(entity_id type, const std::string& id,
                         bool current) const {
    auto t = seen(current);
    auto r = t[type].find(id);
    return r == t[type].end() ? row{} : r->second;
  }
  [[nodiscard]] std::vector<row> all(entity_id type, bool current) const {
    std::vector<row> rows;
    auto t = seen(current);
    for (auto& [id, r] : t[type])
      rows.push_back(r);
    return rows;
  }

  std::shared_ptr<fake_database> db_;
  uint64_t id_;
  bool usable_ = true;
  bool open_ = false;
  fake_database::tables snapshot_;
  std::map<place_type, row> writes_;
};

inline result<std::unique_ptr<session>> fake_database::connect() {
  if (auto why = call("connect"))
    return fail(*why);
  return std::make_unique<fake_session>(shared_from_this());
}

} // namespace toadcache::tests
