// A session on MySQL or MariaDB: one connection. Belongs to one thread at a
// time; calls block up to the configured timeouts.
#pragma once

#include <memory>
#include <string>

#include "storage/database.hpp"
#include "storage/mysql_connection.hpp"
#include "storage/sql_text.hpp"

namespace toadcache {

class mysql_session final : public session {
public:
  mysql_session(std::unique_ptr<mysql_connection> c, catalog_ptr types);

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
  [[nodiscard]] std::string connection_id() const override;
  result<bool> connection_gone(const std::string& connection_id) override;
  result<bool> changed_by_others() override { return false; }

private:
  result<std::vector<row>> query(const entity_type& type,
                                 result<sql_statement> statement);
  /// The rows matched (UPDATE), inserted or deleted.
  result<uint64_t> change(const entity_type& type,
                          result<sql_statement> statement);
  uint64_t generated_id();
  /// Ends the transaction where an error has.
  template <class T>
  result<T> settled(result<T> r) noexcept;

  std::unique_ptr<mysql_connection> connection_;
  catalog_ptr catalog_; // types borrow from it
  bool in_transaction_ = false;
};

} // namespace toadcache
