#include "storage/mysql_session.hpp"

#include <cppconn/resultset.h>

#include "storage/mysql_sql.hpp"
#include "storage/mysql_values.hpp"

namespace toadcache {

namespace {

std::string table_of(const entity_type& type) {
  return "table " + type.table;
}

} // namespace

mysql_session::mysql_session(std::unique_ptr<mysql_connection> c,
                             catalog_ptr types)
    : connection_(std::move(c)), catalog_(std::move(types)) {}

result<std::vector<row>> mysql_session::read_keys(const entity_type& type,
                                                  std::span<const key> keys,
                                                  bool for_update) {
  if (keys.empty())
    return std::vector<row>{};
  return settled(connection_->attempt(table_of(type), [&] {
    return query(type, select_keys(mysql_dialect(), type, keys, for_update));
  }));
}

result<std::vector<row>> mysql_session::read_index(const entity_type& type,
                                                   index_id index,
                                                   std::span<const key> tuples,
                                                   bool for_update) {
  if (tuples.empty())
    return std::vector<row>{};
  return settled(connection_->attempt(table_of(type), [&] {
    return query(
        type, select_index(mysql_dialect(), type, index, tuples, for_update));
  }));
}

result<std::vector<row>> mysql_session::read_where(const entity_type& type,
                                                   const filter& where,
                                                   bool for_update) {
  return settled(connection_->attempt(table_of(type), [&] {
    return query(type, select_where(mysql_dialect(), type, where, for_update));
  }));
}

result<void> mysql_session::begin() {
  if (in_transaction_)
    return fail(errc::invalid, "begin: a transaction is open already");
  return connection_->attempt("begin", [&]() -> result<void> {
    connection_->execute("START TRANSACTION");
    in_transaction_ = true;
    return {};
  });
}

commit_result mysql_session::commit() {
  if (!in_transaction_)
    return {outcome::rolled_back,
            {errc::invalid, "commit: no transaction is open"},
            {}};
  in_transaction_ = false;
  auto done = connection_->attempt("commit", [&]() -> result<void> {
    connection_->execute("COMMIT");
    return {};
  });
  if (done)
    return {};
  if (done.error().code == errc::deadlock) // the cluster refused it
    return {outcome::rolled_back, done.error(), {}};
  // Whatever else happened: nobody but the server knows. The connection ends,
  // so that `connection_gone` can settle it.
  connection_->give_up();
  return {outcome::unknown, done.error(), {}};
}

void mysql_session::rollback() noexcept {
  if (!in_transaction_)
    return;
  in_transaction_ = false;
  if (!connection_->usable())
    return; // the server rolls a lost connection back
  auto done = connection_->attempt("rollback", [&]() -> result<void> {
    connection_->execute("ROLLBACK");
    return {};
  });
  if (!done)
    connection_->give_up();
}

bool mysql_session::in_transaction() const noexcept {
  return in_transaction_;
}

result<key> mysql_session::insert(const entity_type& type,
                                  const assignments& set) {
  return settled(connection_->attempt(table_of(type), [&]() -> result<key> {
    auto changed = change(type, insert_row(mysql_dialect(), type, set));
    if (!changed)
      return fail(changed.error());
    auto generated
        = needs_generated_id(type, set) ? generated_id() : uint64_t{0};
    return inserted_key(type, set, generated);
  }));
}

result<uint64_t> mysql_session::update(const entity_type& type, const key& id,
                                       const assignments& set) {
  return settled(connection_->attempt(table_of(type), [&] {
    return change(type, update_row(mysql_dialect(), type, id, set));
  }));
}

result<uint64_t> mysql_session::erase(const entity_type& type, const key& id) {
  return settled(connection_->attempt(table_of(type), [&] {
    return change(type, delete_row(mysql_dialect(), type, id));
  }));
}

bool mysql_session::usable() const noexcept {
  return connection_->usable();
}

bool mysql_session::ping() {
  auto answered = connection_->attempt(
      "ping", [&]() -> result<bool> { return connection_->ping(); });
  if (answered && *answered)
    return usable();
  connection_->give_up();
  return false;
}

std::string mysql_session::connection_id() const {
  return connection_->id();
}

result<bool> mysql_session::connection_gone(const std::string& connection_id) {
  auto slash = connection_id.find('/');
  auto number = connection_id.substr(0, slash);
  if (slash == std::string::npos || number.empty()
      || number.find_first_not_of("0123456789") != std::string::npos)
    return fail(errc::invalid, "connection '" + connection_id
                                   + "': expected '<number>/<lock>'");
  auto lock = connection_id.substr(slash + 1);
  return connection_->attempt("connection " + number, [&]() -> result<bool> {
    // The server frees a connection's user locks after its transaction has
    // ended; a restart frees them all. Numbers are used again, locks are not.
    auto alive = lock.empty() ? "SELECT 1 FROM information_schema.processlist "
                                "WHERE id = "
                                    + number
                              : "SELECT 1 FROM (SELECT IS_USED_LOCK("
                                    + mysql_literal(lock)
                                    + ") AS id) AS l WHERE id = " + number;
    if (connection_->query(alive).empty())
      return true;
    try {
      connection_->execute("KILL CONNECTION " + number);
    } catch (const sql::SQLException& e) {
      if (e.getErrorCode() != 1094) // it has ended meanwhile
        throw;
    }
    return false; // KILL only asks
  });
}

result<std::vector<row>> mysql_session::query(const entity_type& type,
                                              result<sql_statement> statement) {
  if (!statement)
    return fail(statement.error());
  auto& prepared = connection_->prepare(statement->text);
  auto streams = bind_parameters(prepared, statement->parameters);
  std::unique_ptr<sql::ResultSet> found{prepared.executeQuery()};
  if (auto ok = check_columns(type, *found); !ok)
    return fail(ok.error());
  std::vector<row> rows;
  rows.reserve(found->rowsCount());
  while (found->next()) {
    auto r = current_row(type, *found);
    if (!r)
      return fail(r.error());
    rows.push_back(std::move(*r));
  }
  return rows;
}

result<uint64_t> mysql_session::change(const entity_type& type,
                                       result<sql_statement> statement) {
  if (!statement)
    return fail(statement.error());
  if (!in_transaction_)
    return fail(errc::invalid,
                table_of(type) + ": expected an open transaction for a write");
  auto& prepared = connection_->prepare(statement->text);
  auto streams = bind_parameters(prepared, statement->parameters);
  return static_cast<uint64_t>(prepared.executeUpdate());
}

uint64_t mysql_session::generated_id() {
  auto& prepared = connection_->prepare("SELECT LAST_INSERT_ID()");
  std::unique_ptr<sql::ResultSet> found{prepared.executeQuery()};
  return found->next() ? found->getUInt64(1) : 0;
}

template <class T>
result<T> mysql_session::settled(result<T> r) noexcept {
  if (!r && ends_transaction(r.error().code))
    rollback();
  return r;
}

} // namespace toadcache
