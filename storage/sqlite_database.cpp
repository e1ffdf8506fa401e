#include "storage/sqlite_database.hpp"

#include <random>

#include "storage/guarded.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_session.hpp"
#include "storage/sqlite_sql.hpp"

namespace toadcache {

namespace {

std::string random_identity() {
  std::random_device source;
  std::string out;
  for (int i = 0; i < 32; ++i)
    out += "0123456789abcdef"[source() % 16];
  return out;
}

} // namespace

sqlite_database::sqlite_database(database_options o, catalog_ptr c)
    : options_(std::move(o)), catalog_(std::move(c)),
      writer_(std::make_shared<sqlite_writer>(options_)) {}

result<std::unique_ptr<session>> sqlite_database::connect() {
  return guarded([&]() -> result<std::unique_ptr<session>> {
    auto reader = sqlite_connection::open(options_);
    if (!reader)
      return fail(reader.error());
    // From now on another process's changes are noticed.
    if (auto ok = writer_->watch(); !ok)
      return fail(ok.error());
    return std::make_unique<sqlite_session>(std::move(*reader), writer_,
                                            catalog_);
  });
}

result<void> sqlite_database::in_transaction(
    const std::function<result<void>(sqlite_connection&)>& f) {
  auto lent = writer_->begin();
  if (!lent)
    return fail(lent.error());
  auto& c = **lent;
  auto done = guarded([&] { return f(c); });
  if (done)
    done = guarded([&] { return c.execute("COMMIT"); });
  if (!c.autocommit())
    (void)guarded([&] { return c.execute("ROLLBACK"); });
  writer_->release();
  return done;
}

result<void> sqlite_database::create_schema(const catalog& c) {
  return guarded([&] {
    return in_transaction([&](sqlite_connection& w) -> result<void> {
      // Parents need not come first: references are checked by row.
      for (auto& type : c.types())
        for (auto& text : sqlite_create(c, type))
          if (auto done = w.execute(text); !done)
            return done;
      return {};
    });
  });
}

result<std::vector<live_table>> sqlite_database::tables() {
  auto c = sqlite_connection::open(options_);
  if (!c)
    return fail(c.error());
  return sqlite_tables(**c);
}

result<catalog_ptr> sqlite_database::learn(std::vector<std::string>& notes) {
  return guarded([&]() -> result<catalog_ptr> {
    auto found = tables();
    if (!found)
      return fail(found.error());
    return learned_catalog(description(), std::move(*found), notes);
  });
}

result<std::vector<std::string>> sqlite_database::compare(const catalog& c) {
  return guarded([&]() -> result<std::vector<std::string>> {
    auto found = tables();
    if (!found)
      return fail(found.error());
    // Text compares by bytes here; the catalog may say more, never less.
    return schema_differences(c, *found, false);
  });
}

result<std::vector<setting_problem>> sqlite_database::check() {
  return guarded([&]() -> result<std::vector<setting_problem>> {
    auto c = sqlite_connection::open(options_);
    if (!c)
      return fail(c.error());
    std::vector<setting_problem> out;
    auto broken
        = (*c)->integer("SELECT count(*) FROM pragma_foreign_key_check");
    if (!broken)
      return fail(broken.error());
    if (*broken != 0)
      out.push_back({std::to_string(*broken)
                         + " rows reference parents that do not exist",
                     "PRAGMA foreign_key_check; -- names them", false});
    auto wal
        = (*c)->integer("SELECT journal_mode = 'wal' FROM pragma_journal_mode");
    if (!wal)
      return fail(wal.error());
    if (*wal == 0)
      out.push_back({"the file's journal mode is not WAL: readers wait for "
                     "writers",
                     "PRAGMA journal_mode=WAL;", false});
    return out;
  });
}

result<std::string> sqlite_database::identity() {
  return guarded([&]() -> result<std::string> {
    std::string id;
    auto done = in_transaction([&](sqlite_connection& w) -> result<void> {
      auto table = sqlite_dialect().quote(sqlite_identity_table);
      auto ok = w.execute("CREATE TABLE IF NOT EXISTS " + table
                          + " (id TEXT NOT NULL PRIMARY KEY)");
      if (ok)
        ok = w.execute("INSERT INTO " + table + " SELECT '" + random_identity()
                       + "' WHERE NOT EXISTS (SELECT 1 FROM " + table + ")");
      if (!ok)
        return ok;
      auto stored = w.text("SELECT id FROM " + table);
      if (!stored)
        return fail(stored.error());
      id = "sqlite:" + *stored;
      return {};
    });
    if (!done)
      return fail(done.error());
    return id;
  });
}

std::string sqlite_database::description() const {
  return "sqlite " + options_.file;
}

} // namespace toadcache
