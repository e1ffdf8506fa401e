// The embedded system of record: a SQLite file (rule 16). Thread-safe.
//
// Not for several machines, and text compares by bytes whatever collation the
// catalog names. Unsigned integers are stored by their bits, decimals and dates
// as text.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/database.hpp"
#include "storage/live_schema.hpp"
#include "storage/sqlite_writer.hpp"

namespace toadcache {

class sqlite_database final : public database {
public:
  /// Does not open the file.
  sqlite_database(database_options o, catalog_ptr c);

  result<std::unique_ptr<session>> connect() override;
  result<void> create_schema(const catalog& c) override;
  result<catalog_ptr> learn(std::vector<std::string>& notes) override;
  result<std::vector<std::string>> compare(const catalog& c) override;
  result<std::vector<setting_problem>> check() override;
  /// A random number that the file keeps in a table of its own.
  result<std::string> identity() override;
  [[nodiscard]] std::string description() const override;

private:
  /// Runs `f` in a transaction of the writer; its failure rolls back.
  result<void>
  in_transaction(const std::function<result<void>(sqlite_connection&)>& f);
  result<std::vector<live_table>> tables();

  const database_options options_;
  const catalog_ptr catalog_;
  const std::shared_ptr<sqlite_writer> writer_;
};

} // namespace toadcache
