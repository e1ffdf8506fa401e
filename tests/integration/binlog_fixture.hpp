// What the tests of the change stream share: a server that logs rows, a stream
// on one of its schemas, and the commits that come.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/binlog_stream.hpp"
#include "storage/database.hpp"
#include "tests/catch.hpp"
#include "tests/mariadb.hpp"

namespace toadcache::tests {

/// The server that these tests share, started at its first use.
inline mariadb_server& logging_server() {
  static mariadb_server server{{.binlog = true, .arguments = {}}};
  return server;
}

/// The tables of a schema as a catalog.
inline catalog_ptr learned(const mariadb_server& server,
                           const std::string& schema) {
  auto empty = catalog::load("");
  REQUIRE(empty);
  auto db = make_database(server.options(schema), *empty);
  REQUIRE(db);
  std::vector<std::string> notes;
  auto types = (*db)->learn(notes);
  if (!types)
    FAIL(to_string(types.error()));
  return *types;
}

/// A schema with tables of its own and a stream that follows it.
class followed_schema {
public:
  followed_schema(mariadb_server& server, std::string name,
                  const std::vector<std::string>& tables)
      : server_(server), name_(std::move(name)) {
    server.create_schema(name_);
    run(tables);
    types_ = learned(server, name_);
    connect();
  }

  void run(const std::vector<std::string>& statements) {
    server_.run(statements, name_);
  }
  /// From now, or from a place.
  void connect(const std::optional<resume_point>& from = {}) {
    auto at = try_connect(from);
    if (!at)
      FAIL(to_string(at.error().fault) << ": " << at.error().what);
  }
  stream_result<resume_point>
  try_connect(const std::optional<resume_point>& from = {}) {
    binlog_stream::settings s;
    s.database = server_.options(name_);
    s.heartbeat = milliseconds{20};
    stream_ = std::make_unique<binlog_stream>(s, types_);
    return stream_->connect(from);
  }
  binlog_stream& operator*() { return *stream_; }
  binlog_stream* operator->() { return stream_.get(); }
  [[nodiscard]] const catalog_ptr& types() const { return types_; }
  [[nodiscard]] const entity_type& type(std::string_view name) const {
    auto* t = types_->find(name);
    REQUIRE(t != nullptr);
    return *t;
  }

  /// The next commit that says something; fails the test where none comes.
  logged_commit next() {
    for (int i = 0; i < 500; ++i) {
      auto c = stream_->next(milliseconds{20});
      if (!c)
        FAIL(to_string(c.error().fault) << ": " << c.error().what);
      if (*c && ((*c)->changes.size() + (*c)->flushes.size()) != 0)
        return std::move(**c);
    }
    FAIL("no commit came");
    return {};
  }
  /// Everything up to what the server has committed by now.
  std::vector<logged_commit> all() {
    auto end = stream_->probe();
    REQUIRE(end);
    std::vector<logged_commit> out;
    while (!stream_->place().at.covers(*end)) {
      auto c = stream_->next(milliseconds{20});
      if (!c)
        FAIL(to_string(c.error().fault) << ": " << c.error().what);
      if (*c)
        out.push_back(std::move(**c));
    }
    return out;
  }
  /// All rows of a table as the product reads them.
  std::vector<row> rows(const entity_type& type) {
    auto db = make_database(server_.options(name_), types_);
    REQUIRE(db);
    auto s = (*db)->connect();
    REQUIRE(s);
    auto found = (*s)->read_where(type, {}, false);
    if (!found)
      FAIL(to_string(found.error()));
    return *found;
  }

private:
  mariadb_server& server_;
  std::string name_;
  catalog_ptr types_;
  std::unique_ptr<binlog_stream> stream_;
};

} // namespace toadcache::tests
