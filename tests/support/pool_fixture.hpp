// A DB POOL on virtual time with a fake database and fake caches, and the words
// its tests use.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/db_pool.hpp"
#include "tests/actors/fixture.hpp"
#include "tests/support/fake_caches.hpp"
#include "tests/support/fake_database.hpp"

namespace toadcache::tests {

inline constexpr entity_id user_type = 0;
inline constexpr entity_id item_type = 1;

/// user: id, name (lookup), rank. item: generated id, code (unique), owner.
inline catalog_ptr pool_catalog() {
  constexpr auto text = R"json({
    "version": 1,
    "entities": [
      {"name": "user", "table": "user", "primary_key": ["id"],
       "columns": [
         {"name": "id", "type": "int64", "sql_type": "BIGINT"},
         {"name": "name", "type": "text", "nullable": true, "length": 50,
          "collation": "utf8mb4_general_ci", "sql_type": "VARCHAR(50)"},
         {"name": "rank", "type": "int64", "nullable": true,
          "sql_type": "BIGINT"}],
       "lookups": [{"name": "name", "columns": ["name"]}]},
      {"name": "item", "table": "item", "primary_key": ["id"],
       "columns": [
         {"name": "id", "type": "int64", "sql_type": "BIGINT",
          "auto_increment": true},
         {"name": "code", "type": "text", "length": 20,
          "collation": "utf8mb4_bin", "sql_type": "VARCHAR(20)"},
         {"name": "owner", "type": "int64", "nullable": true,
          "sql_type": "BIGINT"}],
       "unique": [{"name": "code", "columns": ["code"]}]}
    ]})json";
  return catalog::parse(text, "pool_catalog").value();
}

inline options pool_test_options() {
  options o;
  o.pool.max_count = 2;
  o.pool.idle = milliseconds{10000};
  return o;
}

struct pool_fixture : actor_fixture {
  std::shared_ptr<fake_database> db;
  std::shared_ptr<ticket_recorder> tickets
      = std::make_shared<ticket_recorder>();
  std::shared_ptr<changes_recorder> told = std::make_shared<changes_recorder>();
  db_pool_actor pool;

  explicit pool_fixture(options o = pool_test_options(), uint64_t seed = 0)
      : actor_fixture(std::move(o), pool_catalog(), seed),
        db(std::make_shared<fake_database>(shared->types)) {
    shared->source = db;
    start_cache(user_type);
    start_cache(item_type);
    start_invalidation();
    pool = start_pool();
    run();
  }

  void start_cache(entity_id type) {
    shared->actors.set_cache(type, own(system.spawn(fake_cache, tickets)));
  }
  void start_invalidation() {
    shared->actors.set_invalidation(own(system.spawn(fake_invalidation, told)));
  }
  db_pool_actor start_pool() {
    return own(db_pool_actor{system.spawn(db_pool, shared)});
  }

  [[nodiscard]] const entity_type& type(entity_id t) const {
    return (*shared->types)[t];
  }
  [[nodiscard]] key user_key(int64_t id) const {
    return type(user_type).make_key(0, std::vector<value>{id}).value();
  }
  void put_user(int64_t id, const std::string& name, int64_t rank) {
    db->put(user_type, {id, name, rank});
  }
  void put_item(int64_t id, const std::string& code, int64_t owner) {
    db->put(item_type, {id, code, owner});
  }
  /// The next `times` calls of that name fail so.
  void fail_calls(const std::string& name, errc code, int times = 1) {
    db->before
        = [name, code, left = times, older = db->before](
              const std::string& call) mutable -> std::optional<failure> {
      if (call == name && left > 0) {
        --left;
        return failure{code, "scripted " + name};
      }
      return older ? older(call) : std::nullopt;
    };
  }
  void kill(const caf::actor_addr& who) {
    if (auto target = caf::actor_cast<caf::actor>(who))
      caf::anon_send_exit(target, caf::exit_reason::kill);
  }
  /// How each `changes` was told, in order: "committed", "unknown", ...
  [[nodiscard]] std::string told_how() const {
    std::string all;
    for (auto& c : told->seen)
      all += std::string{all.empty() ? "" : " "}
             + (c.source == change_source::database ? "foreign"
                : c.resolved                        ? "resolved"
                : c.how == outcome::committed       ? "committed"
                : c.how == outcome::rolled_back     ? "rolled_back"
                                                    : "unknown");
    return all;
  }
  /// The rank stored for a user, or -1.
  [[nodiscard]] int64_t rank_of(int64_t id) const {
    auto r = db->get(user_key(id));
    return r ? r.int_at(2) : -1;
  }

  // -- operations -------------------------------------------------------------

  [[nodiscard]] operation set_rank(int64_t id, int64_t rank) const {
    operation op;
    op.kind = operation::kind_type::update;
    op.type = user_type;
    op.keys = {user_key(id)};
    op.set = {{2, rank}};
    return op;
  }
  [[nodiscard]] operation insert_user(int64_t id, const std::string& name,
                                      int64_t rank) const {
    operation op;
    op.kind = operation::kind_type::insert;
    op.type = user_type;
    op.set = {{0, id}, {1, name}, {2, rank}};
    return op;
  }
  [[nodiscard]] operation erase_user(int64_t id) const {
    operation op;
    op.kind = operation::kind_type::erase;
    op.type = user_type;
    op.keys = {user_key(id)};
    return op;
  }
  /// Finds an item by its code, or creates it.
  [[nodiscard]] operation item_of(const std::string& code,
                                  int64_t owner) const {
    operation op;
    op.kind = operation::kind_type::find_or_create;
    op.type = item_type;
    op.where = where(1, code);
    op.set = {{1, code}, {2, owner}};
    return op;
  }
  [[nodiscard]] static filter where(size_t column, value v) {
    filter f;
    f.all_of = {{column, compare::eq, {std::move(v)}}};
    return f;
  }

  // -- requests ---------------------------------------------------------------

  static request_header header(milliseconds remaining = milliseconds{5000},
                               uint64_t group = 0) {
    return {0, group, remaining};
  }
  auto fetch_user(int64_t id, request_header h = header()) {
    return ask<fetched>(pool, fetch{user_type, 0, {user_key(id)}, {}, h});
  }
  auto write(std::vector<operation> operations, request_header h = header()) {
    return ask<transaction_done>(pool,
                                 run_transaction{std::move(operations), h});
  }
  auto begin(request_header h = header()) {
    return ask<transaction_begun>(pool, begin_transaction{h});
  }
  /// Begins and expects to get a transaction.
  transaction_id begun() {
    auto a = begin();
    run();
    return a.value().id;
  }
  auto step(transaction_id id, operation op, request_header h = header()) {
    return ask<step_done>(pool, transaction_step{id, std::move(op), h});
  }
  auto end(transaction_id id, bool commit, request_header h = header()) {
    return ask<transaction_done>(pool, end_transaction{id, commit, h});
  }
};

} // namespace toadcache::tests
