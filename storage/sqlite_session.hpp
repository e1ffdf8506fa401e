// A session on an embedded SQLite file: an own connection for reads outside
// transactions, the process's one writer for transactions (rule 16).
#pragma once

#include <memory>

#include "storage/database.hpp"
#include "storage/sql_text.hpp"
#include "storage/sqlite_connection.hpp"
#include "storage/sqlite_writer.hpp"

namespace toadcache {

class sqlite_session final : public session {
public:
  sqlite_session(std::unique_ptr<sqlite_connection> reader,
                 std::shared_ptr<sqlite_writer> writer, catalog_ptr c);
  ~sqlite_session() override;

  result<std::vector<row>> read_keys(const entity_type& type,
                                     std::span<const key> keys,
                                     bool for_update) override;
  result<std::vector<row>> read_index(const entity_type& type, index_id index,
                                      std::span<const key> tuples,
                                      bool for_update) override;
  result<std::vector<row>> read_where(const entity_type& type,
                                      const filter& where,
                                      bool for_update) override;
  result<void> begin() override;
  commit_result commit() override;
  void rollback() noexcept override;
  [[nodiscard]] bool in_transaction() const noexcept override;
  result<key> insert(const entity_type& type, const assignments& set) override;
  result<uint64_t> update(const entity_type& type, const key& id,
                          const assignments& set) override;
  result<uint64_t> erase(const entity_type& type, const key& id) override;
  [[nodiscard]] bool usable() const noexcept override;
  bool ping() override;
  [[nodiscard]] std::string connection_id() const override { return {}; }
  result<bool> connection_gone(const std::string& connection_id) override;
  result<bool> changed_by_others() override;

private:
  result<std::vector<row>> query(const entity_type& type,
                                 result<sql_statement> statement);
  /// The rows changed.
  result<uint64_t> change(const entity_type& type,
                          result<sql_statement> statement);
  result<sqlite_statement*> prepare(const entity_type& type,
                                    const sql_statement& statement);
  /// Ends the transaction where an error has.
  template <class T>
  result<T> settled(result<T> r) noexcept;
  sqlite_connection& connection() { return lent_ ? *lent_ : *reader_; }
  void end_transaction() noexcept;

  std::unique_ptr<sqlite_connection> reader_;
  std::shared_ptr<sqlite_writer> writer_;
  catalog_ptr catalog_;               // types borrow from it
  sqlite_connection* lent_ = nullptr; // the writer's, within a transaction
};

} // namespace toadcache
