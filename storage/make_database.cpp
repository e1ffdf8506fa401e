#include "storage/database.hpp"
#include "storage/guarded.hpp"
#include "storage/mysql_database.hpp"
#include "storage/sqlite_database.hpp"

namespace toadcache {

result<std::shared_ptr<database>> make_database(const database_options& o,
                                                catalog_ptr c) {
  return guarded([&]() -> result<std::shared_ptr<database>> {
    if (o.kind == database_kind::mysql)
      return std::make_shared<mysql_database>(o, std::move(c));
    if (o.file.empty() || o.file == ":memory:")
      return fail(errc::invalid, "database.file: expected the path of a file, "
                                 "got '"
                                     + o.file + "'");
    return std::make_shared<sqlite_database>(o, std::move(c));
  });
}

} // namespace toadcache
